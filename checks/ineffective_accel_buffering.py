from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Known, NginxLocation, check


@check
def ineffective_accel_buffering(crossing: Crossing[NginxLocation]) -> Iterator[Finding]:
    """`X-Accel-Buffering` is set where nginx does not look at it: only the backend's own response header counts."""
    for name in ("add_header", "proxy_set_header", "more_set_headers"):
        for header in crossing.hop.directives(name, about="x-accel-buffering"):
            buffering = crossing.hop.buffers_responses
            if not isinstance(buffering, Known) or buffering.value == "never" or crossing.hop.family == "stream":
                return
            to = "the backend" if name == "proxy_set_header" else "the browser"
            message = (
                f"`{header.written}` tells {to}, not this nginx: {crossing.hop.name} still buffers."
                " nginx obeys the header only in the backend's response"
            )
            fix = crossing.hop.fix("buffers_responses")
            yield Finding("warning", header, message, fix, setting="buffers_responses")
