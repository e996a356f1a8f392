from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Known, NginxLocation, check, seconds


@check
def stream_cut_on_reload(crossing: Crossing[NginxLocation]) -> Iterator[Finding]:
    """Every nginx reload cuts the streams that are still running after `worker_shutdown_timeout`."""
    limit = crossing.hop.shutdown_timeout
    need = crossing.stream.duration
    if isinstance(limit, Known) and limit.value < need.seconds:
        message = (
            f"`{limit.written}`: nginx cuts every stream that is still open {seconds(limit.value)} after a reload, and an answer may"
            f" take {seconds(need.seconds)}"
        )
        yield Finding("warning", limit, message, f"worker_shutdown_timeout {max(need.seconds, 300):g}s;", effect="cuts")
