"""What an account has against what its Terraform says: changed by hand, or not yet applied."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from infralint.model import Known, Location, Setting, Unknown, Unreadable
from infralint.platforms.aws_elb import STICKY, STICKY_TYPE, LoadBalancer
from infralint.project import CantRead, Project
from infralint.sources.aws_account.hops import LiveLoadBalancer, LiveNode

TYPES = frozenset({"aws_lb", "aws_alb", "aws_elb", "aws_lb_target_group", "aws_alb_target_group"})

State = Mapping[str, str]
"""What a state file says: ARN (or the name, for a classic load balancer) -> address in the code."""


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """A difference between the account and its Terraform. where: where it shows."""

    where: Location


class ChangedSetting(Drift, frozen=True, kw_only=True):
    """A setting of a load balancer that the account has otherwise than the code says.

    setting: the field of the hop that it decides.
    """

    hop: LiveLoadBalancer
    setting: str
    live: Known[Any]
    code: Known[Any]


class OneSided(Drift, frozen=True, kw_only=True):
    """Load balancers that one side alone has. side: which one it is; balancers: each by name, where it stands."""

    side: Literal["account", "code"]
    balancers: tuple[tuple[str, Location], ...]


class Comparison(msgspec.Struct):
    """What differs, and (unknown) what the code does not tell."""

    drifts: list[Drift] = []
    unknown: list[Unknown] = []


def compare(live: Sequence[LiveLoadBalancer], code: Sequence[LoadBalancer], state: State) -> Comparison:
    """Every load balancer that both know, setting by setting."""
    comparison = Comparison()
    known: set[int] = set()
    only_live: list[LiveLoadBalancer] = []
    for hops in _by_balancer(live):
        matches = [hop for hop in code if is_same_balancer(hops[0], hop, state)]
        known.update(map(id, matches))
        if matches:
            _compare_balancer(hops, matches, state, comparison)
        else:
            only_live.append(hops[0])
    only_code = {(hop.name, hop.where): hop for hop in code if id(hop) not in known}
    comparison.drifts += _one_sided(only_live, list(only_code.values()))
    return comparison


def with_code(node: LiveNode, drifts: Iterable[Drift]) -> LiveNode:
    """A load balancer that knows what the code says, where that is something else; all its ways have one idle timeout."""
    changes = [drift for drift in drifts if isinstance(drift, ChangedSetting)]
    hops = []
    for hop in node.hops:
        code = {
            change.setting: change.code
            for change in changes
            if change.hop.is_same(hop) or (change.setting == "idle_timeout" and change.where == hop.idle_timeout.where)
        }
        hops.append(replace(hop, code=code) if code else hop)
    return replace(node, hops=tuple(hops))


def read_state(project: Project) -> tuple[dict[str, str], list[Unreadable]]:
    """The state files that lie in the project; of a resource, only what it is called is looked at."""
    found: dict[str, str] = {}
    unreadable: list[Unreadable] = []
    for path in project.files_named("*.tfstate"):
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


def is_same_balancer(live: LiveLoadBalancer, code: LoadBalancer, state: State) -> bool:
    """Whether code describes a load balancer of the account. state: what the code's resources are called there."""
    if address := state.get(live.arn):
        return _plain(address) == _plain(code.name)
    return live.name in code.aliases or live.arn in code.aliases


def _same_group(live: LiveLoadBalancer, code: LoadBalancer, state: State) -> bool:
    if address := state.get(live.group_arn):
        return _plain(address) == _plain(code.group)
    return live.group in code.group_aliases or live.group_arn in code.group_aliases


def _plain(address: str) -> str:
    """An address without the index of an instance."""
    return re.sub(r"\[[^\[\]]*\]", "", address)


def _compare_balancer(
    hops: Sequence[LiveLoadBalancer], matches: Sequence[LoadBalancer], state: State, comparison: Comparison
) -> None:
    compared: set[Location] = set()
    for hop in hops:
        same = [code for code in matches if _same_group(hop, code, state)]
        if not same and len(hops) == len(matches) == 1:
            same = list(matches)
        per_listener = isinstance(hop.family, Known) and hop.family.value in ("network", "gateway")
        if hop.idle_timeout.where not in compared:
            compared.add(hop.idle_timeout.where)
            codes = [code.idle_timeout for code in (same if per_listener else matches)]
            _compare(hop, "idle_timeout", hop.idle_timeout, codes, comparison)
        for key in (STICKY, STICKY_TYPE):
            if key in hop.attributes and (key == STICKY or _is_sticky(hop)):
                settings = [code.attributes[key] for code in same if key in code.attributes]
                _compare(hop, "keeps_affinity", hop.attributes[key], settings, comparison)


def _is_sticky(hop: LiveLoadBalancer) -> bool:
    sticky = hop.attributes.get(STICKY)
    return isinstance(sticky, Known) and bool(sticky.value)


def _compare(
    hop: LiveLoadBalancer, setting: str, live: Setting[Any], codes: Sequence[Setting[Any]], comparison: Comparison
) -> None:
    """One setting; code that is deployed several times may say several things, and one of them must hold."""
    known = [code for code in codes if isinstance(code, Known)]
    if not isinstance(live, Known) or not codes or any(code.value == live.value for code in known):
        return
    unknown = [code for code in codes if isinstance(code, Unknown)]
    if unknown:
        comparison.unknown.append(unknown[0])
        return
    comparison.drifts.append(ChangedSetting(where=live.where, hop=hop, setting=setting, live=live, code=known[0]))


def _one_sided(only_live: Sequence[LiveLoadBalancer], only_code: Sequence[LoadBalancer]) -> Iterator[OneSided]:
    """What only one side has, once a side."""
    if only_live:
        named = tuple((hop.name, hop.where) for hop in only_live)
        yield OneSided(where=only_live[0].where, side="account", balancers=named)
    if only_code:
        named = tuple((hop.name, hop.where) for hop in only_code)
        yield OneSided(where=only_code[0].where, side="code", balancers=named)
