"""Routing by host and path as Ingress, Gateway API and their like describe it: which rule takes a request, and where it goes.

https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal, TypeVar

import msgspec
from msgspec.structs import replace

from infralint.model import (
    NOWHERE,
    SAME_PATH,
    Address,
    CantFix,
    Edit,
    Forward,
    Hop,
    Known,
    Location,
    Match,
    Node,
    PathMap,
    Pool,
    Related,
    Request,
    Rival,
    Selection,
    Setting,
)
from infralint.platforms.forwarding import set_by
from infralint.text.patterns import Unsearchable, literal_start, search
from infralint.text.stream_names import CATCH_ALLS

Owner = TypeVar("Owner")

PathKind = Literal["exact", "segments", "prefix", "regex"]
"""How a path is compared: all of it; segment by segment (`/api` takes `/api/x` and not `/apis`); by its first letters;
by a regular expression."""
Anchoring = Literal["beginning", "whole", "anywhere", "unknown"]
"""Which part of a path a regular expression has to fit: its beginning, all of it, any part; or that is not known."""
_WEIGHTS: Mapping[PathKind, int] = {"exact": 3, "regex": 1, "segments": 2, "prefix": 2}


MOST_PAIRS = 10_000
"""Hosts times paths of a route that are told apart."""


def few_hosts(hosts: Sequence[str], paths: int, owner: str) -> tuple[Sequence[str], str]:
    """The hosts that a route has rules for, and no doubt; of too many for so many paths any host, which may be another one.

    owner: what names the hosts, in words.
    """
    if len(hosts) * paths <= MOST_PAIRS:
        return hosts, ""
    return [""], f"the host is one of the {len(hosts)} that {owner} names"


class RouteRule(msgspec.Struct, frozen=True):
    """One rule. host: "" for any, `*.example.com` for all below. path: "/" takes everything. doubt: what else it asks
    of a request, so that it may not take it ("" for nothing). targets: where it sends requests; none where that can't be
    told (reason), or nodes are named outright (references). paths: how it rewrites them; answer: what it answers by
    itself instead. where: where it is written. written: its path in the words of its file, where these differ. anchoring:
    what of a path an expression has to fit.
    """

    host: str = ""
    path: str = "/"
    kind: PathKind = "segments"
    doubt: str = ""
    targets: tuple[Address, ...] = ()
    reason: str = ""
    paths: PathMap = SAME_PATH
    answer: Known[str] | None = None
    ignore_case: bool = False
    where: Location = NOWHERE
    references: tuple[str, ...] = ()
    written: str = ""
    anchoring: Anchoring = "beginning"

    @property
    def name(self) -> str:
        """What it asks for: `chat.example.com/api`."""
        return f"{self.host}{self.written or self.path}"

    def takes(self, request: Request) -> bool | None:
        """Whether a request is taken; None: it may be."""
        if request.host is not None and not _is_host(request.host, self.host):
            return False
        fits = self._fits(request.path)
        unsure = self.doubt or (request.host is None and self.host)
        return None if fits and unsure else fits

    def is_whole_host_taken(self, request: Request) -> bool:
        """Whether a request is taken if it asks for the rule's host."""
        return not self.doubt and self._fits(request.path) is True

    def why_unsure(self, request: Request) -> str:
        """Why it is not known whether it takes a request."""
        if self._fits(request.path) is None:
            if self.anchoring == "unknown":
                return f"whether `{self.name}` has to fit all of {request.path}, or a part of it, is not known"
            return f"the expression `{self.name}` can't be tried on {request.path}"
        return self.doubt or CATCH_ALL_REASON

    def acceptance(self, path: str) -> str:
        """Why it takes a path."""
        match self.kind:
            case "exact":
                return f"`{self.name}` is exactly {path}"
            case "regex":
                return f"the expression `{self.name}` fits {path}"
        return f"`{self.name}` is a prefix of {path}"

    def refusal(self, request: Request) -> str:
        """Why it does not take a request."""
        if request.host is not None and not _is_host(request.host, self.host):
            return f"the host is {request.host}"
        return f"{request.path} does not fit it"

    def _fits(self, path: str) -> bool | None:
        if self.kind != "regex":
            written, asked = (self.path.lower(), path.lower()) if self.ignore_case else (self.path, path)
            if self.kind == "exact":
                return asked == written
            if self.kind == "prefix":
                return asked.startswith(written)
            plain = written.rstrip("/")
            return asked == plain or asked.startswith(f"{plain}/")
        if self.anchoring == "unknown":
            is_part, is_whole = self._fits_part(path, "anywhere"), self._fits_part(path, "whole")
            return is_part if is_part == is_whole else None
        return self._fits_part(path, self.anchoring)

    def _fits_part(self, path: str, anchoring: Anchoring) -> bool | None:
        """Whether an expression fits what it has to fit of a path; None where that can't be tried."""
        pattern = self.path
        if anchoring != "anywhere":
            start = literal_start(pattern)
            if not (path.lower().startswith(start.lower()) if self.ignore_case else path.startswith(start)):
                return False
            pattern = f"^(?:{pattern}){'$' if anchoring == 'whole' else ''}"
        try:
            return search(pattern, path, self.ignore_case) is not None
        except Unsearchable:
            return None

    @property
    def weight(self) -> tuple[bool, int, int, int]:
        """What decides between rules that take the same request: the host, then how exactly the path is named."""
        labels = len(self.host)
        return "*" not in self.host and bool(self.host), labels, _WEIGHTS[self.kind], len(self.path)


def _is_host(asked: str, host: str) -> bool:
    if not host or host == "*":
        return True
    asked, host = asked.lower(), host.lower()
    return asked.endswith(host[1:]) if host.startswith("*") else asked == host


BACKEND_HTTP = Known("1.1", NOWHERE, "", "default")
CATCH_ALL_REASON = "which host is asked is not known"


class RoutedHop(Hop, frozen=True, kw_only=True):
    """What a set of rules sends on, all under the same settings.

    rules: those that lead through it. http: what is spoken to the backend. literals: where values stand that an edit may
    replace, by the name of the setting; addition: where one may be added, and how deep it is indented. grace: seconds
    that the pods behind it get to finish.
    """

    rules: tuple[RouteRule, ...] = ()
    http: Setting[str] = BACKEND_HTTP
    literals: Mapping[str, Location] = {}
    addition: Location | None = None
    addition_indent: int = 0
    grace: Setting[float] | None = None

    def drain_time(self) -> Setting[float] | None:
        return self.grace

    @property
    def pool(self) -> Pool:
        """Whom its rules dial."""
        targets = tuple(dict.fromkeys(target for rule in self.rules for target in rule.targets))
        references = tuple(dict.fromkeys(name for rule in self.rules for name in rule.references))
        reason = next((rule.reason for rule in self.rules if rule.reason), "")
        return Pool(targets=targets, references=references, reason=reason)

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        """The request as the rules that take it send it on, each towards its own backend."""
        taking = list(best_rules(self.rules, request)) or list(self.rules)
        forwards = (self._forward(rule, request) for rule in taking)
        distinct = {(forward.request.path, forward.pool): forward for forward in forwards}
        return tuple(distinct.values())

    def path_maps(self, request: Request) -> Iterable[PathMap]:
        taking = list(best_rules(self.rules, request)) or self.rules
        return dict.fromkeys(rule.paths for rule in taking)

    def _forward(self, rule: RouteRule, request: Request) -> Forward:
        path = rule.paths.forward(request.path)
        pool = Pool(targets=rule.targets, references=rule.references, reason=rule.reason)
        if path is None:
            pool = Pool(reason="the path that is sent on is not known")
        sent = replace(
            request,
            path=path or request.path,
            to=None,
            http=self.http,
            upgrade=self.upgrade_out(request),
            headers=request.headers_with(set_by(self.name, self.where)),
        )
        return Forward(sent, pool, rule.paths)

    def literal(self, setting: str, seconds: float) -> tuple[str, str]:
        """The name and the text of what puts a setting right, where that is one value; ("", "") where it is not."""
        return "", ""

    def fix(self, setting: str, seconds: float = 0) -> str:
        name, text = self.literal(setting, seconds)
        return f"{name}: {text}" if name else ""

    def edits(self, setting: str, seconds: float = 0) -> tuple[Edit, ...]:
        """Another value where one is written out, or one more where its neighbours stand."""
        name, text = self.literal(setting, seconds)
        if not name:
            raise CantFix("infralint knows no edit for this")
        place = self.literals.get(name)
        if place is not None:
            return (Edit(place, text),)
        if name in self.literals or self.addition is None:
            raise CantFix("it is not written out where it could be changed")
        return (Edit(self.addition, f"{' ' * self.addition_indent}{name}: {text}\n"),)


def best_rules(rules: Iterable[RouteRule], request: Request) -> Iterator[RouteRule]:
    """The rules that may take a request, the one that names it best first; none behind one that surely takes it."""
    ranked = sorted(rules, key=lambda rule: rule.weight, reverse=True)
    yield from (rule for rule, _ in _find_taking_rules(((rule, None) for rule in ranked), request))


def _find_taking_rules(
    rules: Iterable[tuple[RouteRule, Owner]], request: Request, in_order: bool = False
) -> Iterator[tuple[RouteRule, Owner]]:
    """Of rules in the order in which they are asked, with whatever belongs to each: those that may take a request.

    None comes behind one that takes all that it would: where the host is not known, one of the same host. Of two that
    ask for the very same, only the order in which they stand can say which counts (in_order).
    """
    settled: dict[str, tuple[bool, int, int, int]] = {}
    for rule, owner in rules:
        host = rule.host.lower()
        if host in settled and (in_order or settled[host] != rule.weight):
            continue
        taken = rule.takes(request)
        if taken is False:
            continue
        yield rule, owner
        if taken:
            return
        if rule.is_whole_host_taken(request):
            settled.setdefault(host, rule.weight)


class RoutingNode(Node, kw_only=True, eq=False, dict=True):
    """What sends requests on by rules. in_order: the first rule that takes a request counts, else the one that names it best."""

    hops: tuple[RoutedHop, ...] = ()
    in_order: bool = False

    def route(self, request: Request) -> Sequence[Match]:
        """The hops whose rules take a request; certain where no other may. The last answer is kept: each hop of a node is
        asked for the same request, one after the other."""
        asked = (request.host, request.path)
        if asked not in self._last_route:
            self._last_route.clear()
            self._last_route[asked] = self._route(request)
        return self._last_route[asked]

    @cached_property
    def _last_route(self) -> dict[tuple[str | None, str], Sequence[Match]]:
        return {}

    def match_of(self, request: Request, hop: Hop) -> Match | None:
        """How a hop of it is chosen for a request; the others are asked only where a rule of this hop's may take it."""
        rules = hop.rules if isinstance(hop, RoutedHop) else ()
        return super().match_of(request, hop) if any(rule.takes(request) is not False for rule in rules) else None

    def _route(self, request: Request) -> Sequence[Match]:
        found: list[tuple[RoutedHop, RouteRule]] = []
        reasons: list[str] = []
        for rule, hop in _find_taking_rules(self._rules_for(request.host), request, self.in_order):
            found.append((hop, rule))
            if rule.takes(request) is None:
                reasons.append(rule.why_unsure(request))
        hops = {id(hop): hop for hop, _ in found}.values()
        distinct = tuple(dict.fromkeys(reasons))
        answers = [rule.answer for _, rule in found if rule.answer is not None]
        if answers and len(answers) == len(found):
            return [Match(None, not reasons, distinct, answers[0])]
        certain = len(hops) == 1 and distinct in ((), (CATCH_ALL_REASON,))
        return [Match(hop, certain, () if certain else distinct) for hop in hops]

    def explain(self, request: Request, hop: Hop | None) -> Selection:
        """The rule that leads to a hop, and those that would take the request elsewhere, or nearly do."""
        taking = [(rule, owner) for rule, owner in self._rules_for(request.host) if rule.takes(request) is not False]
        leading = (rule for rule, owner in taking if (owner is hop if hop is not None else rule.answer is not None))
        chosen = next(leading, None)
        if chosen is None:
            return Selection()
        doubt = f", if {chosen.doubt}" if chosen.doubt else ""
        step = Related(f"{chosen.acceptance(request.path)}{doubt}", chosen.where)
        fitting = [rule for rule, owner in taking if rule is not chosen and owner is not hop]
        missed = [
            rule
            for rule, owner in self._ranked
            if owner is not hop and _is_near(rule, chosen) and rule.takes(request) is False
        ]
        rivals = [
            *(Rival(rule.name, rule.where, self._loss(rule, chosen)) for rule in fitting),
            *(Rival(rule.name, rule.where, rule.refusal(request), False) for rule in missed),
        ]
        return Selection((step,), tuple(rivals[:MOST_RIVALS]))

    def _loss(self, rule: RouteRule, chosen: RouteRule) -> str:
        """Why a rule that takes the request, too, does not get it."""
        if rule.doubt:
            return f"it gets the request where it fits: {rule.doubt}"
        if self.in_order:
            return "the first rule that fits is taken, and it stands later"
        if rule.host != chosen.host:
            return "a rule that names the host more exactly is taken"
        return "the rule that names the path more exactly is taken"

    @cached_property
    def _ranked(self) -> list[tuple[RouteRule, RoutedHop]]:
        """All rules, those that are asked first first."""
        pairs = [(rule, hop) for hop in self.hops for rule in hop.rules]
        return pairs if self.in_order else sorted(pairs, key=lambda pair: pair[0].weight, reverse=True)

    @cached_property
    def _ranks_by_host(self) -> dict[str, list[int]]:
        """Which of the ranked rules ask for a host, in small letters; "" has those that any host may fit."""
        found: dict[str, list[int]] = {}
        for rank, (rule, _) in enumerate(self._ranked):
            found.setdefault("" if rule.host.startswith("*") else rule.host.lower(), []).append(rank)
        return found

    def _rules_for(self, host: str | None) -> Iterator[tuple[RouteRule, RoutedHop]]:
        """The ranked rules that may take a request for a host; all where it is not known."""
        if host is None:
            yield from self._ranked
            return
        by_host = self._ranks_by_host
        any_host, named = by_host.get("", []), by_host.get(host.lower(), []) if host else []
        ranks = heapq.merge(any_host, named) if any_host and named else any_host or named
        yield from (self._ranked[rank] for rank in ranks)


MOST_RIVALS = 8
"""Rules beside the chosen one that are named."""


def _is_near(rule: RouteRule, chosen: RouteRule) -> bool:
    """Whether a reader might have thought that a rule takes what another one does."""
    return rule.host == chosen.host or rule.path == chosen.path


def whole_apis(rules: Iterable[RouteRule]) -> frozenset[str]:
    """The hosts of which a rule takes the whole API by a path of its own (`/api`)."""
    return frozenset(rule.host for rule in rules if plain_path(rule) in CATCH_ALLS - {""})


def are_general(rules: Iterable[RouteRule], apis: Collection[str]) -> bool:
    """Whether rules take whatever an application serves: `/` does where no other rule of its host takes the whole API.

    apis: the `whole_apis` of all rules of the node.
    """
    return any(_is_general(rule, apis) for rule in rules)


def _is_general(rule: RouteRule, apis: Collection[str]) -> bool:
    if rule.kind == "exact" or rule.answer is not None:
        return False
    path = plain_path(rule)
    return path in CATCH_ALLS and (path != "" or rule.host not in apis)


def hosts_of(rules: Iterable[RouteRule]) -> tuple[str, ...]:
    """The hosts that rules name, each once."""
    return tuple(dict.fromkeys(rule.host for rule in rules if rule.host))


def paths_of(rules: Iterable[RouteRule]) -> tuple[str, ...]:
    """The paths that rules name, each once, with `*` behind one of which they compare the first letters."""
    return tuple(dict.fromkeys(f"{rule.path}*" if rule.kind == "prefix" else rule.path for rule in rules))


def plain_path(rule: RouteRule) -> str:
    """The path of a rule without what a regular expression catches behind it: `/api(/|$)(.*)` is `/api`."""
    path = rule.path
    if rule.kind == "regex":
        if rule.anchoring == "anywhere" and not path.startswith("^"):
            return ""
        for mark in ("(", "[", ".*", "?", "$"):
            path = path.partition(mark)[0]
        path = path.lstrip("^")
    return path.rstrip("/")
