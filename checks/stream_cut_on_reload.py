from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Hop, Known, check, seconds


@check
def stream_cut_on_reload(crossing: Crossing[Hop]) -> Iterator[Finding]:
    """Every reload of a proxy cuts the streams that are still running some time after it."""
    limit = crossing.hop.shutdown_of(crossing.stream.kind)
    need = crossing.stream.duration
    # A controller's default is nobody's mistake, unless somebody says how long the stream takes.
    if isinstance(limit, Known) and limit.value < need.seconds and (limit.written or need.declared):
        takes = "is declared to take" if need.declared else "may take"
        message = (
            f"{limit.phrase} cuts every stream that is still open {_moment(limit.value)}, and a stream {takes}"
            f" {seconds(need.seconds)}"
        )
        fix = crossing.hop.fix("shutdown_timeout", need.seconds)
        yield Finding("warning" if limit.written else "note", limit, message, fix, effect="cuts-on-reload")


def _moment(after: float) -> str:
    return f"{seconds(after)} after a reload" if after else "at a reload"
