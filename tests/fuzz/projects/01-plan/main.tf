variable "idle" {}

resource "aws_lb" "main" {
  idle_timeout = var.idle
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}

resource "aws_lb_target_group" "app" {
  port = 80
}

resource "aws_lb_listener_rule" "ws" {
  listener_arn = aws_lb_listener.http.arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }

  condition {
    path_pattern { values = ["/ws"] }
  }
}
