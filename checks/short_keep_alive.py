from __future__ import annotations

from collections.abc import Iterator

from infralint import ApplicationRoute, Crossing, Finding, Known, Related, Severity, check, seconds


@check
def short_keep_alive(crossing: Crossing[ApplicationRoute]) -> Iterator[Finding]:
    """An application closes idle connections sooner than the load balancer in front, whose requests on them get 502."""
    kept = crossing.hop.keep_alive
    is_linked = bool(crossing.in_front) and crossing.leg.basis != "assumed"
    if kept is None or not is_linked or crossing.stream.kind == "websocket":
        return
    front = crossing.in_front[-1].hop
    match front.reuses_for:
        case Known(limit) as reused if kept.value <= limit:
            severity: Severity = "warning" if kept.written and reused.written else "note"
            message = (
                f"the server of {crossing.hop.name} closes an idle connection after {seconds(kept.value)} ({kept.phrase}),"
                f" but {front.name} sends requests on it for {seconds(limit)} ({reused.phrase}): a request that comes while"
                " it closes gets 502. Keep connections longer than the load balancer does"
            )
            related = (Related(f"{front.name} keeps connections for {seconds(limit)}", reused.where),)
            yield Finding(severity, kept, message, crossing.hop.fix("keep_alive", limit + 5), related)
