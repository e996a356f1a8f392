"""From a snapshot to hops: pure, the same for a live account and for a saved file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

from infralint.model import AccountResource, Known, Location, Node, Reading, Unreadable, Upgrade
from infralint.platforms.aws_elb import BalancerNode, ForwardedGroup, LoadBalancer, fields_of, node_fields
from infralint.sources.aws_account import fixes
from infralint.sources.aws_account.edge_facts import EdgeFacts
from infralint.sources.aws_account.evidence import evidence_sentence
from infralint.sources.aws_account.facts import RegionFacts
from infralint.sources.aws_account.names import console_link
from infralint.sources.aws_account.owners import Owner, owner_of
from infralint.sources.aws_account.places import Places, places_in
from infralint.sources.aws_account.snapshot import Failure, Item, Region, Snapshot, load
from infralint.sources.aws_account.troubles import tell
from infralint.text.arns import short_name

PLATFORM = "aws"


class LiveLoadBalancer(LoadBalancer, frozen=True, kw_only=True):
    """A load balancer of an account with one of its target groups.

    group_arn, listener_arn, protocol: "" where none is known. evidence: what CloudWatch counted, in words. owner: what
    made it, by its tags. tags: as AWS has them. code: what its Terraform says of a setting (a field's name), where that is
    something else.
    """

    platform: ClassVar[str] = PLATFORM

    arn: str
    account: str
    region: str
    group_arn: str = ""
    listener_arn: str = ""
    port: int = 0
    protocol: str = ""
    console: str = ""
    evidence: str = ""
    owner: Owner | None = None
    tags: Mapping[str, str] = {}
    code: Mapping[str, Known[Any]] = {}

    def is_same(self, other: LiveLoadBalancer) -> bool:
        """Whether another hop, perhaps of a later reading, is the same way through the same load balancer."""
        return (self.arn, self.group_arn, self.listener_arn, self.port) == (
            other.arn,
            other.group_arn,
            other.listener_arn,
            other.port,
        )

    @property
    def resource(self) -> AccountResource:
        return AccountResource(
            identity=self.arn,
            type=f"{self.variant} load balancer".strip(),
            account=self.account,
            region=self.region,
            tags=self.tags,
            owner=str(self.owner or ""),
            console=self.console,
            evidence=self.evidence,
        )

    def fix(self, setting: str, seconds: float = 0) -> str:
        code = self.code.get(setting)
        if code is not None and code.written and (setting != "idle_timeout" or code.value >= seconds):
            return f"terraform apply  # {code.where} says `{code.written}` already, and the account has not got it"
        family = self.family.value if isinstance(self.family, Known) else "application"
        target = fixes.FixTarget(
            name=self.name,
            region=self.region,
            family=family,
            arn=self.arn,
            group_arn=self.group_arn,
            listener_arn=self.listener_arn,
            port=self.port,
            fixed=self.protocol == "TLS",
            unstickable=self.unstickable,
        )
        return fixes.fix(target, self.owner, setting, seconds)


class LiveNode(BalancerNode, kw_only=True, eq=False):
    """A load balancer of an account."""

    platform: ClassVar[str] = PLATFORM

    hops: tuple[LiveLoadBalancer, ...] = ()


def hops(snapshot: Snapshot) -> list[LiveLoadBalancer]:
    """Every load balancer of a snapshot with each of its target groups."""
    return [hop for node in nodes(snapshot, Places()) for hop in node.hops]


def reading(snapshot: Snapshot, places: Places | None = None) -> Reading:
    """A snapshot as every other source gives what it read."""
    return Reading(
        PLATFORM,
        nodes=list(_all_nodes(snapshot, places or Places())),
        unreadable=troubles(snapshot),
        files=[str(region) for region in snapshot.regions],
    )


def troubles(snapshot: Snapshot) -> list[Unreadable]:
    """What could not be read, once a cause."""
    found = [
        Unreadable(tell(failed, [failed.resource] if failed.resource else []), Location("AWS"))
        for failed in snapshot.failures
    ]
    for region in snapshot.regions:
        groups: dict[tuple[str, str], list[Failure]] = defaultdict(list)
        for failure in region.failures:
            groups[failure.trouble, failure.action].append(failure)
        for failures in groups.values():
            names = sorted({short_name(failed.resource) for failed in failures if failed.resource})
            found.append(Unreadable(tell(failures[0], names), Location(str(region))))
    return found


def _all_nodes(snapshot: Snapshot, places: Places) -> Iterator[Node]:
    """Whatever a snapshot holds, region by region."""
    for region in snapshot.regions:
        balancers = list(nodes(Snapshot(regions=[region]), places))
        yield from balancers
        yield from EdgeFacts(region, places).nodes(balancers)


def nodes(snapshot: Snapshot, places: Places) -> Iterator[LiveNode]:
    """Every load balancer of a snapshot."""
    for region in snapshot.regions:
        facts = RegionFacts(region, places)
        for item, arn, balancer in facts.balancers():
            yield LiveNode(**node_fields(balancer, partial(_hop, region, facts, item, arn)))


def _hop(region: Region, facts: RegionFacts, item: Item, arn: str, way: ForwardedGroup) -> LiveLoadBalancer:
    tags = region.tags.get(arn, {})
    fields = fields_of(way)
    fields["aliases"] = (arn, item.get("DNSName", ""), *(f"tag:{key}={value}" for key, value in tags.items()))
    if way.group is not None:
        fields |= _optimizer(facts, way.group.key)
    # Each listener of an application load balancer has the same timeouts.
    listener = None if way.balancer.is_of("application") else way.listener
    return LiveLoadBalancer(
        **fields,
        arn=arn,
        account=region.account,
        region=region.name,
        group_arn=way.group.key if way.group is not None and not way.balancer.is_of("classic") else "",
        listener_arn=listener.name if listener is not None and not way.balancer.is_of("classic") else "",
        port=listener.port or 0 if listener is not None else 0,
        protocol=listener.protocol if listener is not None else "",
        console=console_link(region, arn),
        evidence=evidence_sentence(region, arn),
        owner=owner_of(tags),
        tags=tags,
        upstream=way.group.name if way.group is not None else "",
        scope=arn,
    )


def _optimizer(facts: RegionFacts, group: str) -> dict[str, Known[Upgrade]]:
    """A target group with the target optimizer opens no WebSocket; without one the balancer itself decides."""
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
    described = facts.described.get(group, {})
    if not described.get("TargetControlPort"):
        return {}
    written = f"TargetControlPort = {described['TargetControlPort']}"
    because = f"{described.get('TargetGroupName', 'its target group')} uses the target optimizer (`{written}`)"
    where = facts.places.of(group, "TargetControlPort")
    return {"forwards_upgrade": Known("dropped", where, "TargetControlPort", written=written, because=because)}


def read_text(text: str, shown: str) -> Reading:
    """A saved snapshot with every setting at its line. Raises BadSnapshot."""
    snapshot = load(text.encode())
    return reading(snapshot, places_in(snapshot, text, shown))
