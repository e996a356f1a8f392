from __future__ import annotations

from collections.abc import Iterator

from infralint import STRONG, Crossing, Finding, Known, NextRewrite, Severity, Unknown, check, ping_interval, seconds


@check
def proxied_by_rewrite(crossing: Crossing[NextRewrite]) -> Iterator[Finding | Unknown]:
    """A Next.js server hands a stream on to another server, and hangs up while that is silent."""
    hop, need = crossing.hop, crossing.stream.longest_silence
    if crossing.stream.kind == "websocket":
        return
    match hop.timeout:
        case Unknown() as unknown:
            yield unknown
        case Known(limit) as timeout if limit < need.seconds:
            message = (
                f"{hop.name} hands the stream on to {hop.upstream}, and `next start` cuts it after"
                f" {seconds(limit)} of silence ({_setting(timeout)}): users get an error before the first byte, and half an"
                f" answer after it. {_needed_duration(crossing, limit)}"
            )
            yield Finding(_severity(crossing), hop.where, message, hop.fix("timeout", need.seconds), effect="cuts")


def _severity(crossing: Crossing[NextRewrite]) -> Severity:
    """Whether it pings is up to who sends the stream: where that is not known for sure, this is worth knowing only."""
    evidence = crossing.stream.evidence
    if evidence.kind == "declared":
        return "error" if crossing.stream.longest_silence.declared else "warning"
    sender = crossing.behind and crossing.behind[-1].hop.origin and all(leg.basis in STRONG for leg in crossing.behind)
    return "warning" if evidence.certain and sender else "note"


def _needed_duration(crossing: Crossing[NextRewrite], limit: float) -> str:
    need = crossing.stream.longest_silence
    reason = "It is declared to be silent for" if need.declared else "A model may think for"
    return f"{reason} {seconds(need.seconds)}. Raise it, or send a ping at least every {ping_interval(limit)}"


def _setting(timeout: Known[float]) -> str:
    return f"`{timeout.written}`" if timeout.written else f"nothing sets {timeout.name}"
