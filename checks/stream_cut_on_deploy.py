from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Hop, Known, check, seconds

DEFAULT = 300.0
"""Seconds; AWS's default is nobody's mistake.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
"""


@check
def stream_cut_on_deploy(crossing: Crossing[Hop]) -> Iterator[Finding]:
    """Every deployment cuts the streams that outlive the time that a server gets which is replaced."""
    hop, need = crossing.hop, crossing.stream.duration
    delay = hop.drain_time()
    if isinstance(delay, Known) and need.declared and delay.value < min(need.seconds, DEFAULT):
        what = "a WebSocket" if crossing.stream.kind == "websocket" else "an answer"
        message = (
            f"{hop.name} loses streams at every deployment: a server that is replaced gets {seconds(delay.value)} to"
            f" finish ({delay.phrase}), but {what} is declared to take {seconds(need.seconds)}, and is cut in the middle"
        )
        fix = hop.fix("deregistration_delay", need.seconds) or f"{delay.name}: {need.seconds:g}"
        yield Finding("warning", delay, message, fix, effect="cuts-on-deployment")
