"""Registry modules of what stands before load balancers and functions, as far as it matters here, in Terraform's own words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from infralint.text.lazy import lazy

# https://registry.terraform.io/modules/terraform-aws-modules/cloudfront/aws (3 and later; 5 and later say `create`)
_CLOUDFRONT = """
variable "create" { default = true }
variable "create_distribution" { default = true }
variable "aliases" { default = null }
variable "origin" { default = {} }
variable "origin_group" { default = {} }
variable "default_cache_behavior" { default = {} }
variable "ordered_cache_behavior" { default = [] }
variable "vpc_origin" { default = {} }

resource "aws_cloudfront_distribution" "this" {
  count   = var.create && var.create_distribution ? 1 : 0
  aliases = try(coalesce(var.aliases), [])
  dynamic "origin" {
    for_each = try(coalesce(var.origin), {})
    content {
      origin_id                   = try(coalesce(origin.value.origin_id), origin.key)
      domain_name                 = try(origin.value.domain_name, null)
      origin_path                 = try(origin.value.origin_path, null)
      response_completion_timeout = try(origin.value.response_completion_timeout, null)
      dynamic "custom_origin_config" {
        for_each = try(origin.value.custom_origin_config, null) != null ? [origin.value.custom_origin_config] : []
        content { origin_read_timeout = try(custom_origin_config.value.origin_read_timeout, null) }
      }
      dynamic "vpc_origin_config" {
        for_each = try(origin.value.vpc_origin_config, null) != null ? [origin.value.vpc_origin_config] : []
        content {
          origin_read_timeout = try(vpc_origin_config.value.origin_read_timeout, null)
          vpc_origin_id       = try(
            aws_cloudfront_vpc_origin.this[vpc_origin_config.value.vpc_origin_key].id,
            aws_cloudfront_vpc_origin.this[vpc_origin_config.value.vpc_origin].id,
            vpc_origin_config.value.vpc_origin_id,
            null,
          )
        }
      }
      dynamic "s3_origin_config" {
        for_each = try(origin.value.s3_origin_config, null) != null ? [1] : []
        content {}
      }
    }
  }
  dynamic "origin_group" {
    for_each = try(coalesce(var.origin_group), {})
    content {
      origin_id = try(coalesce(origin_group.value.origin_id), origin_group.key)
      dynamic "member" {
        for_each = try(origin_group.value.member, [{ origin_id = origin_group.value.primary_member_origin_id }])
        content { origin_id = member.value.origin_id }
      }
    }
  }
  dynamic "default_cache_behavior" {
    for_each = [var.default_cache_behavior]
    content { BEHAVIOR }
  }
  dynamic "ordered_cache_behavior" {
    for_each = try(coalesce(var.ordered_cache_behavior), [])
    content {
      path_pattern = try(ordered_cache_behavior.value.path_pattern, null)
      BEHAVIOR
    }
  }
}
resource "aws_cloudfront_vpc_origin" "this" {
  for_each = try(coalesce(var.vpc_origin), {})
  vpc_origin_endpoint_config { arn = try(each.value.arn, null) }
}
output "cloudfront_distribution_id" { value = aws_cloudfront_distribution.this[0].id }
output "cloudfront_distribution_arn" { value = aws_cloudfront_distribution.this[0].arn }
output "cloudfront_distribution_domain_name" { value = aws_cloudfront_distribution.this[0].domain_name }
"""

_BEHAVIOR = """
      target_origin_id         = try(KIND.value.target_origin_id, null)
      allowed_methods          = try(coalesce(KIND.value.allowed_methods), ["GET", "HEAD", "OPTIONS"])
      origin_request_policy_id = try(
        coalesce(KIND.value.origin_request_policy_id),
        coalesce(KIND.value.origin_request_policy_name),
        null,
      )
      dynamic "forwarded_values" {
        for_each = (
          try(KIND.value.use_forwarded_values, true)
          && try(KIND.value.cache_policy_id, KIND.value.cache_policy_name, KIND.value.cache_policy_key, null) == null ? [1] : []
        )
        content { headers = try(coalesce(KIND.value.forwarded_values.headers), coalesce(KIND.value.headers), []) }
      }
"""


def _cloudfront() -> str:
    default, ordered = (
        _BEHAVIOR.replace("KIND", kind) for kind in ("default_cache_behavior", "ordered_cache_behavior")
    )
    return _CLOUDFRONT.replace("content { BEHAVIOR }", f"content {{{default}    }}").replace("      BEHAVIOR", ordered)


# https://registry.terraform.io/modules/terraform-aws-modules/apigateway-v2/aws (integrations until 4, routes from 5 on)
_APIGATEWAY_V2 = """
variable "create" { default = true }
variable "create_api_gateway" { default = true }
variable "name" { default = null }
variable "protocol_type" { default = "HTTP" }
variable "target" { default = null }
variable "body" { default = null }
variable "integrations" { default = {} }
variable "routes" { default = {} }

locals {
  integrations = merge(
    { for key, route in var.routes : key => try(route.integration, {}) },
    { for key, integration in var.integrations : key => integration },
  )
}
resource "aws_apigatewayv2_api" "this" {
  count         = var.create && var.create_api_gateway ? 1 : 0
  name          = var.name
  protocol_type = var.protocol_type
  target        = var.target
  body          = var.body
}
resource "aws_apigatewayv2_integration" "this" {
  for_each             = { for key, integration in local.integrations : key => integration if var.create }
  api_id               = aws_apigatewayv2_api.this[0].id
  integration_type     = try(coalesce(each.value.type), coalesce(each.value.integration_type), "AWS_PROXY")
  integration_uri      = try(
    coalesce(each.value.uri),
    coalesce(each.value.lambda_arn),
    coalesce(each.value.integration_uri),
    each.value.uri,
    each.value.lambda_arn,
    each.value.integration_uri,
    null,
  )
  timeout_milliseconds = try(each.value.timeout_milliseconds, null)
}
resource "aws_apigatewayv2_route" "this" {
  for_each  = { for key, integration in local.integrations : key => integration if var.create }
  api_id    = aws_apigatewayv2_api.this[0].id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.this[each.key].id}"
}
output "api_id" { value = aws_apigatewayv2_api.this[0].id }
output "api_endpoint" { value = aws_apigatewayv2_api.this[0].api_endpoint }
output "apigatewayv2_api_id" { value = aws_apigatewayv2_api.this[0].id }
output "apigatewayv2_api_api_endpoint" { value = aws_apigatewayv2_api.this[0].api_endpoint }
output "stage_domain_name" { value = aws_apigatewayv2_api.this[0].api_endpoint }
output "stage_invoke_url" { value = aws_apigatewayv2_api.this[0].api_endpoint }
output "default_apigatewayv2_stage_domain_name" { value = aws_apigatewayv2_api.this[0].api_endpoint }
"""

# https://registry.terraform.io/modules/terraform-aws-modules/lambda/aws
_LAMBDA = """
variable "create" { default = true }
variable "create_function" { default = true }
variable "create_layer" { default = false }
variable "create_lambda_function_url" { default = false }
variable "function_name" { default = "" }
variable "timeout" { default = 3 }
variable "invoke_mode" { default = null }

resource "aws_lambda_function" "this" {
  count         = var.create && var.create_function && !var.create_layer ? 1 : 0
  function_name = var.function_name
  timeout       = var.timeout
}
resource "aws_lambda_function_url" "this" {
  count         = var.create && var.create_function && !var.create_layer && var.create_lambda_function_url ? 1 : 0
  function_name = aws_lambda_function.this[0].function_name
  invoke_mode   = var.invoke_mode
}
output "lambda_function_arn" { value = aws_lambda_function.this[0].arn }
output "lambda_function_arn_static" { value = aws_lambda_function.this[0].arn }
output "lambda_function_invoke_arn" { value = aws_lambda_function.this[0].invoke_arn }
output "lambda_function_name" { value = aws_lambda_function.this[0].id }
output "lambda_function_qualified_arn" { value = aws_lambda_function.this[0].qualified_arn }
output "lambda_function_qualified_invoke_arn" { value = aws_lambda_function.this[0].qualified_invoke_arn }
output "lambda_function_url" { value = aws_lambda_function_url.this[0].function_url }
"""

TEXTS: Mapping[str, str] = MappingProxyType(
    {"cloudfront": _cloudfront(), "apigateway-v2": _APIGATEWAY_V2, "lambda": _LAMBDA}
)
"""Name of a module of terraform-aws-modules -> what it makes of its inputs."""

SOURCE = lazy(
    r"^(?:(?:registry\.(?:terraform\.io|opentofu\.org)/)?terraform-aws-modules/(?P<registry>cloudfront|apigateway-v2|lambda)/aws"
    r"|.*\bgithub\.com[/:]terraform-aws-modules/terraform-aws-(?P<git>cloudfront|apigateway-v2|lambda)(?:\.git)?)/?(?:\?.*)?$"
)
