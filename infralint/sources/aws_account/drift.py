"""What an account has against what its Terraform says: changed by hand, or not yet applied."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infralint.model import Finding, Known, Location, Provenance, Related, Setting, Unknown, Unreadable
from infralint.platforms.aws_elb import STICKY, STICKY_TYPE, LoadBalancer
from infralint.project import CantRead, Project
from infralint.sources.aws_account.hops import LiveLoadBalancer
from infralint.text.wording import plural, seconds

CHECK = "drift"
CAUSE = "It was changed by hand, or what the code says is not applied yet"
TYPES = frozenset({"aws_lb", "aws_alb", "aws_elb", "aws_lb_target_group", "aws_alb_target_group"})

State = Mapping[str, str]
"""What a state file says: ARN (or the name, for a classic load balancer) -> address in the code."""


@dataclass
class Drift:
    """findings: what differs, and what stands in one place only. unknown: what the code does not tell."""

    findings: list[Finding] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)


def compare(live: Sequence[LiveLoadBalancer], code: Sequence[LoadBalancer], state: State) -> Drift:
    """Every load balancer that both know, setting by setting."""
    drift = Drift()
    known: set[int] = set()
    only_live: list[LiveLoadBalancer] = []
    for hops in _by_balancer(live):
        matches = [one for one in code if _same_balancer(hops[0], one, state)]
        known.update(map(id, matches))
        if matches:
            _compare_balancer(hops, matches, state, drift)
        else:
            only_live.append(hops[0])
    only_code = {(one.name, one.where): one for one in code if id(one) not in known}
    drift.findings += _apart(only_live, list(only_code.values()))
    return drift


def read_state(project: Project) -> tuple[dict[str, str], list[Unreadable]]:
    """The state files that lie in the project; of a resource, only what it is called is looked at."""
    found: dict[str, str] = {}
    unreadable: list[Unreadable] = []
    for path in project.named("*.tfstate"):
        try:
            state = json.loads(project.text(path))
            found |= dict(_addresses(state))
        except CantRead as error:
            unreadable.append(project.unreadable(path, error))
        except (ValueError, AttributeError, TypeError):
            unreadable.append(project.unreadable(path, "is not a Terraform state"))
    return found, unreadable


def _addresses(state: Any) -> Iterator[tuple[str, str]]:
    """Format 4: https://developer.hashicorp.com/terraform/language/state"""
    for resource in state.get("resources", ()):
        if resource.get("type") in TYPES and resource.get("mode") == "managed":
            parts = [resource.get("module", ""), resource["type"].replace("aws_alb", "aws_lb"), resource["name"]]
            address = ".".join(part for part in parts if part)
            for instance in resource.get("instances", ()):
                attributes = instance.get("attributes", {})
                yield attributes.get("arn") or attributes.get("name", ""), address


def _by_balancer(live: Iterable[LiveLoadBalancer]) -> list[list[LiveLoadBalancer]]:
    groups: dict[str, list[LiveLoadBalancer]] = defaultdict(list)
    for hop in live:
        groups[hop.arn].append(hop)
    return list(groups.values())


def _same_balancer(live: LiveLoadBalancer, code: LoadBalancer, state: State) -> bool:
    if address := state.get(live.arn):
        return _plain(address) == _plain(code.name)
    return live.name in code.aliases or live.arn in code.aliases


def _same_group(live: LiveLoadBalancer, code: LoadBalancer, state: State) -> bool:
    if address := state.get(live.group_arn):
        return _plain(address) == _plain(code.group)
    return live.group in code.group_aliases or live.group_arn in code.group_aliases


def _plain(address: str) -> str:
    """An address without the index of an instance."""
    return re.sub(r"\[[^\]]*\]", "", address)


def _compare_balancer(
    hops: Sequence[LiveLoadBalancer], matches: Sequence[LoadBalancer], state: State, drift: Drift
) -> None:
    compared: set[Location] = set()
    for hop in hops:
        same = [one for one in matches if _same_group(hop, one, state)]
        if not same and len(hops) == len(matches) == 1:
            same = list(matches)
        per_listener = isinstance(hop.family, Known) and hop.family.value in ("network", "gateway")
        if hop.idle_timeout.where not in compared:
            compared.add(hop.idle_timeout.where)
            codes = [one.idle_timeout for one in (same if per_listener else matches)]
            _compare(hop, hop.idle_timeout, codes, drift)
        for key in (STICKY, STICKY_TYPE):
            if key in hop.attributes and (key == STICKY or _is_sticky(hop)):
                _compare(
                    hop, hop.attributes[key], [one.attributes[key] for one in same if key in one.attributes], drift
                )


def _is_sticky(hop: LiveLoadBalancer) -> bool:
    sticky = hop.attributes.get(STICKY)
    return isinstance(sticky, Known) and bool(sticky.value)


def _compare(hop: LiveLoadBalancer, live: Setting[Any], codes: Sequence[Setting[Any]], drift: Drift) -> None:
    """One setting; code that is deployed several times may say several things, and one of them must hold."""
    told = [one for one in codes if isinstance(one, Known)]
    if not isinstance(live, Known) or not codes or any(one.value == live.value for one in told):
        return
    unknown = [one for one in codes if isinstance(one, Unknown)]
    if unknown:
        drift.unknown.append(unknown[0])
        return
    drift.findings.append(_finding(hop, live, told[0]))


def _finding(hop: LiveLoadBalancer, live: Known[Any], code: Known[Any]) -> Finding:
    has = f"`{live.written}`" if live.written else f"{live.name} = {_value(live.value)}"
    said = f"`{code.written}`" if code.written else f"nothing about {code.name}, so {_value(code.value)}"
    return Finding(
        "warning",
        live,
        f"{hop.name} has {has}, but the code says {said}. {CAUSE}",
        "apply the code, or write into it what the account has",
        (Related(f"the code says {_value(code.value)}", code.where),),
        Provenance(check=CHECK, hop=hop),
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return seconds(value) if isinstance(value, int | float) else str(value)


def _apart(only_live: Sequence[LiveLoadBalancer], only_code: Sequence[LoadBalancer]) -> Iterator[Finding]:
    """What only one side has: said once a side, and never loud, for nothing says that the other must have it."""
    if only_live:
        message = (
            f"{plural(len(only_live), 'load balancer')} of the account can't be found in the code by name or state"
        )
        yield _listed(message, [(one.name, one.where) for one in only_live])
    if only_code:
        message = f"{plural(len(only_code), 'load balancer')} of the code can't be found where the audit looked"
        yield _listed(message, [(one.name, one.where) for one in only_code])


def _listed(message: str, items: Sequence[tuple[str, Location]]) -> Finding:
    related = tuple(Related(name, where) for name, where in items)
    return Finding("note", items[0][1], message, related=related, provenance=Provenance(check=CHECK))
