"""What the checks will ask about, so that nothing else is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from infralint.model import Crossing, Finding, Hop, Known, Reading
from infralint.platforms.aws_elb import GROUP_STICKY
from infralint.project.config import Settings
from infralint.sources.aws_account.hops import LiveLoadBalancer, reading
from infralint.sources.aws_account.snapshot import Item, Region, Snapshot
from infralint.text.globs import matches_text


class Demand(msgspec.Struct, frozen=True):
    """ARNs of what must be read."""

    balancers: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


class Questions(msgspec.Struct, frozen=True):
    """What a project asks of an account. crossings: finds which
    streams pass which hops. names: load balancers to look at (name, ARN, `tag:K=V`), none for all.

    drift: everything is compared, so everything is read.
    """

    settings: Settings
    crossings: Callable[[Settings, Sequence[Reading]], list[Crossing[Hop]]]
    names: tuple[str, ...] = ()
    drift: bool = False

    @property
    def any(self) -> bool:
        """Whether anything can be asked: `streams: []` says that nothing streams."""
        return self.drift or self.settings.streams != []

    @property
    def by_tag(self) -> bool:
        return any(name.startswith("tag:") for name in (*self.names, *self._declared_hops))

    @property
    def routed(self) -> bool:
        """Whether a declared stream has to be followed through listener rules."""
        return bool(self.settings.streams)

    @property
    def _declared_hops(self) -> tuple[str, ...]:
        return tuple(name for stream in self.settings.streams or () for name in stream.hops)

    def chooses(self, item: Item, tags: dict[str, str], arn: str) -> bool:
        """Whether a load balancer is to be looked at."""
        words = (item["LoadBalancerName"], arn, item.get("DNSName", ""), *(f"tag:{k}={v}" for k, v in tags.items()))
        return not self.names or any(matches_text(word, name) for name in self.names for word in words)

    def may_cross(self, item: Item, tags: dict[str, str], arn: str) -> bool:
        """Whether some declared stream may go through a load balancer, its rules unseen."""
        streams = self.settings.streams or ()
        narrow = [Questions(self.settings, self.crossings, tuple(stream.hops)) for stream in streams]
        return any(demand.chooses(item, tags, arn) for demand in narrow)

    def asked_of(self, region: Region) -> Demand:
        """What checks will ask about in a region whose lists (and rules, if they matter) are read."""
        found = reading(Snapshot(regions=[region]))
        if self.drift:
            hops = [hop for node in found.nodes for hop in node.hops if isinstance(hop, LiveLoadBalancer)]
            return Demand(
                frozenset(balancer.arn for balancer in hops),
                frozenset(balancer.group_arn for balancer in hops if balancer.group_arn),
            )
        crossed = self.crossings(self.settings, [found])
        balancers, groups = set[str](), set[str]()
        for crossing in crossed:
            hop = crossing.hop
            if isinstance(hop, LiveLoadBalancer):
                balancers.add(hop.arn)
                if hop.group_arn and (self._asks_affinity(crossing) or _is_shared(hop)):
                    groups.add(hop.group_arn)
        return Demand(frozenset(balancers), frozenset(groups))

    def _asks_affinity(self, crossing: Crossing[Hop]) -> bool:
        stream = crossing.stream
        return stream.kind == "websocket" or bool(stream.session) or self.settings.require_sticky


def _is_shared(hop: LiveLoadBalancer) -> bool:
    """Whether an action speaks of stickiness, or spreads requests over several groups: the groups' own must fit."""
    sticky = hop.attributes.get(GROUP_STICKY)
    return hop.groups > 1 or (isinstance(sticky, Known) and bool(sticky.value))


class Reported(msgspec.Struct, frozen=True):
    """What is about to be reported. groups: ARNs whose stickiness is; balancers: ARNs of all."""

    balancers: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def reported_resources(findings: list[Finding], others: Iterable[str] = ()) -> Reported:
    """Whose tags, and whose health, matter to what will be said. others: ARNs of load balancers that are named, too."""
    hops = [finding.hop for finding in findings if isinstance(finding.hop, LiveLoadBalancer)]
    groups = [
        finding.hop.group_arn
        for finding in findings
        if isinstance(finding.hop, LiveLoadBalancer) and finding.hop.group_where == finding.location
    ]
    return Reported(frozenset([*(hop.arn for hop in hops), *others]), frozenset(group for group in groups if group))
