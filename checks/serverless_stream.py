from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Effect, Finding, Known, Location, Severity, Unknown, VercelFunction, check, seconds

FLUID = 300
"""Seconds without a maxDuration. https://vercel.com/docs/functions/configuring-functions/duration"""

INSTEAD = "Write this function in JavaScript, TypeScript or Python, which stream"


@check
def serverless_stream(crossing: Crossing[VercelFunction]) -> Iterator[Finding | Unknown]:
    """A stream runs as a Serverless function, and is cut when the function's time is up."""
    hop = crossing.hop
    match hop.runtime:
        case Unknown() as unknown:
            yield unknown
        case Known("edge"):
            return
        case Known() if hop.policy == "require-edge":
            yield _finding(crossing, "error", hop.runtime, _wanted_duration(crossing), hop.fix("edge"))
        case Known() if hop.holding:
            message = f"{_what(crossing)}, but users get the stream all at once: {hop.holding.because}. {INSTEAD}"
            yield _finding(crossing, "error", hop.holding, message, "", "holds")
        case Known():
            yield from _lasting(crossing)


def _lasting(crossing: Crossing[VercelFunction]) -> Iterator[Finding | Unknown]:
    """Whether the function may run as long as its stream."""
    hop, need = crossing.hop, crossing.stream.duration
    fix = hop.fix("max_duration", need.seconds)
    match hop.max_duration:
        case Unknown() as unknown if hop.written:
            yield unknown
        case Unknown():
            yield _finding(crossing, "warning", hop.where, _unproven(crossing), fix, "cuts")
        case Known(limit) as duration if hop.ceiling and limit > hop.ceiling.refused:
            yield _finding(crossing, "error", _place(duration, hop), _refusal_text(crossing, duration), fix)
        case Known(limit) as duration if limit < need.seconds:
            severity: Severity = "error" if need.declared else "warning"
            yield _finding(crossing, severity, _place(duration, hop), _cut(crossing, duration), fix, "cuts")
        case Known(limit) as duration:
            message = (
                f"{_what(crossing)}, which may run {seconds(limit)}: {_enough(crossing, limit)}{_elsewhere(hop, limit)}"
            )
            yield _finding(crossing, "note", _place(duration, hop), message, "")


def _finding(
    crossing: Crossing[VercelFunction],
    severity: Severity,
    at: Known[object] | Location,
    message: str,
    fix: str,
    effect: Effect | None = None,
) -> Finding:
    """Without a vercel.json the deployment itself is an assumption: at most a warning."""
    hop = crossing.hop
    if not hop.proven:
        message += ". Deployment to Vercel is assumed, because there is no vercel.json"
        severity = "warning" if severity == "error" else severity
    return Finding(severity, at, message, fix, hop.unread, effect=effect)


def _place(duration: Known[float], hop: VercelFunction) -> Known[float] | Location:
    return duration if duration.origin != "default" else hop.where


def _what(crossing: Crossing[VercelFunction]) -> str:
    """The function: how messages about it begin."""
    return f"{crossing.hop.name} runs as a {crossing.hop.runtime_name} function"


def _wanted_duration(crossing: Crossing[VercelFunction]) -> str:
    return f"{_what(crossing)}, and infralint.yaml requires Edge (runtime_policy: require-edge)"


def _enough(crossing: Crossing[VercelFunction], limit: float) -> str:
    ceiling = crossing.hop.ceiling
    if ceiling and limit > ceiling.largest:
        return f"more than {seconds(ceiling.largest)} is in beta on the {ceiling.plan.capitalize()} plan"
    return f"enough for the {seconds(crossing.stream.duration.seconds)} that the stream needs"


def _elsewhere(hop: VercelFunction, limit: float) -> str:
    """What the smallest plan says of a duration, where the plan is not known."""
    if hop.ceiling or hop.smallest is None or limit <= hop.smallest.refused:
        return ""
    plan, most = hop.smallest.plan.capitalize(), seconds(hop.smallest.refused)
    return f"; the {plan} plan refuses to deploy more than {most} (`vercel: {{plan: …}}` in infralint.yaml says which it is)"


def _refusal_text(crossing: Crossing[VercelFunction], duration: Known[float]) -> str:
    ceiling = crossing.hop.ceiling
    most = f"the {seconds(ceiling.refused)} that the {ceiling.plan.capitalize()} plan allows" if ceiling else ""
    return f"`{duration.written}` is more than {most}: Vercel refuses the deploy{_too_long(crossing)}"


def _too_long(crossing: Crossing[VercelFunction]) -> str:
    """What to say where no setting helps."""
    ceiling, need = crossing.hop.ceiling, crossing.stream.duration.seconds
    if ceiling is None or crossing.hop.reaches(need):
        return ""
    beta = f" ({seconds(ceiling.beta)} in beta)" if ceiling.beta else ""
    most = f"{seconds(max(ceiling.largest, ceiling.with_fluid))} on the {ceiling.plan.capitalize()} plan{beta}"
    return (
        f". No function runs longer than {most}: the stream, of {seconds(need)}, needs another plan or shorter answers"
    )


def _unproven(crossing: Crossing[VercelFunction]) -> str:
    need = crossing.stream.duration.seconds
    fluid = "300 s with Fluid compute, which would do, but" if need <= FLUID else "300 s with Fluid compute, and"
    write = "" if _too_long(crossing) else ". Write the duration down"
    return (
        f"{_what(crossing)}, and nothing here says how long that may run: {fluid} 10 or 15 s without it, where an answer"
        f" that takes {seconds(need)} stops in the middle{_too_long(crossing)}{write}"
    )


def _cut(crossing: Crossing[VercelFunction], duration: Known[float]) -> str:
    need = crossing.stream.duration
    limit = f"`{duration.written}`" if duration.written and duration.origin != "default" else duration.because
    takes = (
        f"the stream is declared to take {seconds(need.seconds)}"
        if need.declared
        else f"an answer may take {seconds(need.seconds)}"
    )
    return (
        f"{_what(crossing)}, which ends after {seconds(duration.value)}, first byte to last ({limit}): {takes}, and what"
        f" is longer stops in the middle{_again(crossing)}{_too_long(crossing)}"
    )


def _again(crossing: Crossing[VercelFunction]) -> str:
    if crossing.stream.kind != "websocket":
        return ""
    return "; the client must connect again, and reaches another instance"
