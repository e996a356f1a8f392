"""What AWS said, kept as AWS words it: everything that is judged later comes from here.

A snapshot can be saved, sent along with a bug report and judged again; it holds load balancers, their attributes,
listeners, rules, target groups, health and tags, and where these were asked for distributions, APIs, functions' time
limits and services; no secrets and no traffic.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from infralint.sources.aws_account.shapes import WrongSnapshotShape, check_shapes

VERSION = 1

Trouble = Literal["denied", "credentials", "throttled", "gone", "failed", "stopped"]
"""Why a call brought nothing: no permission; no valid credentials; too many calls; the thing was
deleted meanwhile; AWS or the network failed; the user stopped the audit."""

Item = dict[str, Any]


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A call that brought nothing. action: as IAM names it (`elasticloadbalancing:DescribeRules`)."""

    action: str
    trouble: Trouble
    resource: str = ""
    message: str = ""


class Region(msgspec.Struct, kw_only=True):
    """One region of one account.

    Lists hold what the Describe call of that name returned, cut to what is judged. Mappings go from
    the ARN (the name, for a classic load balancer; the id, for an API and a policy) that was asked about; what was not
    asked about, or failed, is missing. Distributions, which are the same everywhere, stand in a region called `global`.
    evidence: what CloudWatch counted of a load balancer in so many days (evidence_days), by the names of its metrics.
    """

    account: str
    name: str
    partition: str = "aws"
    load_balancers: list[Item] = []
    load_balancer_attributes: dict[str, dict[str, str]] = {}
    listeners: dict[str, list[Item]] = {}
    listener_attributes: dict[str, dict[str, str]] = {}
    rules: dict[str, list[Item]] = {}
    target_groups: list[Item] = []
    target_group_attributes: dict[str, dict[str, str]] = {}
    target_health: dict[str, list[Item]] = {}
    tags: dict[str, dict[str, str]] = {}
    classic_load_balancers: list[Item] = []
    classic_attributes: dict[str, Item] = {}
    distributions: list[Item] = []
    origin_request_policies: dict[str, Item] = {}
    cache_policies: dict[str, Item] = {}
    vpc_origins: dict[str, str] = {}
    rest_apis: list[Item] = []
    rest_resources: dict[str, list[Item]] = {}
    http_apis: list[Item] = []
    api_routes: dict[str, list[Item]] = {}
    api_integrations: dict[str, list[Item]] = {}
    api_stages: dict[str, list[str]] = {}
    functions: list[Item] = []
    function_urls: dict[str, list[Item]] = {}
    services: list[Item] = []
    evidence: dict[str, dict[str, float]] = {}
    evidence_days: int = 0
    failures: list[Failure] = []

    @property
    def holds_anything(self) -> bool:
        """Whether there is something to judge."""
        return bool(
            self.load_balancers
            or self.classic_load_balancers
            or self.distributions
            or self.rest_apis
            or self.http_apis
            or self.function_urls
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.account})" if self.account else self.name


class Snapshot(msgspec.Struct, kw_only=True):
    """What one audit read. taken: when, in UTC. failures: what concerns no region."""

    version: int = VERSION
    taken: str = ""
    regions: list[Region] = []
    failures: list[Failure] = []

    @property
    def holds_anything(self) -> bool:
        """Whether there is something to judge, or a reason why there is nothing."""
        return (
            any(region.holds_anything for region in self.regions)
            or bool(self.failures)
            or any(region.failures for region in self.regions)
        )


class BadSnapshot(Exception):
    """A file that is no snapshot of this version; says why, as the end of a sentence that begins with its name."""


def load(data: bytes) -> Snapshot:
    """A saved snapshot. Raises BadSnapshot."""
    try:
        snapshot = msgspec.json.decode(data, type=Snapshot)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadSnapshot(f"is not a snapshot of infralint: {error}") from error
    except RecursionError as error:
        raise BadSnapshot("is not a snapshot of infralint: it is nested too deep") from error
    if snapshot.version != VERSION:
        raise BadSnapshot(f"is a snapshot of version {snapshot.version}; this infralint reads version {VERSION}")
    if not snapshot.regions and not snapshot.failures:
        raise BadSnapshot(
            "is not a snapshot of infralint: it holds no region (`infralint audit aws --save` writes one)"
        )
    try:
        for index, region in enumerate(snapshot.regions):
            check_shapes(region, f"$.regions[{index}]")
    except WrongSnapshotShape as error:
        raise BadSnapshot(f"holds something that AWS does not say: {error}") from error
    return snapshot


def save(snapshot: Snapshot) -> str:
    """A snapshot as JSON, one value a line."""
    return msgspec.json.format(msgspec.json.encode(snapshot), indent=2).decode() + "\n"


def cut(item: Item, keys: Iterable[str]) -> Item:
    """Only what is judged: 10,000 load balancers must fit into memory, and nothing else is anybody's business."""
    return {key: item[key] for key in keys if key in item}
