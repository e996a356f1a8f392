from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Known, NginxLocation, Related, check


@check
def repeated_host_header(crossing: Crossing[NginxLocation]) -> Iterator[Finding]:
    """nginx sends two `Host` headers, and servers must refuse such a request with 400."""
    hop = crossing.hop
    if len(hop.sent_hosts) > 1:
        first, second, *_ = hop.sent_hosts
        message = (
            f"{hop.name} sends two Host headers, because `{first.written}` and `{second.written}` both apply: the backend"
            " answers 400 instead of the stream"
        )
        yield Finding("error", second, message, _fix(first, second), (Related("the first one", first.where),))


def _fix(first: Known[str], second: Known[str]) -> str:
    return f"{first.written};\n# this one alone: take `{second.written}` out"
