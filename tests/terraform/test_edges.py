"""What becomes of CloudFront, API Gateway and Lambda in Terraform: which way a request takes, and what it meets there."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Lint, problems

BALANCED = """
resource "aws_lb" "main" {
  idle_timeout = 600
}
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.api.arn
  }
}
resource "aws_lb_target_group" "api" {
  port     = 8000
  protocol = "HTTP"
  stickiness { type = "lb_cookie" }
}
"""
ALL_VIEWER = 'origin_request_policy_id = "216adef6-5c7f-47e4-b989-5492eafa07d3"'
STREAM = "streams: [{path: /api/chat}]\n"
SOCKET = "streams: [{path: /api/ws, kind: websocket, heartbeat: 20s}]\n"


def origin(domain: str = "aws_lb.main.dns_name", more: str = "", name: str = '"alb"') -> str:
    return f"""
  origin {{
    origin_id   = {name}
    domain_name = {domain}
    custom_origin_config {{
      origin_protocol_policy = "https-only"
      {more}
    }}
  }}
"""


def cdn(*blocks: str, behavior: str = "", target: str = '"alb"') -> str:
    inner = "".join(blocks) or origin()
    return f"""
resource "aws_cloudfront_distribution" "cdn" {{
{inner}
  default_cache_behavior {{
    target_origin_id = {target}
    allowed_methods  = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    {behavior}
  }}
}}
"""


def ordered(path: str, target: str = "alb", more: str = "") -> str:
    return f"""
  ordered_cache_behavior {{
    path_pattern     = "{path}"
    target_origin_id = "{target}"
    allowed_methods  = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    {more}
  }}
"""


BUCKET = """
  origin {
    origin_id                = "site"
    domain_name              = aws_s3_bucket.site.bucket_regional_domain_name
    origin_access_control_id = "E1"
  }
"""
SITE = 'resource "aws_s3_bucket" "site" {\n  bucket = "site"\n}\n'


def way(report: dict[str, object], check: str) -> list[str]:
    """The hops of the first finding of a check."""
    findings: list[dict[str, dict[str, list[dict[str, dict[str, str]]]]]] = report["findings"]  # type: ignore[assignment]
    found = next(finding for finding in findings if finding["check"] == check)  # type: ignore[comparison-overlap]
    return [leg["hop"]["name"] for leg in found["trace"]["legs"]]


def checks(report: dict[str, object]) -> list[str]:
    return [problem.partition(" ")[2] for problem in problems(report)]


# CloudFront


def test_the_shortest_clock_of_the_whole_way_is_named(lint: Lint) -> None:
    report = lint({"main.tf": BALANCED + cdn(), "infralint.yaml": "streams: [{path: /api/chat, generation: 5m}]\n"})
    assert checks(report) == ["error short-idle-timeout"]
    finding = report["findings"][0]
    assert finding["hop"]["name"] == "aws_cloudfront_distribution.cdn"
    assert "after 30 s of silence: nothing sets origin_read_timeout" in finding["message"]
    assert way(report, "short-idle-timeout") == ["aws_cloudfront_distribution.cdn", "aws_lb.main"]
    assert finding["trace"]["legs"][1]["link"] == "reference"


def test_a_distribution_that_waits_is_silent(lint: Lint) -> None:
    report = lint({"main.tf": BALANCED + cdn(origin(more="origin_read_timeout = 120")), "infralint.yaml": STREAM})
    assert (report["findings"], report["unknown"], report["status"]) == ([], [], 0)


def test_the_load_balancer_behind_is_judged_too(lint: Lint) -> None:
    text = BALANCED.replace("600", "60") + cdn(origin(more="origin_read_timeout = 120"))
    report = lint({"main.tf": text, "infralint.yaml": STREAM})
    assert checks(report) == ["warning short-idle-timeout"]
    assert report["findings"][0]["hop"]["name"] == "aws_lb.main"


def test_a_whole_response_may_have_a_limit(lint: Lint) -> None:
    slow = origin(more="origin_read_timeout = 60").replace(
        "origin_id", "response_completion_timeout = 90\n    origin_id"
    )
    report = lint({"main.tf": BALANCED + cdn(slow), "infralint.yaml": "streams: [{path: /api/chat, heartbeat: 15s}]\n"})
    assert checks(report) == ["warning capped-stream"]
    endless = slow.replace("= 90", "= 0")
    report = lint(
        {"main.tf": BALANCED + cdn(endless), "infralint.yaml": "streams: [{path: /api/chat, heartbeat: 15s}]\n"}
    )
    assert report["findings"] == []


def test_what_nobody_set_is_said_where_it_would_stand(lint: Lint) -> None:
    report = lint({"main.tf": BALANCED + cdn(), "infralint.yaml": STREAM})
    assert report["findings"][0]["fix"] == "origin_read_timeout = 120"
    line = report["findings"][0]["location"]["line"]
    assert (BALANCED + cdn()).splitlines()[line - 1].strip() == "custom_origin_config {"


def test_more_than_cloudfront_takes_needs_a_ping(lint: Lint) -> None:
    report = lint({"main.tf": BALANCED + cdn(), "infralint.yaml": "streams: [{path: /api/chat, generation: 10m}]\n"})
    assert "ping" in report["findings"][0]["fix"]


def test_the_first_behavior_whose_pattern_fits_takes_the_request(lint: Lint) -> None:
    slow = origin(more="origin_read_timeout = 120", name='"slow"')
    text = BALANCED + cdn(origin(), slow, ordered("/api/chat*", "slow"), ordered("/api/*"))
    assert lint({"main.tf": text, "infralint.yaml": STREAM})["findings"] == []
    other = "streams: [{path: /api/Chat}]\n"
    assert checks(lint({"main.tf": text, "infralint.yaml": other})) == ["warning short-idle-timeout"]


@pytest.mark.parametrize("path", ["api/chat", "/api/ch?t", "*chat", "/*"])
def test_patterns_have_stars_and_question_marks(path: str, lint: Lint) -> None:
    slow = origin(more="origin_read_timeout = 120", name='"slow"')
    text = BALANCED + cdn(origin(), slow, ordered(path, "slow"))
    assert lint({"main.tf": text, "infralint.yaml": STREAM})["findings"] == []


def test_a_page_from_a_bucket_is_no_stream(lint: Lint) -> None:
    text = SITE + BALANCED + cdn(BUCKET, origin(), ordered("/api/*"), target='"site"')
    assert checks(lint({"main.tf": text, "infralint.yaml": STREAM})) == ["warning short-idle-timeout"]
    elsewhere = lint({"main.tf": text, "infralint.yaml": 'streams: [{path: /chat, hops: ["aws_cloudfront*"]}]\n'})
    assert elsewhere["findings"] == []
    assert "meets no hop" in elsewhere["unknown"][0]["message"]


def test_a_site_in_a_bucket_is_nothing_to_judge(lint: Lint) -> None:
    report = lint({"main.tf": SITE + cdn(BUCKET, target='"site"')})
    assert (report["findings"], report["unknown"], report["unreadable"], report["status"]) == ([], [], [], 0)


def test_pages_that_take_no_posts_are_not_assumed_to_stream(lint: Lint) -> None:
    text = cdn(origin('"www.example.com"')).replace(
        '["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]', '["GET", "HEAD"]'
    )
    assert lint({"main.tf": text})["findings"] == []
    assert [finding["severity"] for finding in lint({"main.tf": cdn(origin('"www.example.com"'))})["findings"]] == [
        "note"
    ]


def test_origins_are_told_apart_by_what_they_are_called(lint: Lint) -> None:
    slow = origin(more="origin_read_timeout = 120", name="aws_lb.main.id")
    text = BALANCED + cdn(origin(), slow, target="aws_lb.main.id")
    assert lint({"main.tf": text, "infralint.yaml": STREAM})["findings"] == []
    local = 'locals { name = "alb-origin" }\n' + cdn(
        origin(), origin(more="origin_read_timeout = 120", name="local.name"), target='"alb-origin"'
    )
    assert lint({"main.tf": BALANCED + local, "infralint.yaml": STREAM})["findings"] == []


def test_an_origin_that_can_not_be_told_is_unknown(lint: Lint) -> None:
    text = 'variable "target" {}\n' + BALANCED + cdn(origin(), origin(name='"b"'), target="var.target")
    report = lint({"main.tf": text, "infralint.yaml": STREAM})
    assert report["findings"] == []
    assert "which origin of aws_cloudfront_distribution.cdn" in report["unknown"][0]["message"]


def test_a_group_of_origins_is_its_first_member(lint: Lint) -> None:
    group = '  origin_group {\n    origin_id = "group"\n    member { origin_id = "alb" }\n    member { origin_id = "b" }\n  }\n'
    text = BALANCED + cdn(origin(more="origin_read_timeout = 120"), origin(name='"b"'), group, target='"group"')
    assert lint({"main.tf": text, "infralint.yaml": STREAM})["findings"] == []


@pytest.mark.parametrize(
    "domain",
    [
        "aws_route53_record.api.fqdn",
        '"api.example.com"',
        "module.alb.dns_name",
    ],
)
def test_the_balancer_is_found_behind_its_names(domain: str, lint: Lint) -> None:
    record = """
resource "aws_route53_record" "api" {
  name = "api.example.com"
  alias { name = aws_lb.main.dns_name }
}
"""
    module = 'module "alb" {\n  source = "./alb"\n}\n'
    inner = {"alb/main.tf": BALANCED + 'output "dns_name" {\n  value = aws_lb.main.dns_name\n}\n'}
    files = {"main.tf": (module if "module" in domain else BALANCED + record) + cdn(origin(domain))}
    report = lint({**files, **(inner if "module" in domain else {}), "infralint.yaml": STREAM})
    assert way(report, "short-idle-timeout")[1].endswith("aws_lb.main")


def test_an_origin_inside_a_private_network_leads_to_its_balancer(lint: Lint) -> None:
    text = (
        BALANCED
        + """
resource "aws_cloudfront_vpc_origin" "alb" {
  vpc_origin_endpoint_config { arn = aws_lb.main.arn }
}
resource "aws_cloudfront_distribution" "cdn" {
  origin {
    origin_id   = "alb"
    domain_name = "internal.example.com"
    vpc_origin_config {
      vpc_origin_id       = aws_cloudfront_vpc_origin.alb.id
      origin_read_timeout = 60
    }
  }
  default_cache_behavior { target_origin_id = "alb" }
}
"""
    )
    report = lint({"main.tf": text, "infralint.yaml": STREAM})
    assert way(report, "short-idle-timeout") == ["aws_cloudfront_distribution.cdn", "aws_lb.main"]
    assert "`origin_read_timeout = 60`" in report["findings"][0]["message"]


FORWARDING = {
    "all viewer": ALL_VIEWER,
    "all but the host": 'origin_request_policy_id = "b689b0a8-53d0-40ab-baf2-68738e2966ac"',
    "by its name": "origin_request_policy_id = data.aws_cloudfront_origin_request_policy.all.id",
    "a policy of its own": "origin_request_policy_id = aws_cloudfront_origin_request_policy.ws.id",
    "a policy that leaves one out": "origin_request_policy_id = aws_cloudfront_origin_request_policy.but.id",
    "the former way": 'forwarded_values {\n      headers = ["*"]\n    }',
    "the former way, by name": 'forwarded_values {\n      headers = ["Sec-WebSocket-Key", "Sec-WebSocket-Version"]\n    }',
}
DROPPING = {
    "nothing": "",
    "cors": 'origin_request_policy_id = "59781a5b-3903-41f3-afcb-af62929ccde1"',
    "the former way": 'forwarded_values {\n      headers = ["Host"]\n    }',
    "the former way, without headers": "forwarded_values {\n      query_string = true\n    }",
    "a policy without headers": "origin_request_policy_id = aws_cloudfront_origin_request_policy.none.id",
}
POLICIES = """
data "aws_cloudfront_origin_request_policy" "all" {
  name = "Managed-AllViewer"
}
resource "aws_cloudfront_origin_request_policy" "ws" {
  name = "ws"
  headers_config {
    header_behavior = "whitelist"
    headers { items = ["Sec-WebSocket-Key", "Sec-WebSocket-Version", "Host"] }
  }
}
resource "aws_cloudfront_origin_request_policy" "but" {
  name = "but"
  headers_config {
    header_behavior = "allExcept"
    headers { items = ["Host"] }
  }
}
resource "aws_cloudfront_origin_request_policy" "none" {
  name = "none"
  headers_config { header_behavior = "none" }
}
"""


@pytest.mark.parametrize("behavior", FORWARDING.values(), ids=FORWARDING)
def test_a_handshake_that_is_forwarded(behavior: str, lint: Lint) -> None:
    report = lint({"main.tf": BALANCED + POLICIES + cdn(behavior=behavior), "infralint.yaml": SOCKET})
    assert (report["findings"], report["unknown"]) == ([], [])


@pytest.mark.parametrize("behavior", DROPPING.values(), ids=DROPPING)
def test_a_handshake_that_is_not(behavior: str, lint: Lint) -> None:
    report = lint({"main.tf": BALANCED + POLICIES + cdn(behavior=behavior), "infralint.yaml": SOCKET})
    assert checks(report) == ["error missing-upgrade-headers"]


def test_a_policy_that_is_elsewhere_is_unknown(lint: Lint) -> None:
    policy = 'origin_request_policy_id = "00000000-5c7f-47e4-b989-5492eafa07d3"'
    report = lint({"main.tf": BALANCED + cdn(behavior=policy), "infralint.yaml": SOCKET})
    assert report["findings"] == []
    assert "the origin request policy is not in this configuration" in report["unknown"][0]["message"]


def test_a_socket_is_not_cut_by_the_read_timeout(lint: Lint) -> None:
    files = {"main.tf": BALANCED + cdn(behavior=ALL_VIEWER)}
    assert lint({**files, "infralint.yaml": "streams: [{path: /ws, kind: websocket}]\n"})["findings"] == []
    report = lint({**files, "infralint.yaml": "streams: [{path: /ws, kind: websocket, silence: 11m}]\n"})
    assert "after 10 min of silence" in next(
        finding["message"] for finding in report["findings"] if "cloudfront" in finding["hop"]["name"]
    )


def test_a_stream_of_the_code_is_carried_to_the_edge(lint: Lint) -> None:
    app = (
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n"
        '@app.post("/api/chat")\nasync def chat():\n    return StreamingResponse(x(), media_type="text/event-stream")\n'
    )
    report = lint({"infra/main.tf": BALANCED + cdn(), "main.py": app})
    assert way(report, "short-idle-timeout") == ["aws_cloudfront_distribution.cdn", "aws_lb.main", "POST /api/chat"]


def test_a_distribution_does_not_stand_behind_a_balancer_because_nothing_else_is_there(lint: Lint) -> None:
    report = lint({"main.tf": BALANCED.replace("600", "60") + cdn(origin('"other.example.com"'))})
    names = [[leg["hop"]["name"] for leg in finding["trace"]["legs"]] for finding in report["findings"]]
    assert sorted(names) == [["aws_cloudfront_distribution.cdn"], ["aws_lb.main"]]


# API Gateway

REST = """
resource "aws_api_gateway_rest_api" "api" {
  name = "api"
  endpoint_configuration { types = ["REGIONAL"] }
}
resource "aws_api_gateway_resource" "api" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  parent_id   = aws_api_gateway_rest_api.api.root_resource_id
  path_part   = "api"
}
resource "aws_api_gateway_resource" "chat" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  parent_id   = aws_api_gateway_resource.api.id
  path_part   = "chat"
}
resource "aws_api_gateway_resource" "rest" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  parent_id   = aws_api_gateway_resource.api.id
  path_part   = "{proxy+}"
}
resource "aws_api_gateway_stage" "prod" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  stage_name  = "prod"
}
"""


def integration(resource: str, method: str = "POST", more: str = "", uri: str = '"https://model.example.com/"') -> str:
    return f"""
resource "aws_api_gateway_integration" "{resource}_{method}" {{
  rest_api_id = aws_api_gateway_rest_api.api.id
  resource_id = aws_api_gateway_resource.{resource}.id
  http_method = "{method}"
  type        = "HTTP_PROXY"
  uri         = {uri}
  {more}
}}
"""


STREAMING = 'response_transfer_mode = "STREAM"\n  timeout_milliseconds = 300000'


def test_a_rest_api_holds_back_and_ends_early(lint: Lint) -> None:
    report = lint({"main.tf": REST + integration("chat"), "infralint.yaml": STREAM})
    assert sorted(checks(report)) == ["error buffered-stream", "warning capped-stream"]
    assert "ends every response after 29 s" in "".join(finding["message"] for finding in report["findings"])


def test_a_rest_api_that_streams_is_silent(lint: Lint) -> None:
    report = lint({"main.tf": REST + integration("chat", more=STREAMING), "infralint.yaml": STREAM})
    assert (report["findings"], report["unknown"]) == ([], [])


def test_the_most_exact_path_takes_the_request(lint: Lint) -> None:
    text = REST + integration("chat", more=STREAMING) + integration("rest", "ANY")
    assert lint({"main.tf": text, "infralint.yaml": STREAM})["findings"] == []
    others = "streams: [{path: /api/other/events}]\n"
    assert "error buffered-stream" in checks(lint({"main.tf": text, "infralint.yaml": others}))


def test_a_stage_may_stand_before_the_path(lint: Lint) -> None:
    text = REST + integration("chat")
    assert "error buffered-stream" in checks(
        lint({"main.tf": text, "infralint.yaml": "streams: [{path: /prod/api/chat}]\n"})
    )
    missed = lint({"main.tf": text, "infralint.yaml": "streams: [{path: /test/api/chat}]\n"})
    assert missed["findings"] == []
    assert "meets no hop" in missed["unknown"][0]["message"]


def test_preflights_are_no_streams(lint: Lint) -> None:
    mock = integration("chat", "OPTIONS").replace("HTTP_PROXY", "MOCK")
    text = REST + integration("chat", more=STREAMING) + mock
    assert lint({"main.tf": text, "infralint.yaml": STREAM})["findings"] == []


def test_methods_with_integrations_of_their_own_are_only_possible(lint: Lint) -> None:
    text = REST + integration("chat", more=STREAMING) + integration("chat", "GET")
    assert checks(lint({"main.tf": text, "infralint.yaml": STREAM}))[0] == "warning buffered-stream"


def test_an_edge_optimized_api_ends_silence_early(lint: Lint) -> None:
    text = (REST + integration("chat", more=STREAMING)).replace('types = ["REGIONAL"]', 'types = ["EDGE"]')
    report = lint({"main.tf": text, "infralint.yaml": STREAM})
    assert checks(report) == ["warning short-idle-timeout"]
    assert "REGIONAL" in report["findings"][0]["fix"]


def test_a_path_that_only_sounds_like_a_stream_is_left_alone(lint: Lint) -> None:
    assert lint({"main.tf": REST + integration("chat")})["findings"] == []


def test_an_openapi_document_is_unknown(lint: Lint) -> None:
    text = 'resource "aws_api_gateway_rest_api" "api" {\n  name = "api"\n  body = jsonencode({})\n}\n'
    report = lint({"main.tf": text, "infralint.yaml": STREAM})
    assert report["findings"] == []
    assert any("OpenAPI" in unknown["message"] for unknown in report["unknown"])


HTTP = """
resource "aws_apigatewayv2_api" "api" {
  name          = "api"
  protocol_type = "HTTP"
}
resource "aws_apigatewayv2_integration" "chat" {
  api_id           = aws_apigatewayv2_api.api.id
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.chat.invoke_arn
}
resource "aws_lambda_function" "chat" {
  function_name = "chat"
  timeout       = 600
}
"""


def route(key: str) -> str:
    return f"""
resource "aws_apigatewayv2_route" "chat" {{
  api_id    = aws_apigatewayv2_api.api.id
  route_key = "{key}"
  target    = "integrations/${{aws_apigatewayv2_integration.chat.id}}"
}}
"""


@pytest.mark.parametrize("key", ["", "$default", "ANY /api/{proxy+}", "POST /api/chat", "GET /{a}/{b}"])
def test_an_http_api_never_streams(key: str, lint: Lint) -> None:
    report = lint({"main.tf": HTTP + (route(key) if key else ""), "infralint.yaml": STREAM})
    assert sorted(checks(report)) == ["error buffered-stream", "warning capped-stream"]
    assert way(report, "buffered-stream") == ["aws_apigatewayv2_api.api", "aws_lambda_function.chat"]


@pytest.mark.parametrize("key", ["POST /api/other", "ANY /api/chat/{proxy+}", "DELETE /api/chat"])
def test_another_route_does_not_take_the_stream(key: str, lint: Lint) -> None:
    assert lint({"main.tf": HTTP + route(key), "infralint.yaml": STREAM})["findings"] == []


def test_an_http_api_opens_no_socket(lint: Lint) -> None:
    report = lint({"main.tf": HTTP, "infralint.yaml": SOCKET})
    assert "error missing-upgrade-headers" in checks(report)


def test_a_websocket_api_ends_connections_after_two_hours(lint: Lint) -> None:
    text = HTTP.replace('"HTTP"', '"WEBSOCKET"') + route("$default")
    assert lint({"main.tf": text})["findings"] == []
    report = lint(
        {"main.tf": text, "infralint.yaml": "streams: [{path: /, kind: websocket, heartbeat: 20s, duration: 3h}]\n"}
    )
    assert checks(report)[0] == "error capped-stream"
    assert "ends every connection after 2 h" in report["findings"][0]["message"]


def test_a_distribution_before_an_api_is_one_way(lint: Lint) -> None:
    domain = '"${aws_api_gateway_rest_api.api.id}.execute-api.eu-west-1.amazonaws.com"'
    front = origin(domain, "origin_read_timeout = 120").replace("origin_id", 'origin_path = "/prod"\n    origin_id')
    report = lint({"main.tf": REST + integration("chat") + cdn(front), "infralint.yaml": STREAM})
    assert way(report, "buffered-stream") == ["aws_cloudfront_distribution.cdn", "aws_api_gateway_rest_api.api"]


# Lambda

FUNCTION = 'resource "aws_lambda_function" "chat" {\n  function_name = "chat"\n  timeout = 300\n}\n'


def function_url(mode: str = 'invoke_mode = "RESPONSE_STREAM"') -> str:
    return f"""
resource "aws_lambda_function_url" "chat" {{
  function_name      = aws_lambda_function.chat.function_name
  authorization_type = "NONE"
  {mode}
}}
"""


def test_a_function_that_streams_is_silent(lint: Lint) -> None:
    report = lint({"main.tf": FUNCTION + function_url()})
    assert (report["findings"], report["unknown"]) == ([], [])


def test_its_default_of_three_seconds_is_not_enough(lint: Lint) -> None:
    report = lint({"main.tf": FUNCTION.replace("  timeout = 300\n", "") + function_url()})
    assert checks(report) == ["warning capped-stream"]
    assert report["findings"][0]["fix"] == "timeout = 300"


def test_a_buffered_url_holds_a_declared_stream_back(lint: Lint) -> None:
    report = lint({"main.tf": FUNCTION + function_url(""), "infralint.yaml": STREAM})
    assert checks(report) == ["error buffered-stream"]


def test_a_buffered_url_of_which_nothing_is_known_is_silent(lint: Lint) -> None:
    assert lint({"main.tf": FUNCTION + function_url("")})["findings"] == []


def test_functions_that_nothing_leads_to_are_no_hops(lint: Lint) -> None:
    text = BALANCED + FUNCTION.replace("300", "3")
    report = lint({"main.tf": text, "infralint.yaml": STREAM})
    assert (report["findings"], report["unknown"]) == ([], [])


@pytest.mark.parametrize(
    "domain",
    [
        'replace(replace(aws_lambda_function_url.chat.function_url, "https://", ""), "/", "")',
        'split("/", aws_lambda_function_url.chat.function_url)[2]',
        '"${aws_lambda_function_url.chat.url_id}.lambda-url.eu-west-1.on.aws"',
    ],
)
def test_a_distribution_before_a_function_is_one_way(domain: str, lint: Lint) -> None:
    report = lint({"main.tf": FUNCTION + function_url() + cdn(origin(domain))})
    assert way(report, "short-idle-timeout") == [
        "aws_cloudfront_distribution.cdn",
        "aws_lambda_function_url.chat",
        "aws_lambda_function.chat",
    ]


# Registry modules

MODULES = """
module "alb" {
  source       = "terraform-aws-modules/alb/aws"
  version      = "~> 9.0"
  idle_timeout = 600
  target_groups = { app = { protocol = "HTTP", port = 80, target_type = "ip", stickiness = { type = "lb_cookie" } } }
  listeners = { https = { port = 443, protocol = "HTTPS", forward = { target_group_key = "app" } } }
}
module "cdn" {
  source  = "terraform-aws-modules/cloudfront/aws"
  version = "4.1.0"
  origin = {
    site = { domain_name = module.bucket.s3_bucket_bucket_regional_domain_name }
    alb = {
      domain_name = module.alb.dns_name
      custom_origin_config = {
        origin_protocol_policy = "https-only"
        READ
      }
    }
  }
  default_cache_behavior = { target_origin_id = "site", viewer_protocol_policy = "https-only" }
  ordered_cache_behavior = [
    {
      path_pattern               = "/api/*"
      target_origin_id           = "alb"
      use_forwarded_values       = false
      POLICY
    },
  ]
}
module "bucket" {
  source = "terraform-aws-modules/s3-bucket/aws"
}
"""


def test_a_module_that_makes_a_distribution_is_read_without_its_files(lint: Lint) -> None:
    text = MODULES.replace("READ", "origin_read_timeout = 60").replace("POLICY", "")
    report = lint({"main.tf": text, "infralint.yaml": STREAM})
    assert checks(report) == ["warning short-idle-timeout"]
    finding = report["findings"][0]
    assert "`origin_read_timeout = 60`" in finding["message"]
    assert text.splitlines()[finding["location"]["line"] - 1].strip() == "origin_read_timeout = 60"
    assert way(report, "short-idle-timeout")[1] == "module.alb.aws_lb.this[0]"


def test_its_default_is_said_at_the_origin(lint: Lint) -> None:
    report = lint({"main.tf": MODULES.replace("READ", "").replace("POLICY", ""), "infralint.yaml": STREAM})
    assert "nothing sets origin_read_timeout" in report["findings"][0]["message"]


def test_its_policies_are_followed_by_name(lint: Lint) -> None:
    text = MODULES.replace("READ", "origin_read_timeout = 120")
    named = text.replace("POLICY", 'origin_request_policy_name = "Managed-AllViewer"')
    assert lint({"main.tf": named, "infralint.yaml": SOCKET})["findings"] == []
    assert checks(lint({"main.tf": text.replace("POLICY", ""), "infralint.yaml": SOCKET})) == [
        "error missing-upgrade-headers"
    ]


def test_modules_of_functions_and_apis(lint: Lint) -> None:
    text = """
module "chat" {
  source                     = "terraform-aws-modules/lambda/aws"
  function_name              = "chat"
  create_lambda_function_url = true
  invoke_mode                = "RESPONSE_STREAM"
}
module "api" {
  source = "terraform-aws-modules/apigateway-v2/aws"
  name   = "api"
  routes = { "POST /api/chat" = { integration = { uri = module.chat.lambda_function_arn } } }
}
"""
    report = lint({"main.tf": text})
    assert checks(report) == ["warning capped-stream"]
    assert report["findings"][0]["hop"]["name"] == "module.chat.aws_lambda_function.this[0]"
    declared = lint({"main.tf": text, "infralint.yaml": 'streams: [{path: /api/chat, hops: ["module.api*"]}]\n'})
    assert "error buffered-stream" in checks(declared)


def test_what_depends_on_an_input_of_a_module_that_nobody_calls_says_nothing(tmp_path: Path, lint: Lint) -> None:
    library = 'variable "timeout" {}\nvariable "domain" {}\n' + cdn(
        origin("var.domain", "origin_read_timeout = var.timeout")
    )
    files = {"modules/cdn/main.tf": library, "modules/cdn/variables.tf": "", "modules/cdn/versions.tf": ""}
    report = lint(files)
    assert [finding["check"] for finding in report["findings"]] == []


# Which Host, and which headers, reach the origin

HOSTED = "streams: [{path: /api/chat, host: chat.example.com}]\n"
BY_HOST = (
    BALANCED.replace("idle_timeout = 600", "internal     = true\n  idle_timeout = 5")
    .replace(
        'type             = "forward"\n    target_group_arn = aws_lb_target_group.api.arn',
        'type = "fixed-response"\n    fixed_response {\n      content_type = "text/plain"\n      status_code = "404"\n    }',
    )
    .replace(
        'resource "aws_lb_target_group"',
        """resource "aws_lb_listener_rule" "chat" {
  listener_arn = aws_lb_listener.https.arn
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.api.arn
  }
  condition {
    CONDITION
  }
}
resource "aws_lb_target_group\"""",
    )
)
HOST_RULE = BY_HOST.replace("CONDITION", 'host_header {\n      values = ["chat.example.com"]\n    }')
HEADER_RULE = BY_HOST.replace(
    "CONDITION", 'http_header {\n      http_header_name = "X-Origin-Verify"\n      values = ["s3cret"]\n    }'
)
LEGACY = 'forwarded_values {\n      headers = ["Host"]\n    }'
EXCEPT_HOST = 'origin_request_policy_id = "b689b0a8-53d0-40ab-baf2-68738e2966ac"'


@pytest.mark.parametrize(
    ("behavior", "arrives"), [("", False), (EXCEPT_HOST, False), (ALL_VIEWER, True), (LEGACY, True)]
)
def test_the_origin_is_asked_for_its_own_name_unless_the_viewers_host_is_forwarded(
    behavior: str, arrives: bool, lint: Lint
) -> None:
    report = lint({"main.tf": HOST_RULE + cdn(behavior=behavior), "infralint.yaml": HOSTED})
    blamed = [finding["hop"]["name"] for finding in report["findings"]]
    assert ("aws_lb.main" in blamed) is arrives
    never = [cause["message"] for cause in report["unknown"]]
    assert any("aws_lb.main answers 404" in reason for reason in never) is not arrives


@pytest.mark.parametrize(("value", "arrives"), [("s3cret", True), ("another", False)])
def test_a_header_that_cloudfront_adds_meets_a_rule_of_the_load_balancer(value: str, arrives: bool, lint: Lint) -> None:
    header = (
        f'custom_header {{\n      name  = "x-origin-verify"\n      value = "{value}"\n    }}\n    custom_origin_config'
    )
    distribution = cdn(origin().replace("custom_origin_config", header))
    report = lint({"main.tf": HEADER_RULE + distribution, "infralint.yaml": STREAM})
    assert ("aws_lb.main" in [finding["hop"]["name"] for finding in report["findings"]]) is arrives


@pytest.mark.parametrize(("values", "arrives"), [("origin.example.com", True), ("chat.example.com", False)])
@pytest.mark.parametrize("domain", ['"origin.example.com"', "aws_route53_record.origin.fqdn"])
def test_the_origin_is_asked_for_the_name_of_its_record(values: str, arrives: bool, domain: str, lint: Lint) -> None:
    record = ALIAS.replace("api.internal.example.com", "origin.example.com").replace('"api"', '"origin"')
    rule = HOST_RULE.replace("chat.example.com", values)
    report = lint({"main.tf": rule + record + cdn(origin(domain)), "infralint.yaml": HOSTED})
    blamed = [(finding["hop"]["name"], finding["severity"]) for finding in report["findings"]]
    assert (("aws_lb.main", "warning") in blamed) is arrives


REDIRECTING = """
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}
"""
INTERNAL = BALANCED.replace("idle_timeout = 600", "internal     = true\n  idle_timeout = 5")


@pytest.mark.parametrize(
    ("policy", "arrives"),
    [
        ('"https-only"', True),
        ('"http-only"', False),
        ('"match-viewer"', True),
        ('"http-only"\n      http_port = 443', True),
        ('"https-only"\n      https_port = 80', False),
    ],
)
def test_the_origins_protocol_says_which_listener_is_asked(policy: str, arrives: bool, lint: Lint) -> None:
    distribution = cdn(origin().replace('"https-only"', policy))
    report = lint({"main.tf": INTERNAL + REDIRECTING + distribution, "infralint.yaml": STREAM})
    assert ("aws_lb.main" in [finding["hop"]["name"] for finding in report["findings"]]) is arrives
    never = [cause["message"] for cause in report["unknown"]]
    assert any("aws_lb.main answers 301" in reason for reason in never) is not arrives


def test_an_origin_over_plain_http_is_an_nginx_on_port_80(lint: Lint) -> None:
    nginx = "server { listen 80; server_name origin.example.com; location / { proxy_pass http://app; } }\n"
    for policy, hops in (("http-only", 2), ("https-only", 1)):
        distribution = cdn(origin('"origin.example.com"').replace("https-only", policy))
        report = lint({"main.tf": distribution, "nginx/conf.d/default.conf": nginx, "infralint.yaml": STREAM})
        ways = [len(finding["trace"]["legs"]) for finding in report["findings"]]
        assert max(ways) == hops


# Names by DNS records

INNER = BALANCED.replace("idle_timeout = 600", "internal     = true\n  idle_timeout = 5").replace("443", "80")
DIALLING = "server { listen 80; location / { proxy_pass http://API.internal.example.com; proxy_buffering off; } }\n"
ALIAS = """
resource "aws_route53_record" "api" {
  name = "api.internal.example.com"
  type = "A"
  alias {
    name                   = aws_lb.main.dns_name
    zone_id                = aws_lb.main.zone_id
    evaluate_target_health = true
  }
}
"""
CNAME = """
resource "aws_route53_record" "api" {
  name    = "api.internal.example.com."
  type    = "CNAME"
  records = [aws_lb.main.dns_name]
}
"""


ZONED = ALIAS.replace('"api.internal.example.com"', '"api.internal"\n  zone_id = aws_route53_zone.main.zone_id')
ZONE = 'resource "aws_route53_zone" "main" {\n  name = "example.com"\n}\n'
OF_DATA = ALIAS.replace(
    '"api.internal.example.com"',
    '"api.internal.${data.aws_route53_zone.main.name}"\n  zone_id = data.aws_route53_zone.main.zone_id',
)
DATA_ZONE = 'data "aws_route53_zone" "main" {\n  name = "example.com."\n}\n'


@pytest.mark.parametrize("record", [ALIAS, CNAME, ZONED + ZONE, OF_DATA + DATA_ZONE])
def test_a_load_balancer_is_found_behind_an_nginx_by_the_name_of_its_record(record: str, lint: Lint) -> None:
    report = lint({"main.tf": INNER + record, "nginx/conf.d/default.conf": DIALLING, "infralint.yaml": STREAM})
    assert way(report, "short-idle-timeout") == ["location /", "aws_lb.main"]
    assert report["findings"][0]["trace"]["legs"][1]["link"] == "same address"


def test_a_record_of_another_name_leads_no_nginx_to_a_load_balancer(lint: Lint) -> None:
    record = ALIAS.replace("api.internal", "web.internal")
    report = lint({"main.tf": INNER + record, "nginx/conf.d/default.conf": DIALLING, "infralint.yaml": STREAM})
    assert all(leg["link"] != "same address" for finding in report["findings"] for leg in finding["trace"]["legs"][1:])
