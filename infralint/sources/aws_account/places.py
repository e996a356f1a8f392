"""Where resources and their attributes stand: in the account, or at a line of a snapshot's text."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from infralint.model import Location
from infralint.sources.aws_account.names import classic_arn
from infralint.sources.aws_account.snapshot import Snapshot


class Places(msgspec.Struct, frozen=True):
    """Where resources and their attributes stand: the resource itself, or its line in a snapshot's text."""

    shown: str = ""
    lines: Mapping[tuple[str, str], Location] = {}

    def of(self, resource: str, key: str = "") -> Location:
        if not self.shown:
            return Location(resource)
        return self.lines.get((resource, key)) or self.lines.get((resource, "")) or Location(self.shown)


def places_in(snapshot: Snapshot, text: str, shown: str) -> Places:
    """The places of a snapshot's resources in its text."""
    return Places(shown, _lines(text, shown, _resources(snapshot)))


def _resources(snapshot: Snapshot) -> dict[str, str]:
    """What a snapshot's text calls a resource -> its ARN."""
    found: dict[str, str] = {}
    for region in snapshot.regions:
        for classic in region.classic_load_balancers:
            found[classic["LoadBalancerName"]] = classic_arn(region, classic["LoadBalancerName"])
        for balancer in region.load_balancers:
            found[balancer["LoadBalancerArn"]] = balancer["LoadBalancerArn"]
        for group in region.target_groups:
            found[group["TargetGroupArn"]] = group["TargetGroupArn"]
        for listeners in region.listeners.values():
            found |= {listener["ListenerArn"]: listener["ListenerArn"] for listener in listeners}
        found |= {item["ARN"]: item["ARN"] for item in region.distributions}
        found |= {item["id"]: item["id"] for item in region.rest_apis}
        found |= {item["ApiId"]: item["ApiId"] for item in region.http_apis}
        found |= {item["FunctionArn"]: item["FunctionArn"] for item in region.functions}
    return found


IDENTITIES = frozenset(
    {"LoadBalancerArn", "LoadBalancerName", "TargetGroupArn", "ListenerArn", "ARN", "id", "ApiId", "FunctionArn"}
)


def _lines(text: str, shown: str, resources: Mapping[str, str]) -> dict[tuple[str, str], Location]:
    """Where each resource, and each key below it, stands first."""
    found: dict[tuple[str, str], Location] = {}
    resource = key = ""
    for number, line in enumerate(text.splitlines(), 1):
        for word in re.finditer(r'"((?:[^"\\]|\\.)*+)(?:"(\s*+:)?|$)', line):
            place = Location(shown, number, word.start() + 1, number, word.end(1) + 2)
            if word[1] in resources and (word[2] or key in IDENTITIES):
                resource = resources[word[1]]
                found.setdefault((resource, ""), place)
            elif word[2]:
                key = word[1]
                found.setdefault((resource, key), place)
    return found
