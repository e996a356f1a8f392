variable "idle" {
  type    = object({ seconds = optional(number, 60), names = map(list(string)) })
  default = { names = {} }
  validation {
    condition     = can(regex("^[0-9]+$", var.idle.seconds))
    error_message = "no"
  }
}
locals {
  common = yamldecode(<<-EOT
    idle: ${var.idle.seconds}
    list: [1, 0x10, ~, "a"]
  EOT
  )
  rules = { for index, path in ["/api/*", "/ws"] : path => { priority = index + 1, text = format("%05.2f-%s", index, path) } }
  picked = try(local.common.idle, lookup(local.rules, "/ws", { priority = 9 }).priority, 1)
  numbers = [for n in range(3) : n * 2 if n % 2 == 0]
  joined = "%{for n in local.numbers~}${n},%{endfor}"
}
data "aws_lb" "old" { name = "old" }
resource "aws_lb" "main" {
  for_each     = toset(["a", "b"])
  name         = "${each.key}-${substr(sha1(each.value), 0, 4)}"
  idle_timeout = local.picked
  dynamic "access_logs" {
    for_each = [for x in [true] : x]
    iterator = log
    content { enabled = log.value }
  }
  lifecycle { ignore_changes = [tags] }
}
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main["a"].arn
  port              = 443
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app[0].arn
  }
}
resource "aws_lb_listener_rule" "ws" {
  for_each     = local.rules
  listener_arn = aws_lb_listener.https.arn
  priority     = each.value.priority
  action {
    type = "forward"
    forward {
      dynamic "target_group" {
        for_each = aws_lb_target_group.app[*].arn
        content { arn = target_group.value }
      }
    }
  }
  condition { path_pattern { values = flatten([each.key, setproduct(["/a"], ["b"])[0][1]]) } }
}
resource "aws_lb_target_group" "app" {
  count = length(local.numbers)
  stickiness {
    type    = "lb_cookie"
    enabled = !(1 > 2) && tobool("true")
  }
}
module "inner" {
  source   = "./modules/inner"
  for_each = { a = 1 }
  idle     = each.value
}
