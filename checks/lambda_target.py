from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Effect, Finding, Known, LoadBalancer, Unknown, check


@check
def lambda_target(crossing: Crossing[LoadBalancer]) -> Iterator[Finding | Unknown]:
    """A load balancer hands a stream to a Lambda function, through which nothing streams."""
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    match crossing.hop.target_type:
        case Known("lambda") as target:
            group = crossing.hop.group or "its target group"
            consequence = f"{_what(crossing)}. {_way_out(crossing)}"
            message = f"{crossing.hop.name} hands requests to a Lambda function ({group}), and {consequence}"
            effect: Effect = "refuses" if crossing.stream.kind == "websocket" else "holds"
            yield Finding("error", target, message, effect=effect)


def _what(crossing: Crossing[LoadBalancer]) -> str:
    if crossing.stream.kind == "websocket":
        return "refuses every WebSocket handshake to it with 400"
    return "waits for the function's whole answer, of at most 1 MB: users see nothing, then everything at once"


def _way_out(crossing: Crossing[LoadBalancer]) -> str:
    if crossing.stream.kind == "websocket":
        return "Put the WebSocket on a container or an instance, or on an API Gateway WebSocket API"
    return 'Stream from a container or an instance, or from a Lambda function URL (`invoke_mode = "RESPONSE_STREAM"`)'
