"""Listener rules: which target groups a load balancer's listeners send a request to, whoever wrote them down.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from infralint.model import Known, Match, Node, Request
from infralint.platforms.aws_elb.attributes import LoadBalancer, likely
from infralint.text.globs import is_like

LAST = float("inf")
"""The priority of a listener's default action; 50000 is the greatest that can be written."""
HANDSHAKE_METHODS = frozenset({"GET"})


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a rule asks of a request; each kind must hold, and of its values any one. An empty rule takes everything.

    hosts, paths: patterns (`*` any characters, `?` one). methods: of HTTP. reason: what else it asks for that
    can't be told of a request beforehand (headers, query, source address, a value that is not known).
    """

    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    methods: frozenset[str] = frozenset()
    reason: str = ""

    def take(self, request: Request) -> bool | None:
        """Whether a request is taken; None: it may be."""
        if self.paths and not any(is_like(request.path, pattern) for pattern in self.paths):
            return False
        if self.hosts and request.host is not None:
            host = request.host.lower()
            if not any(is_like(host, pattern.lower()) for pattern in self.hosts):
                return False
        if self.methods and request.kind == "websocket" and not self.methods & HANDSHAKE_METHODS:
            return False
        open_ = self.reason or (self.hosts and request.host is None) or (self.methods and request.kind == "sse")
        return None if open_ else True

    def doubt(self, request: Request) -> str:
        """Why that can't be told."""
        if self.reason:
            return self.reason
        if self.hosts and request.host is None:
            return f"it depends on the host: {', '.join(self.hosts[:3])}"
        return f"it depends on the method: {', '.join(sorted(self.methods))}" if self.methods else ""


@dataclass(frozen=True, slots=True)
class Share:
    """A target group's share of what an action forwards. target: its key among the node's hops. certain: it surely gets some."""

    target: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A listener rule, or the default action (priority LAST). shares: where it forwards to, by weight; none where it
    answers by itself: answer (`301 https://…`, `403`)."""

    priority: float = LAST
    conditions: Conditions = Conditions()
    shares: tuple[Share, ...] = ()
    answer: Known[str] | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """What one listener does. unread: its rules could not be read, so that nothing of it is certain."""

    name: str
    rules: tuple[Rule, ...]
    port: int | None = None
    unread: bool = False


class Taken(NamedTuple):
    """A rule that may take a request, whether it surely does, and why not."""

    rule: Rule
    certain: bool
    reasons: tuple[str, ...]


def rules_taking(rules: Sequence[Rule], request: Request) -> Iterator[Taken]:
    """The rules that a request may meet, by priority: the first that surely takes it is the last that is tried."""
    reasons: tuple[str, ...] = ()
    settled: float | None = None
    for rule in sorted(rules, key=lambda rule: rule.priority):
        if settled is not None and rule.priority != settled:
            return
        taken = rule.conditions.take(request)
        if taken is False:
            continue
        if taken:
            yield Taken(rule, not reasons, reasons)
            settled = rule.priority
            reasons = (*reasons, "which of two rules of one priority comes first can't be told")
        else:
            reasons = (*reasons, rule.conditions.doubt(request))
            yield Taken(rule, False, reasons)


@dataclass(kw_only=True, eq=False)
class BalancerNode(Node):
    """A load balancer: its listeners' rules choose the target group, each of which is a hop.

    keys: a key for each hop, which rules name. ways: its listeners; none where none was read: then any hop may serve.
    """

    hops: tuple[LoadBalancer, ...] = ()
    keys: tuple[str, ...] = ()
    ways: tuple[Listener, ...] = ()

    def route(self, request: Request) -> list[Match]:
        """The target groups that listeners choose; certain where every listener that forwards chooses the same."""
        asked = [
            listener
            for listener in self.ways
            if request.to is None or listener.port is None or request.to.port in (None, listener.port)
        ]
        if any(listener.unread for listener in asked):
            return self._any("its listeners' rules could not be read", self.hops)
        if not self.ways:
            return self._any("its listeners are not to be seen", self.hops)
        if not any(rule.shares for listener in self.ways for rule in listener.rules):
            return self._any("its listeners are not to be seen", [hop for hop in self.hops if hop.assumable])
        found: dict[str, list[Match]] = {}
        answers: list[Match] = []
        forwarding = 0
        for listener in asked:
            matches = dict(self._through(listener, request))
            answers += [
                Match(None, taken.certain, taken.reasons, taken.rule.answer)
                for taken in self._answers(listener, request)
            ]
            forwarding += bool(matches)
            for key, match in matches.items():
                found.setdefault(key, []).append(match)
        chosen = [self._agreed(matches, len(found), forwarding) for matches in found.values()]
        return [Match(hop, certain, reasons) for hop, certain, reasons in likely(chosen)] or answers[:1]

    def _any(self, reason: str, hops: Sequence[LoadBalancer]) -> list[Match]:
        """Where no rule is known: any hop may serve."""
        return [Match(hop, False, reasons) for hop, _, reasons in likely([(hop, False, (reason,)) for hop in hops])]

    def _agreed(
        self, matches: Sequence[Match], chosen: int, forwarding: int
    ) -> tuple[LoadBalancer, bool, tuple[str, ...]]:
        sure = any(match.certain for match in matches) and (chosen == 1 or len(matches) == forwarding)
        reasons = tuple(dict.fromkeys(reason for match in matches for reason in match.reasons))
        if not sure and chosen > 1 and not reasons:
            reasons = (f"{self.name} may send it to {chosen} target groups",)
        hop = matches[0].hop
        assert isinstance(hop, LoadBalancer)
        return hop, sure, () if sure else reasons

    def _through(self, listener: Listener, request: Request) -> Iterator[tuple[str, Match]]:
        """The hops that a listener may send a request to, by key."""
        found: dict[str, Match] = {}
        for taken in rules_taking(listener.rules, request):
            for share in taken.rule.shares:
                certain = taken.certain and share.certain
                reasons = taken.reasons if share.certain else (*taken.reasons, "its weight is not known")
                known = found.get(share.target)
                if share.target in self.keys and (known is None or (certain and not known.certain)):
                    found[share.target] = Match(self.hops[self.keys.index(share.target)], certain, reasons)
        yield from found.items()

    def _answers(self, listener: Listener, request: Request) -> Iterator[Taken]:
        return (taken for taken in rules_taking(listener.rules, request) if taken.rule.answer is not None)
