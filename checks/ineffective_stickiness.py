from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infralint import Crossing, Finding, Known, LoadBalancer, Unknown, check


@check
def ineffective_stickiness(crossing: Crossing[LoadBalancer]) -> Iterator[Finding | Unknown]:
    """Stickiness is written in a way that keeps no client on its replica."""
    hop = crossing.hop
    target = _known_setting(hop, "stickiness.enabled")
    between = _known_setting(hop, "target_group_stickiness.enabled")
    if between and between.value and target and not target.value and hop.groups < 2:
        yield Finding("warning", between, _wrong_place(hop, between), hop.fix("keeps_affinity"))
    if target is None or not target.value:
        return
    yield from _incomplete(hop, target)
    if hop.groups > 1 and "target_group_stickiness.enabled" not in _unknown(hop) and not (between and between.value):
        yield Finding("warning", target, _split(hop), hop.between_groups())


def _incomplete(hop: LoadBalancer, target: Known[Any]) -> Iterator[Finding]:
    for kind in ("lb_cookie", "app_cookie"):
        lasting = _known_setting(hop, f"stickiness.{kind}.duration_seconds")
        if lasting is not None and lasting.value == 0:
            message = (
                f"`{lasting}` lets the cookie of {hop.group} expire at once, so that it keeps no client on its target"
            )
            yield Finding("warning", lasting, message, "cookie_duration = 86400")
    name = _known_setting(hop, "stickiness.app_cookie.cookie_name")
    if name is not None and not name.value:
        message = f"{hop.group} follows the application's own cookie (`app_cookie`), but nothing says which one"
        yield Finding("warning", target if name.origin == "default" else name, message, 'cookie_name = "SESSION"')


def _wrong_place(hop: LoadBalancer, between: Known[Any]) -> str:
    return (
        f"`{between}` in the forward action keeps a client with a target group, not with one of its targets:"
        f" within {hop.group}, which has no stickiness of its own, requests are still spread over all"
    )


def _split(hop: LoadBalancer) -> str:
    return (
        f"{hop.group} keeps a client on its target, but the action of {hop.name} spreads requests over {hop.groups}"
        " target groups, and nothing keeps a client with one of them: the next request may go to another"
    )


def _known_setting(hop: LoadBalancer, key: str) -> Known[Any] | None:
    found = hop.attributes.get(key)
    return found if isinstance(found, Known) else None


def _unknown(hop: LoadBalancer) -> set[str]:
    return {key for key, value in hop.attributes.items() if isinstance(value, Unknown)}
