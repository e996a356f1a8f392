"""Load balancers as nodes: each target group that listeners lead to is a hop, which their rules choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from msgspec.structs import replace

from infralint.model import (
    SAME_PATH,
    Address,
    Forward,
    Hop,
    Known,
    Location,
    Match,
    Node,
    Pool,
    Related,
    Request,
    Rival,
    Selection,
    Setting,
    Unknown,
    not_applicable,
    silence_clocks,
)
from infralint.platforms.aws_elb.attributes import (
    ATTRIBUTES,
    CLASSIC_MOST_IDLE,
    DEREGISTRATION,
    GENEROUS,
    IDLE,
    NOTHING,
    PROTOCOL_VERSION,
    TARGET_TYPE,
    TCP_IDLE,
    TYPE,
    Attributes,
    Family,
)
from infralint.platforms.aws_elb.facts import Balancer, ForwardedGroup, TargetGroup, ways_of
from infralint.platforms.aws_elb.rules import GREATEST, LAST, Listener, Rule, rules_taking
from infralint.platforms.aws_elb.settings import (
    affinity,
    assumable,
    forwards_upgrade,
    idle_timeout,
    is_of_the_web,
    refusal,
    stray_idle,
    unstickable,
)
from infralint.platforms.forwarding import set_by
from infralint.text.lazy import lazy

_SPOKEN: Mapping[str, str] = {"HTTP1": "1.1", "HTTP2": "2", "GRPC": "2"}
"""Protocol version of a target group -> the HTTP that an application load balancer speaks with it.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
"""


class LoadBalancer(Hop, frozen=True, kw_only=True):
    """One way through a load balancer: a target group, and a listener where that decides.

    `buffers_responses` and `forwards_upgrade` speak of the balancer itself, which streams; what a
    Lambda target makes of it is told by `target_type`. group: the target group's name ("" where
    none is visible). targets: what the group leads to, itself first. attributes: what was set on the group
    and on the action that leads to it, by AWS's keys. groups: how many target groups share the action.
    http: the version that it speaks with its targets; None where it passes bytes on. stray_idle: an idle
    timeout that was set where this family ignores it. unstickable: why nothing can be set here that keeps
    a client on its target, and what to do instead ("" where something can). of_the_web: a stream of a
    browser may pass at all. rules: those of each listener that lead here, where one of them rewrites requests.
    listeners: port and protocol of each that leads here and speaks HTTP itself, so that it sets X-Forwarded headers.
    refusal: a value that AWS does not take.
    """

    kind: ClassVar[str] = "load balancer"

    family: Setting[Family]
    target_type: Setting[str]
    group: str = ""
    group_where: Location | None = None
    group_aliases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    groups: int = 1
    attributes: Attributes = NOTHING
    http: Setting[str] | None = None
    stray_idle: Known[float] | None = None
    unstickable: str = ""
    of_the_web: bool = True
    rules: tuple[tuple[Rule, ...], ...] = ()
    listeners: tuple[tuple[int | None, str], ...] = ()
    refusal: Unknown | None = None

    @property
    def product(self) -> str:
        family = self.variant or "AWS"
        return f"{'an' if family == 'application' else 'a'} {family} load balancer"

    @property
    def variant(self) -> str:
        return self.family.value if isinstance(self.family, Known) else ""

    @property
    def reuses_for(self) -> Setting[float] | None:
        """An application load balancer keeps connections to targets for its idle timeout.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#connection-idle-timeout
        """
        return self.idle_timeout if self.variant == "application" else None

    @property
    def pool(self) -> Pool:
        """The target group and what is registered in it."""
        return Pool(references=self.targets) if self.targets else Pool(reason="its target group is not visible here")

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        """The request with its path and host as they came, unless a rule rewrites them; a network load balancer passes
        on the bytes themselves."""
        is_dropped = isinstance(self.forwards_upgrade, Known) and self.forwards_upgrade.value == "dropped"
        upgrade = self.forwards_upgrade if is_dropped else request.upgrade
        headers = request.headers_with(self._forwarding(request))
        sent = replace(request, to=None, http=self.http or request.http, upgrade=upgrade, headers=headers)
        met = (taken.rule for rules in self.rules for taken in rules_taking(rules, request))
        rewritten = (_rewritten(sent, rule, self.pool) for rule in met)
        distinct = {(forward.request.path, forward.request.host, forward.pool): forward for forward in rewritten}
        return tuple(distinct.values()) or (Forward(sent, self.pool),)

    def _forwarding(self, request: Request) -> dict[str, Setting[str]]:
        """The headers by which a load balancer that speaks HTTP says how it was asked.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
        """
        dialled = request.to.port if request.to is not None else None
        asked = [(port, protocol) for port, protocol in self.listeners if dialled in (None, port) or port is None]
        if not asked:
            return {}
        headers = dict(set_by(self.name, self.where, ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto")))
        ports, protocols = {str(port) for port, _ in asked}, {protocol.lower() for _, protocol in asked}
        for name, texts in (("x-forwarded-port", ports - {"None"}), ("x-forwarded-proto", protocols - {""})):
            if len(texts) == 1 and len(asked) == 1:
                headers[name] = Known(texts.pop(), self.where, name, "default")
        return headers

    def longer_idle(self, seconds: float) -> tuple[str, float]:
        """AWS's key of the attribute that allows so many seconds of silence, and what to set it to; no key where none
        does."""
        wanted = max(seconds, GENEROUS)
        family = self.family.value if isinstance(self.family, Known) else "application"
        if family in ("network", "gateway"):
            is_fixed = isinstance(self.idle_timeout, Known) and self.idle_timeout.because
            return ("", 0) if is_fixed or wanted > ATTRIBUTES[TCP_IDLE].most else (TCP_IDLE, wanted)
        most = CLASSIC_MOST_IDLE if family == "classic" else ATTRIBUTES[IDLE].most
        return ("", 0) if wanted > most else (IDLE, wanted)

    def drain_time(self) -> Setting[float] | None:
        """The deregistration delay of its target group, where it is set."""
        return self.attributes.get(DEREGISTRATION)

    def longer_delay(self, seconds: float) -> float:
        """Seconds that a target which leaves should get, so that a stream of that length can finish."""
        return min(max(seconds, GENEROUS), ATTRIBUTES[DEREGISTRATION].most)

    def between_groups(self) -> str:
        """What an action over several target groups has to say to keep a client with one, as AWS's API has it."""
        return '"TargetGroupStickinessConfig": {"Enabled": true, "DurationSeconds": 86400}'


def _rewritten(request: Request, rule: Rule, pool: Pool) -> Forward:
    """A request as a rule's transforms leave it; where it goes can't be told if its path can't."""
    path = request.path if rule.url is None else rule.url.forward(request.path)
    host = request.host if rule.host is None or request.host is None else rule.host.of(request.host)
    if path is None:
        reason = rule.url.reason if rule.url is not None else ""
        return Forward(request, Pool(reason=reason or "what the rule's transform makes of the path can't be told"))
    return Forward(replace(request, path=path, host=host), pool, rule.url or SAME_PATH)


def fields_of(way: ForwardedGroup) -> dict[str, Any]:
    """The fields of a LoadBalancer that follow from facts; the source adds its own."""
    balancer, group = way.balancer, way.group
    return {
        "name": balancer.name,
        "where": balancer.where,
        "family": balancer.attribute(TYPE),
        "buffers_responses": not_applicable("never", balancer.where),
        "clocks": silence_clocks(idle_timeout(way)),
        "forwards_upgrade": forwards_upgrade(way),
        "keeps_affinity": affinity(way),
        "runtime": not_applicable("", balancer.where),
        "target_type": way.of_group(TARGET_TYPE),
        "group": group.name if group is not None else "",
        "group_where": group.where if group is not None else None,
        "group_aliases": group.aliases if group is not None else (),
        "targets": tuple(_references(group)) if group is not None else (),
        "aliases": balancer.aliases,
        "groups": way.groups,
        "attributes": {**way.action, **(group.attributes if group is not None else NOTHING)},
        "http": _spoken(way),
        "stray_idle": stray_idle(balancer),
        "unstickable": unstickable(way),
        "assumable": assumable(way),
        "of_the_web": is_of_the_web(way),
        "rules": _by_listener(way) if any(rule.rewrites for rule in way.rules) else (),
        "listeners": _speaking_http(way),
        "paths": way.paths,
        "hosts": way.hosts,
        "refusal": refusal(way),
    }


TARGET_GROUP = lazy(r":targetgroup/([^/]+)/")
"""The name of a target group within its ARN."""


def group_reference(name: str) -> str:
    """What a target group is known by to those who know its name alone."""
    return f"target-group:{name}"


def _references(group: TargetGroup) -> Iterator[str]:
    """What a target group leads to, itself first, and then what binds itself to it by its name."""
    names = (group_reference(alias) for alias in group.aliases)
    yield from filter(None, (group.key, *group.targets, *names))


def _by_listener(way: ForwardedGroup) -> tuple[tuple[Rule, ...], ...]:
    return tuple(
        tuple(rule for rule in listener.rules if any(rule is member for member in way.rules))
        for listener in way.balancer.listeners
    )


def _speaking_http(way: ForwardedGroup) -> tuple[tuple[int | None, str], ...]:
    """Port and protocol of the listeners that lead there and speak HTTP themselves."""
    if not way.balancer.is_of("application", "classic"):
        return ()
    leading = [
        listener
        for listener, rules in zip(way.balancer.listeners, _by_listener(way), strict=True)
        if rules and (listener.protocol in ("HTTP", "HTTPS") or way.balancer.is_of("application"))
    ]
    return tuple((listener.port, listener.protocol) for listener in leading)


def _spoken(way: ForwardedGroup) -> Setting[str] | None:
    version = way.of_group(PROTOCOL_VERSION)
    if way.balancer.is_of("network", "gateway"):
        return None
    return version if isinstance(version, Unknown) else replace(version, value=_SPOKEN.get(str(version.value), "1.1"))


class HopChoice(NamedTuple):
    """A hop that may serve a request, whether it surely does, and why not."""

    hop: LoadBalancer
    certain: bool
    reasons: tuple[str, ...]


class BalancerNode(Node, kw_only=True, eq=False):
    """A load balancer: its listeners' rules choose the target group, each of which is a hop.

    listeners: none where none is visible; then any hop may serve. unseen: why they are not known.
    positions: where the hop of a group stands, by the group's key and the listener's name.
    """

    hops: tuple[LoadBalancer, ...] = ()
    listeners: tuple[Listener, ...] = ()
    unseen: str = ""
    positions: Mapping[tuple[str, str], int] = {}

    def route(self, request: Request) -> list[Match]:
        """The target groups that listeners choose; certain where every listener that forwards chooses the same."""
        if reason := self._blindness():
            matches = _matches([HopChoice(hop, False, (reason,)) for hop in self.hops])
            return [replace(match, loss=_loss(match, reason)) for match in matches] or self._answers(request)
        ways = [self._through(listener, request) for listener in self.listeners if listener.is_asked(request)]
        forwarding = [way for way in ways if way]
        if not forwarding:
            return self._answers(request)
        positions = dict.fromkeys(position for way in forwarding for position in way)
        return _matches([self._agree(position, forwarding, len(positions)) for position in positions])

    def explain(self, request: Request, hop: Hop | None) -> Selection:
        """The rules that lead to a hop, and those that would take the request elsewhere."""
        steps: list[Related] = []
        rivals: list[Rival] = []
        for listener in self.listeners:
            if not listener.unread and listener.is_asked(request):
                taken = list(rules_taking(listener.rules, request))
                leading = [found.rule for found in taken if self._leads_to(found.rule, listener, hop)]
                for rule in leading[:1]:
                    steps.append(Related(f"{_rule_name(rule, listener)} {rule.sentence}", self._place_of(rule)))
                    rivals += self._rivals(listener, rule, request)
        return Selection(tuple(steps), tuple(rivals[:MOST_RIVALS]))

    def _place_of(self, rule: Rule) -> Location:
        """Where a rule stands; the load balancer where that is not kept."""
        return rule.answer.where if rule.answer is not None else self.hops[0].where if self.hops else Location("")

    def _leads_to(self, rule: Rule, listener: Listener, hop: Hop | None) -> bool:
        if hop is None:
            return rule.answer is not None
        positions = (self.positions.get((share.group, listener.name)) for share in rule.shares)
        return any(position is not None and self.hops[position] is hop for position in positions)

    def _rivals(self, listener: Listener, chosen: Rule, request: Request) -> Iterator[Rival]:
        """The other rules of a listener, by priority."""
        for rule in sorted(listener.rules, key=lambda rule: rule.priority):
            if rule is not chosen:
                fits = rule.takes(request) is not False
                lost = f"{_rule_name(chosen, listener)} comes first" if fits else "the request does not meet it"
                yield Rival(f"{_rule_name(rule, listener)} {rule.sentence}", self._place_of(rule), lost, fits)

    def _blindness(self) -> str:
        """Why nothing is known of where requests go; "" where something is."""
        if unread := next((listener.unread for listener in self.listeners if listener.unread), self.unseen):
            return unread
        seen = any(rule.shares for listener in self.listeners for rule in listener.rules)
        return "" if seen else "its listeners are not visible here"

    def _through(self, listener: Listener, request: Request) -> dict[int, HopChoice]:
        """The hops that a listener may send a request to, by position."""
        found: dict[int, HopChoice] = {}
        for taken in rules_taking(listener.rules, request):
            for share in taken.rule.shares:
                position = self.positions[share.group, listener.name]
                reasons = (
                    taken.reasons if share.certain else (*taken.reasons, "the weight of its target group is not known")
                )
                choice = HopChoice(self.hops[position], taken.certain and share.certain, reasons)
                if position not in found or (choice.certain and not found[position].certain):
                    found[position] = choice
        return found

    def _agree(self, position: int, forwarding: Sequence[Mapping[int, HopChoice]], chosen: int) -> HopChoice:
        """What all listeners together say of a hop. chosen: how many hops they choose among."""
        choices = [way[position] for way in forwarding if position in way]
        certain = any(choice.certain for choice in choices) and (chosen == 1 or len(choices) == len(forwarding))
        reasons = tuple(dict.fromkeys(reason for choice in choices for reason in choice.reasons))
        if certain:
            reasons = ()
        elif not reasons:
            reasons = (f"{self.name} may send it to {chosen} target groups",)
        return HopChoice(self.hops[position], certain, reasons)

    def _answers(self, request: Request) -> list[Match]:
        """What the first rule that answers by itself says."""
        answers = (
            Match(None, taken.certain, taken.reasons, taken.rule.answer)
            for listener in self.listeners
            if listener.is_asked(request)
            for taken in rules_taking(listener.rules, request)
            if taken.rule.answer is not None
        )
        return list(answers)[:1]


MOST_RIVALS = 8
"""Rules beside the one that leads to a hop that are named."""


def _rule_name(rule: Rule, listener: Listener) -> str:
    port = f" of port {listener.port}" if listener.port is not None else ""
    if rule.priority == LAST:
        return f"the default action{port}"
    return f"rule {rule.priority:g}{port}" if rule.priority <= GREATEST else f"a rule{port}"


_OTHER_PORT = "nothing says that it carries a stream: its port is not one of the web"


def _matches(choices: Sequence[HopChoice]) -> list[Match]:
    """Of the hops that may serve a stream those of the web; where there are none of these the others, none certain."""
    likely = [choice for choice in choices if choice.hop.assumable]
    others = [HopChoice(choice.hop, False, (_OTHER_PORT,)) for choice in choices if choice.hop.of_the_web]
    return [Match(*choice) for choice in likely or others]


def _loss(match: Match, reason: str) -> Unknown | None:
    """What to say of a stream where nothing is known of what a load balancer does with its requests."""
    if match.hop is None:
        return None
    why = f"whether the stream comes through {match.hop.name} can't be told: {reason}"
    remedy = "name it under `hops:` of the declared stream, if it does"
    return Unknown(match.hop.where, "listeners", why, remedy)


def node_fields(balancer: Balancer, made: Callable[[ForwardedGroup], LoadBalancer]) -> dict[str, Any]:
    """The fields of a BalancerNode. made: makes a source's own hop, of `fields_of` and what else it knows."""
    ways = ways_of(balancer)
    hops: list[LoadBalancer] = []
    kinds: dict[object, int] = {}
    places: dict[tuple[str, str], int] = {}
    for key, way in ways.items():
        hop = made(way)
        kind = _classic_kind(hop) if balancer.is_of("classic") else key
        if kind not in kinds:
            kinds[kind] = len(hops)
            hops.append(hop)
        places[key] = kinds[kind]
    return {
        "name": balancer.name,
        "hops": tuple(hops),
        "listeners": balancer.listeners,
        "unseen": balancer.unseen.why if balancer.unseen is not None else "",
        "positions": dict(_positions(balancer, places)),
        "listens": tuple(
            Address(balancer.dns_name, listener.port) for listener in balancer.listeners if listener.port is not None
        ),
        "known_as": frozenset(filter(None, (balancer.address, balancer.dns_name))),
        "published": balancer.published,
    }


def _classic_kind(hop: LoadBalancer) -> object:
    """What listeners of one classic load balancer have to share to be judged as one."""
    affinity, upgrade = hop.keeps_affinity, hop.forwards_upgrade
    return isinstance(upgrade, Known), affinity.value if isinstance(affinity, Known) else None, hop.assumable


def _positions(balancer: Balancer, places: Mapping[tuple[str, str], int]) -> Iterator[tuple[tuple[str, str], int]]:
    for listener in balancer.listeners:
        for rule in listener.rules:
            for share in rule.shares:
                position = places.get((share.group, listener.name), places.get((share.group, "")))
                if position is not None:
                    yield (share.group, listener.name), position
