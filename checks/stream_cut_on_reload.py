from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Hop, Known, check, seconds


@check
def stream_cut_on_reload(crossing: Crossing[Hop]) -> Iterator[Finding]:
    """Every nginx reload cuts the streams that are still running after `worker_shutdown_timeout`."""
    limit = crossing.hop.shutdown_timeout
    need = crossing.stream.duration
    # A controller's default is nobody's mistake, unless somebody says how long the stream takes.
    if isinstance(limit, Known) and limit.value < need.seconds and (limit.written or need.declared):
        message = (
            f"`{limit}`: nginx cuts every stream that is still open {seconds(limit.value)} after a reload, and an answer may"
            f" take {seconds(need.seconds)}"
        )
        fix = crossing.hop.fix("shutdown_timeout", need.seconds)
        yield Finding("warning" if limit.written else "note", limit, message, fix, effect="cuts-on-reload")
