from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Known, LoadBalancer, check, seconds

DEFAULT = 300.0
"""Seconds; AWS's default is nobody's mistake.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
"""


@check
def stream_cut_on_deploy(crossing: Crossing[LoadBalancer]) -> Iterator[Finding]:
    """Every deployment cuts the streams that outlive the time a load balancer gives a target that leaves."""
    hop, need = crossing.hop, crossing.stream.duration
    delay = hop.attributes.get("deregistration_delay.timeout_seconds")
    if isinstance(delay, Known) and need.declared and delay.value < min(need.seconds, DEFAULT):
        what = "a WebSocket" if crossing.stream.kind == "websocket" else "an answer"
        message = (
            f"{hop.name} gives a target of {hop.group} {seconds(delay.value)} to finish when a deployment replaces it"
            f" (`{delay}`): {what} is declared to take {seconds(need.seconds)}, and all that are not done then are cut"
        )
        yield Finding("warning", delay, message, hop.fix("deregistration_delay", need.seconds))
