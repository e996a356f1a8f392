"""Well-known registry modules without their files: what each makes of its inputs, in Terraform's own words.

Every adapter is the part of a module that matters here, written as Terraform, so that it is worked
out like any other module; places in it are shown at the call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import msgspec

from infralint.sources.terraform import edge_adapters
from infralint.sources.terraform.folders import Folder
from infralint.sources.terraform.hcl import Block, HclFile, ListOf, Literal, parse
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number

# https://registry.terraform.io/modules/terraform-aws-modules/alb/aws (9 and later: maps)
_MAPS = """
variable "create" { default = true }
variable "load_balancer_type" { default = "application" }
variable "idle_timeout" { default = null }
variable "listeners" { default = {} }
variable "target_groups" { default = {} }

resource "aws_lb" "this" {
  count              = var.create ? 1 : 0
  load_balancer_type = var.load_balancer_type
  idle_timeout       = var.idle_timeout
}
resource "aws_lb_target_group" "this" {
  for_each    = { for key, group in try(coalesce(var.target_groups), {}) : key => group if var.create }
  name        = try(each.value.name, null)
  target_type = try(each.value.target_type, null)
  protocol    = try(each.value.protocol, null)

  protocol_version = try(each.value.protocol_version, null)

  deregistration_delay = try(each.value.deregistration_delay, null)
  dynamic "stickiness" {
    for_each = try(each.value.stickiness, null) != null ? [each.value.stickiness] : []
    content {
      enabled         = try(stickiness.value.enabled, null)
      type            = try(stickiness.value.type, null)
      cookie_duration = try(stickiness.value.cookie_duration, null)
      cookie_name     = try(stickiness.value.cookie_name, null)
    }
  }
}
resource "aws_lb_listener" "this" {
  for_each                 = { for key, listener in try(coalesce(var.listeners), {}) : key => listener if var.create }
  load_balancer_arn        = aws_lb.this[0].arn
  protocol                 = try(coalesce(each.value.protocol), "HTTP")
  port                     = try(each.value.port, null)
  tcp_idle_timeout_seconds = try(each.value.tcp_idle_timeout_seconds, null)
  dynamic "default_action" {
    for_each = try(each.value.forward, null) != null ? [each.value.forward] : []
    content {
      type             = "forward"
      target_group_arn = try(
        aws_lb_target_group.this[default_action.value.target_group_key].arn,
        default_action.value.target_group_arn,
        default_action.value.arn,
        null,
      )
    }
  }
  dynamic "default_action" {
    for_each = [for type in ["redirect", "fixed_response"] : type if try(each.value[type], null) != null]
    content { type = replace(default_action.value, "_", "-") }
  }
  dynamic "default_action" {
    for_each = try(each.value.weighted_forward, null) != null ? [each.value.weighted_forward] : []
    content {
      type = "forward"
      forward {
        dynamic "target_group" {
          for_each = default_action.value.target_groups
          content {
            arn    = try(
              aws_lb_target_group.this[target_group.value.target_group_key].arn,
              target_group.value.target_group_arn,
              null,
            )
            weight = try(target_group.value.weight, null)
          }
        }
        dynamic "stickiness" {
          for_each = try(default_action.value.stickiness, null) != null ? [default_action.value.stickiness] : []
          content {
            enabled  = try(stickiness.value.enabled, null)
            duration = try(stickiness.value.duration, null)
          }
        }
      }
    }
  }
}
locals {
  rules = flatten([for key, listener in try(coalesce(var.listeners), {}) : [
    for name, rule in try(coalesce(listener.rules), {}) : { listener = key, name = name, rule = rule }
  ]])
}
resource "aws_lb_listener_rule" "this" {
  for_each     = { for one in local.rules : "${one.listener}/${one.name}" => one if var.create }
  listener_arn = aws_lb_listener.this[each.value.listener].arn
  priority     = try(each.value.rule.priority, null)
  dynamic "action" {
    for_each = [
      for one in each.value.rule.actions : one
      if try(one.type, "") == "forward" || try(one.forward, null) != null
    ]
    content {
      type             = "forward"
      target_group_arn = try(
        aws_lb_target_group.this[action.value.forward.target_group_key].arn,
        action.value.forward.target_group_arn,
        aws_lb_target_group.this[action.value.target_group_key].arn,
        action.value.target_group_arn,
        null,
      )
    }
  }
  dynamic "action" {
    for_each = [
      for one in each.value.rule.actions : try(coalesce(one.redirect), one)
      if try(one.type, "") == "redirect" || try(one.redirect, null) != null
    ]
    content {
      type = "redirect"
      redirect {
        status_code = try(action.value.status_code, null)
        protocol    = try(action.value.protocol, null)
        host        = try(action.value.host, null)
        path        = try(action.value.path, null)
      }
    }
  }
  dynamic "action" {
    for_each = [
      for one in each.value.rule.actions : try(coalesce(one.fixed_response), one)
      if try(one.type, "") == "fixed-response" || try(one.fixed_response, null) != null
    ]
    content {
      type = "fixed-response"
      fixed_response { status_code = try(action.value.status_code, null) }
    }
  }
  dynamic "action" {
    for_each = [
      for one in each.value.rule.actions : try(coalesce(one.weighted_forward), one)
      if try(one.type, "") == "weighted-forward" || try(one.weighted_forward, null) != null
    ]
    content {
      type = "forward"
      forward {
        dynamic "target_group" {
          for_each = action.value.target_groups
          content {
            arn    = try(
              aws_lb_target_group.this[target_group.value.target_group_key].arn,
              target_group.value.target_group_arn,
              null,
            )
            weight = try(target_group.value.weight, null)
          }
        }
        dynamic "stickiness" {
          for_each = try(action.value.stickiness, null) != null ? [action.value.stickiness] : []
          content {
            enabled  = try(stickiness.value.enabled, null)
            duration = try(stickiness.value.duration, null)
          }
        }
      }
    }
  }
  dynamic "transform" {
    for_each = try(coalesce(each.value.rule.transform), {})
    content {
      type = try(transform.value.type, null)
      dynamic "url_rewrite_config" {
        for_each = try(transform.value.url_rewrite_config, null) != null ? [transform.value.url_rewrite_config] : []
        content {
          rewrite {
            regex   = try(url_rewrite_config.value.rewrite.regex, null)
            replace = try(url_rewrite_config.value.rewrite.replace, null)
          }
        }
      }
      dynamic "host_header_rewrite_config" {
        for_each = (
          try(transform.value.host_header_rewrite_config, null) != null ? [transform.value.host_header_rewrite_config] : []
        )
        content {
          rewrite {
            regex   = try(host_header_rewrite_config.value.rewrite.regex, null)
            replace = try(host_header_rewrite_config.value.rewrite.replace, null)
          }
        }
      }
    }
  }
  dynamic "condition" {
    for_each = each.value.rule.conditions
    content {
      dynamic "path_pattern" {
        for_each = try(condition.value.path_pattern, null) != null ? [condition.value.path_pattern] : []
        content {
          values       = try(path_pattern.value.values, null)
          regex_values = try(path_pattern.value.regex_values, null)
        }
      }
      dynamic "host_header" {
        for_each = try(condition.value.host_header, null) != null ? [condition.value.host_header] : []
        content {
          values       = try(host_header.value.values, null)
          regex_values = try(host_header.value.regex_values, null)
        }
      }
      dynamic "http_header" {
        for_each = try(condition.value.http_header, null) != null ? [condition.value.http_header] : []
        content {
          http_header_name = try(http_header.value.http_header_name, null)
          values           = try(http_header.value.values, null)
          regex_values     = try(http_header.value.regex_values, null)
        }
      }
      dynamic "http_request_method" {
        for_each = try(condition.value.http_request_method, null) != null ? [condition.value.http_request_method] : []
        content { values = try(http_request_method.value.values, null) }
      }
      dynamic "query_string" {
        for_each = try(flatten([condition.value.query_string]), [])
        content {
          key   = try(query_string.value.key, null)
          value = try(query_string.value.value, null)
        }
      }
      dynamic "source_ip" {
        for_each = try(condition.value.source_ip, null) != null ? [condition.value.source_ip] : []
        content { values = try(source_ip.value.values, null) }
      }
    }
  }
}
output "id" { value = aws_lb.this[0].id }
output "arn" { value = aws_lb.this[0].arn }
output "dns_name" { value = aws_lb.this[0].dns_name }
output "listeners" { value = aws_lb_listener.this }
output "target_groups" { value = aws_lb_target_group.this }
"""

# The same module up to 8: lists, which refer to one another by index.
_LISTS = """
variable "create_lb" { default = true }
variable "load_balancer_type" { default = "application" }
variable "idle_timeout" { default = 60 }
variable "target_groups" { default = [] }
variable "http_tcp_listeners" { default = [] }
variable "https_listeners" { default = [] }
variable "http_tcp_listener_rules" { default = [] }
variable "https_listener_rules" { default = [] }

resource "aws_lb" "this" {
  count              = var.create_lb ? 1 : 0
  load_balancer_type = var.load_balancer_type
  idle_timeout       = var.idle_timeout
}
resource "aws_lb_target_group" "main" {
  count       = var.create_lb ? length(var.target_groups) : 0
  name        = try(var.target_groups[count.index].name, null)
  target_type = try(var.target_groups[count.index].target_type, null)
  protocol    = try(var.target_groups[count.index].backend_protocol, null)

  protocol_version = try(var.target_groups[count.index].protocol_version, null)

  deregistration_delay = try(var.target_groups[count.index].deregistration_delay, null)
  dynamic "stickiness" {
    for_each = try(var.target_groups[count.index].stickiness, null) != null ? [var.target_groups[count.index].stickiness] : []
    content {
      enabled         = try(stickiness.value.enabled, null)
      type            = try(stickiness.value.type, null)
      cookie_duration = try(stickiness.value.cookie_duration, null)
      cookie_name     = try(stickiness.value.cookie_name, null)
    }
  }
}
resource "aws_lb_listener" "frontend_http_tcp" {
  count             = var.create_lb ? length(var.http_tcp_listeners) : 0
  load_balancer_arn = aws_lb.this[0].arn
  protocol          = try(var.http_tcp_listeners[count.index].protocol, "HTTP")
  port              = try(var.http_tcp_listeners[count.index].port, null)
  dynamic "default_action" {
    for_each = [for type in [try(var.http_tcp_listeners[count.index].action_type, "forward")] : type if type != "forward"]
    content { type = default_action.value }
  }
  dynamic "default_action" {
    for_each = try(var.http_tcp_listeners[count.index].action_type, "forward") == "forward" ? [1] : []
    content {
      type             = "forward"
      target_group_arn = try(
        aws_lb_target_group.main[try(var.http_tcp_listeners[count.index].target_group_index, count.index)].arn,
        null,
      )
    }
  }
}
resource "aws_lb_listener" "frontend_https" {
  count             = var.create_lb ? length(var.https_listeners) : 0
  load_balancer_arn = aws_lb.this[0].arn
  protocol          = try(var.https_listeners[count.index].protocol, "HTTPS")
  port              = try(var.https_listeners[count.index].port, null)
  dynamic "default_action" {
    for_each = [for type in [try(var.https_listeners[count.index].action_type, "forward")] : type if type != "forward"]
    content { type = default_action.value }
  }
  dynamic "default_action" {
    for_each = try(var.https_listeners[count.index].action_type, "forward") == "forward" ? [1] : []
    content {
      type             = "forward"
      target_group_arn = try(
        aws_lb_target_group.main[try(var.https_listeners[count.index].target_group_index, count.index)].arn,
        null,
      )
    }
  }
}
output "lb_id" { value = aws_lb.this[0].id }
output "lb_arn" { value = aws_lb.this[0].arn }
output "lb_dns_name" { value = aws_lb.this[0].dns_name }
output "target_group_arns" { value = aws_lb_target_group.main[*].arn }
output "http_tcp_listener_arns" { value = aws_lb_listener.frontend_http_tcp[*].arn }
output "https_listener_arns" { value = aws_lb_listener.frontend_https[*].arn }
"""

# The rules of its listeners, which come in two kinds that differ in their names.
_LISTED_RULES = """
resource "aws_lb_listener_rule" "KIND_listener_rule" {
  count        = var.create_lb ? length(var.KIND_listener_rules) : 0
  listener_arn = aws_lb_listener.frontend_KIND[try(var.KIND_listener_rules[count.index].KIND_listener_index, count.index)].arn
  priority     = try(var.KIND_listener_rules[count.index].priority, null)
  dynamic "action" {
    for_each = [for one in var.KIND_listener_rules[count.index].actions : one if try(one.type, "") == "forward"]
    content {
      type             = "forward"
      target_group_arn = try(aws_lb_target_group.main[try(action.value.target_group_index, count.index)].arn, null)
    }
  }
  dynamic "action" {
    for_each = [for one in var.KIND_listener_rules[count.index].actions : one if try(one.type, "") == "weighted-forward"]
    content {
      type = "forward"
      forward {
        dynamic "target_group" {
          for_each = action.value.target_groups
          content {
            arn    = try(aws_lb_target_group.main[target_group.value.target_group_index].arn, null)
            weight = try(target_group.value.weight, null)
          }
        }
        dynamic "stickiness" {
          for_each = try(action.value.stickiness, null) != null ? [action.value.stickiness] : []
          content {
            enabled  = try(stickiness.value.enabled, null)
            duration = try(stickiness.value.duration, null)
          }
        }
      }
    }
  }
  dynamic "condition" {
    for_each = var.KIND_listener_rules[count.index].conditions
    content {
      dynamic "path_pattern" {
        for_each = try([condition.value.path_patterns], [])
        content { values = path_pattern.value }
      }
      dynamic "host_header" {
        for_each = try([condition.value.host_headers], [])
        content { values = host_header.value }
      }
    }
  }
}
"""
_LISTS += "".join(_LISTED_RULES.replace("KIND", kind) for kind in ("http_tcp", "https"))

# https://registry.terraform.io/modules/cloudposse/alb/aws
_CLOUDPOSSE = """
variable "enabled" { default = true }
variable "idle_timeout" { default = 60 }
variable "http_enabled" { default = true }
variable "http_redirect" { default = false }
variable "https_enabled" { default = false }
variable "stickiness" { default = null }
variable "target_group_target_type" { default = "ip" }
variable "target_group_protocol" { default = "HTTP" }
variable "default_target_group_enabled" { default = true }
variable "listener_http_fixed_response" { default = null }
variable "listener_https_fixed_response" { default = null }
variable "listener_https_redirect" { default = null }

resource "aws_lb" "default" {
  count              = coalesce(var.enabled, true) ? 1 : 0
  load_balancer_type = "application"
  idle_timeout       = var.idle_timeout
}
resource "aws_lb_target_group" "default" {
  count       = coalesce(var.enabled, true) && var.default_target_group_enabled ? 1 : 0
  target_type = var.target_group_target_type
  dynamic "stickiness" {
    for_each = var.stickiness == null ? [] : [var.stickiness]
    content {
      type            = "lb_cookie"
      cookie_duration = try(stickiness.value.cookie_duration, null)
      enabled         = var.target_group_protocol == "TCP" ? false : stickiness.value.enabled
    }
  }
}
resource "aws_lb_listener" "http_forward" {
  count             = coalesce(var.enabled, true) && var.http_enabled && var.http_redirect != true ? 1 : 0
  load_balancer_arn = one(aws_lb.default[*].arn)
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = var.listener_http_fixed_response != null ? null : one(aws_lb_target_group.default[*].arn)
  }
}
resource "aws_lb_listener" "http_redirect" {
  count             = coalesce(var.enabled, true) && var.http_enabled && var.http_redirect == true ? 1 : 0
  load_balancer_arn = one(aws_lb.default[*].arn)
  protocol          = "HTTP"
  default_action { type = "redirect" }
}
resource "aws_lb_listener" "https" {
  count             = coalesce(var.enabled, true) && var.https_enabled ? 1 : 0
  load_balancer_arn = one(aws_lb.default[*].arn)
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = (
      var.listener_https_fixed_response != null || var.listener_https_redirect != null
      ? null : one(aws_lb_target_group.default[*].arn)
    )
  }
}
output "alb_arn" { value = one(aws_lb.default[*].arn) }
output "alb_dns_name" { value = one(aws_lb.default[*].dns_name) }
output "default_target_group_arn" { value = one(aws_lb_target_group.default[*].arn) }
output "http_listener_arn" { value = one(aws_lb_listener.http_forward[*].arn) }
output "https_listener_arn" { value = one(aws_lb_listener.https[*].arn) }
output "listener_arns" { value = compact(concat(aws_lb_listener.http_forward[*].arn, aws_lb_listener.https[*].arn)) }
"""

_TEXTS: Mapping[str, str] = MappingProxyType(
    {"maps": _MAPS, "lists": _LISTS, "cloudposse": _CLOUDPOSSE, **edge_adapters.TEXTS}
)

MEMBERS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("aws_lb_target_group", "this"): "target_groups",
        ("aws_lb_target_group", "main"): "target_groups",
        ("aws_lb_listener", "this"): "listeners",
        ("aws_lb_listener", "frontend_http_tcp"): "http_tcp_listeners",
        ("aws_lb_listener", "frontend_https"): "https_listeners",
        ("aws_lb_listener_rule", "http_tcp_listener_rule"): "http_tcp_listener_rules",
        ("aws_lb_listener_rule", "https_listener_rule"): "https_listener_rules",
        ("aws_apigatewayv2_integration", "this"): "routes",
        ("aws_apigatewayv2_route", "this"): "routes",
    }
)
"""Resource of an adapter -> the input whose member it is made from."""

_SOURCE = lazy(
    r"^(?:(?:registry\.(?:terraform\.io|opentofu\.org)/)?(?P<registry>(?:terraform-aws-modules|cloudposse)/alb/aws)"
    r"|.*\bgithub\.com[/:](?P<git>(?:terraform-aws-modules|cloudposse)/terraform-aws-alb)(?:\.git)?)/?(?:\?.*)?$"
)
_BALANCING = lazy(r"(?i)(?:^|[-_/])(?:alb|nlb|elb|lb|load-?balancers?)(?:$|[-_/.?])")
_OTHERS = lazy(
    r"(?i)alarm|trust|log|s3|bucket|controller|waf|target|rule|listener|label|security|cert|metric|record|ingress"
)
"""What a module named after load balancers does when it makes none."""

_LIST_INPUTS = ("http_tcp_listeners", "https_listeners", "https_listener_rules", "http_tcp_listener_rules")
_OLDEST = 5
"""First major version of terraform-aws-modules/alb whose inputs the adapter knows."""


class Adapter(msgspec.Struct, frozen=True):
    """Which text stands for a module."""

    name: str

    @property
    def folder(self) -> Folder:
        return _folder(self.name)


@cache
def _folder(name: str) -> Folder:
    folder = Folder(f"<{name}>")
    folder.add(parse(HclFile(f"<{name}>", _TEXTS[name])))
    return folder


def adapter(source: str, call: Block) -> Adapter | None:
    """What stands for a called module, if it is a known one of a known version."""
    edge = edge_adapters.SOURCE.match(source)
    if edge:
        return Adapter(edge["registry"] or edge["git"])
    found = _SOURCE.match(source)
    if not found:
        return None
    if "cloudposse" in (found["registry"] or found["git"]):
        return Adapter("cloudposse")
    major = _major(source, call)
    if major is not None and major < _OLDEST:
        return None
    return Adapter("lists" if _is_listed(call, major) else "maps")


def _major(source: str, call: Block) -> int | None:
    version = call.attributes.get("version")
    text = str(version.value.value) if version and isinstance(version.value, Literal) else ""
    found = re.search(r"(\d+)", text) or re.search(r"[?&]ref=v?(\d+)", source)
    return whole_number(found[1]) if found else None


def _is_listed(call: Block, major: int | None) -> bool:
    if any(name in call.attributes for name in _LIST_INPUTS):
        return True
    groups = call.attributes.get("target_groups")
    if groups is not None and isinstance(groups.value, ListOf):
        return True
    return major is not None and major < 9


def sounds_like_balancer(source: str) -> bool:
    """Whether a module's own name says that it makes load balancers, and not buckets or alarms for them."""
    name = source.split("//")[-1] if "//" in source.split("://")[-1] else source
    name = name.split("?")[0].removesuffix(".git")
    parts = [part for part in name.split("/") if part not in ("aws", "azurerm", "google")]
    last = parts[-1] if parts else ""
    return bool(_BALANCING.search(last)) and not _OTHERS.search(last)
