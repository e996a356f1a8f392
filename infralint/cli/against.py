"""`audit --against`: what the Terraform in a folder says of the load balancers of an account."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from infralint.cli.publish import fail
from infralint.model import Finding, Location, Reading, Unreadable
from infralint.platforms.aws_elb import LoadBalancer
from infralint.project import Project
from infralint.sources import terraform
from infralint.sources.aws_account.drift import State, compare, read_state, with_code
from infralint.sources.aws_account.hops import LiveLoadBalancer, LiveNode
from infralint.text.paths import is_below

DRIFT = "drift"
"""The check that speaks of differences."""


class Code(msgspec.Struct, frozen=True):
    """What a folder's Terraform says. unreadable: the files of it that say nothing."""

    balancers: tuple[LoadBalancer, ...]
    state: State
    unreadable: tuple[Unreadable, ...] = ()


def read_code(project: Project, folder: Path) -> Code:
    """The load balancers of a folder's Terraform; ends the run where there is none."""
    written = terraform.read(project)
    shown = project.shown_path(folder.absolute())
    balancers = tuple(hop for hop in written.hops if isinstance(hop, LoadBalancer) and is_below(hop.scope, shown))
    if not balancers and not written.unreadable:
        fail(f"{folder}: no load balancer stands in the Terraform here")
    state, unreadable = read_state(project)
    return Code(balancers, state, (*unreadable, *written.unreadable))


def compare_with_code(reading: Reading, code: Code) -> Reading:
    """A reading of an account with what differs from the code among its items."""
    nodes = [node for node in reading.nodes if isinstance(node, LiveNode)]
    found = compare([hop for node in nodes for hop in node.hops], code.balancers, code.state)
    return replace(
        reading,
        nodes=[with_code(node, found.drifts) for node in nodes],
        items=[*reading.items, *found.drifts],
        unknown=[*reading.unknown, *found.unknown],
        unreadable=[*reading.unreadable, *code.unreadable],
    )


def merge_drifts(findings: Iterable[Finding]) -> list[Finding]:
    """One finding a setting: where another check speaks of it, that one shows what the code says."""
    drifts: dict[object, Finding] = {}
    others: list[Finding] = []
    for finding in findings:
        if finding.check == DRIFT and finding.setting:
            drifts[_setting_of(finding)] = finding
        else:
            others.append(finding)
    settings = {_setting_of(finding) for finding in others}
    kept = [finding for key, finding in drifts.items() if key not in settings]
    return [*kept, *(_with_code(finding, drifts.get(_setting_of(finding))) for finding in others)]


def _setting_of(finding: Finding) -> tuple[str, Location, str]:
    arn = finding.hop.arn if isinstance(finding.hop, LiveLoadBalancer) else ""
    return arn, finding.location, finding.setting


def _with_code(finding: Finding, drift: Finding | None) -> Finding:
    return finding if drift is None else replace(finding, related=(*finding.related, *drift.related))
