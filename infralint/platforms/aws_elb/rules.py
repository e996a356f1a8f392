"""Listener rules: which target groups a load balancer's listeners send a request to, whoever wrote them down.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

import msgspec

from infralint.model import Known, Request
from infralint.platforms.aws_elb.attributes import NOTHING, PORT, PROTOCOL, Attributes, carries_tcp
from infralint.platforms.aws_elb.rewriting import RewriteTransform
from infralint.text.arns import short_name
from infralint.text.globs import is_like
from infralint.text.patterns import Unsearchable, search

LAST = float("inf")
"""The priority of a listener's default action."""
GREATEST = 50000
"""The greatest priority that can be written; AWS gives those that are not written the next free one."""
HANDSHAKE = "GET"
STREAMING_METHODS = frozenset({"GET", "POST"})
"""The methods by which a browser asks for a stream: `EventSource` and `fetch`."""
EVERYBODY = frozenset({"0.0.0.0/0", "::/0"})

ConditionField = Literal[
    "host-header", "path-pattern", "http-header", "http-request-method", "query-string", "source-ip"
]
FIELDS: tuple[ConditionField, ...] = get_args(ConditionField)


class Condition(msgspec.Struct, frozen=True):
    """One condition of a rule: any one of its values, or of its regular expressions, must fit.

    values: patterns, in which `*` is any characters and `?` is one; CIDR blocks for `source-ip`. header: the name,
    for `http-header`. reason: why it can't be told what it asks for; "" where that is known.
    """

    field: str
    values: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    header: str = ""
    reason: str = ""

    def holds(self, request: Request) -> bool | None:
        """Whether a request meets it; None: it may."""
        tell = _TELLING.get(self.field)
        return None if self.reason or tell is None else tell(self, request)

    @property
    def doubt(self) -> str:
        """Why it can't be told whether it holds."""
        return self.reason or f"it depends on {self.subject}"

    @property
    def subject(self) -> str:
        """What it asks for."""
        asked = ", ".join((*self.values, *self.expressions)[:3])
        match self.field:
            case "host-header":
                return f"the host: {asked}"
            case "path-pattern":
                return f"the path: {asked}"
            case "http-request-method":
                return f"the method: {asked}"
            case "http-header":
                return f"the request header {self.header}: {asked}"
            case "query-string":
                return f"the query string: {asked}"
            case "source-ip":
                return f"the address of the client: {asked}"
        if self.reason:
            return f"a condition that can't be told: {self.reason}"
        return f"a condition on {self.field}, which infralint does not know"


def _fits(condition: Condition, text: str, ignore_case: bool = False) -> bool | None:
    """Whether a text fits; None where an expression can't be searched, or fits a part of the text alone."""
    fold = str.lower if ignore_case else str
    if any(is_like(fold(text), fold(value)) for value in condition.values):
        return True
    answers = {_is_found(expression, text, ignore_case) for expression in condition.expressions}
    return True if True in answers else None if None in answers else False


def _is_found(expression: str, text: str, ignore_case: bool) -> bool | None:
    try:
        found = search(expression, text, ignore_case)
    except Unsearchable:
        return None
    return False if found is None else True if found[0] == text else None


def _tell_host(condition: Condition, request: Request) -> bool | None:
    """Hosts are compared without regard to case."""
    return None if request.host is None else _fits(condition, request.host.partition(":")[0], ignore_case=True)


def _tell_path(condition: Condition, request: Request) -> bool | None:
    """Paths are compared with regard to case."""
    return _fits(condition, request.path)


def _tell_method(condition: Condition, request: Request) -> bool | None:
    """A handshake is a GET; a stream is asked for by GET or POST."""
    possible = {HANDSHAKE} if request.kind == "websocket" else STREAMING_METHODS
    if possible.issubset(condition.values):
        return True
    return None if possible.intersection(condition.values) else False


_HANDSHAKE_HEADERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"upgrade": ("websocket",), "connection": ("upgrade", "keep-alive, upgrade"), "sec-websocket-version": ("13",)}
)
"""What the handshake of a WebSocket carries, and other requests do not: https://www.rfc-editor.org/rfc/rfc6455#section-4.1"""


def _tell_header(condition: Condition, request: Request) -> bool | None:
    """What hops in front set, and what a handshake must carry, is known beforehand; values are compared without regard
    to case."""
    header = request.header(condition.header.lower())
    if header is not None:
        known = header.value if isinstance(header, Known) else None
        return None if known is None else bool(known) and _fits(condition, known, ignore_case=True)
    sent = _HANDSHAKE_HEADERS.get(condition.header.lower())
    if sent is None:
        return None
    if request.kind != "websocket":
        return None if condition.header.lower() == "connection" else False
    fitting = {_fits(condition, text, ignore_case=True) for text in sent}
    return fitting.pop() if len(fitting) == 1 else None


def _tell_source(condition: Condition, _request: Request) -> bool | None:
    return True if EVERYBODY.intersection(condition.values) else None


_TELLING: Mapping[str, Callable[[Condition, Request], bool | None]] = MappingProxyType(
    {
        "host-header": _tell_host,
        "path-pattern": _tell_path,
        "http-header": _tell_header,
        "http-request-method": _tell_method,
        "source-ip": _tell_source,
    }
)
"""Field of a condition -> what tells whether it holds; a query string is never known beforehand."""


class Share(msgspec.Struct, frozen=True):
    """A target group's share of what an action forwards. group: its key. certain: it surely gets some."""

    group: str
    certain: bool = True


class Rule(msgspec.Struct, frozen=True):
    """A listener rule, or the default action (priority LAST).

    conditions: each must hold; none: it takes everything. shares: where it forwards to, by weight; none where it
    answers by itself: answer (`301 https://…`, `403`). action: attributes of the forward action. An action that
    authenticates users comes before the one that forwards, and changes nothing of where requests go. url, host:
    how its transforms rewrite the request.
    """

    priority: float = LAST
    conditions: tuple[Condition, ...] = ()
    shares: tuple[Share, ...] = ()
    answer: Known[str] | None = None
    action: Attributes = NOTHING
    url: RewriteTransform | None = None
    host: RewriteTransform | None = None

    @property
    def rewrites(self) -> bool:
        return self.url is not None or self.host is not None

    @property
    def sentence(self) -> str:
        """What it asks for, and what it does."""
        asked = " and ".join(condition.subject for condition in self.conditions)
        groups = ", ".join(short_name(share.group) for share in self.shares)
        deed = f"forwards to {groups}" if groups else f"answers {self.answer.value}" if self.answer else "forwards"
        return f"({asked}) {deed}" if asked else deed

    def takes(self, request: Request) -> bool | None:
        """Whether a request is taken; None: it may be."""
        answers = {condition.holds(request) for condition in self.conditions}
        return False if False in answers else None if None in answers else True

    def doubt(self, request: Request) -> str:
        """Why that can't be told."""
        return next((condition.doubt for condition in self.conditions if condition.holds(request) is None), "")

    @property
    def groups(self) -> int:
        """How many target groups surely share its requests."""
        return sum(share.certain for share in self.shares)


class Listener(msgspec.Struct, frozen=True):
    """What one listener does. attributes: its protocol, port and idle timeout, by AWS's keys. unread: why its rules
    could not be read, so that nothing of it is certain."""

    name: str
    rules: tuple[Rule, ...]
    attributes: Attributes = NOTHING
    unread: str = ""

    @property
    def port(self) -> int | None:
        """Where it listens, if that is known."""
        port = self.attributes.get(PORT)
        known = float(port.value) if isinstance(port, Known) and port.value else 0
        return int(known) if 0 < known < 65536 else None

    @property
    def protocol(self) -> str:
        """What it speaks, as far as that is written down."""
        protocol = self.attributes.get(PROTOCOL)
        return str(protocol.value).upper() if isinstance(protocol, Known) and protocol.origin != "default" else ""

    @property
    def carries_tcp(self) -> bool:
        return carries_tcp(self.protocol)

    def is_asked(self, request: Request) -> bool:
        """Whether a request may come to it, by the port that is dialled."""
        dialled = request.to.port if request.to is not None else None
        return self.carries_tcp and (dialled is None or self.port in (None, dialled))


class Taken(NamedTuple):
    """A rule that may take a request, whether it surely does, and why not."""

    rule: Rule
    certain: bool
    reasons: tuple[str, ...]


def rules_taking(rules: Iterable[Rule], request: Request) -> Iterator[Taken]:
    """The rules that a request may meet, by priority: the first that surely takes it is the last that is tried."""
    reasons: tuple[str, ...] = ()
    settled: float | None = None
    for rule in sorted(rules, key=lambda rule: rule.priority):
        if settled is not None and rule.priority != settled:
            return
        taken = rule.takes(request)
        if taken is False:
            continue
        if taken:
            yield Taken(rule, not reasons, reasons)
            settled = rule.priority
            reasons = (*reasons, "which of two rules of one priority comes first can't be told")
        else:
            reasons = (*reasons, rule.doubt(request))
            yield Taken(rule, False, reasons)


def patterns(rules: Sequence[Rule], asked: ConditionField) -> tuple[str, ...]:
    """The values of all conditions on one field, each once."""
    values = (
        value
        for rule in rules
        for condition in rule.conditions
        if condition.field == asked
        for value in (*condition.values, *(f"~{expression}" for expression in condition.expressions))
    )
    return tuple(dict.fromkeys(values))


def redirection(code: object, protocol: object, host: object, path: object) -> str:
    """What a redirect answers, from AWS's words for its parts (`HTTP_301`, `#{host}`)."""
    number = str(code or "HTTP_301").upper().removeprefix("HTTP_")
    return f"{number} {protocol or '#{protocol}'}://{host or '#{host}'}{path or '/#{path}'}".lower()
