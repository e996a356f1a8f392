from __future__ import annotations

from collections.abc import Iterator

from infralint import Crossing, Finding, Known, LoadBalancer, Unknown, check, ping_interval, seconds


@check
def ineffective_idle_timeout(crossing: Crossing[LoadBalancer]) -> Iterator[Finding | Unknown]:
    """An idle timeout is set where the load balancer ignores it."""
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html
    written, real, family = crossing.hop.stray_idle, crossing.hop.idle_timeout, crossing.hop.family
    if written is None or isinstance(real, Unknown) or isinstance(family, Unknown):
        return
    wanted = max(written.value, crossing.stream.longest_silence.seconds)
    message = (
        f"`{written}` does nothing: {crossing.hop.name} is a {family.value} load balancer, and it cuts a connection"
        f" after {seconds(real.value)} of silence ({_rule(real)})"
    )
    if real.because:
        message += f". Take the line out, and send a ping at least every {ping_interval(real.value)}"
    yield Finding("warning" if real.value < wanted else "note", written, message, _fix(crossing, real, written.value))


def _rule(real: Known[float]) -> str:
    return real.because or real.phrase


def _fix(crossing: Crossing[LoadBalancer], real: Known[float], written: float) -> str:
    if real.because:
        return ""
    return f"{crossing.hop.fix('idle_timeout', written)}\n# on the listener, instead of {real.name and 'the line here'}"
