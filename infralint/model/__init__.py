"""What sources produce, what checks are asked about and what they answer.

Sources reduce every platform to hops with settings; evidence says which streams exist; a
crossing is one stream on one hop. Checks see crossings and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

Severity = Literal["error", "warning", "note"]
EvidenceKind = Literal["declared", "source", "config", "name", "assumed"]
StreamKind = Literal["sse", "websocket"]
Origin = Literal["explicit", "inherited", "default"]

Buffering = Literal["never", "unless-chunked", "always"]
"""When a hop holds a response back: never; unless the upstream answers chunked over HTTP/1.1
in events smaller than a buffer; always."""

Upgrade = Literal["forwarded", "http/1.0", "dropped"]
"""What becomes of a WebSocket handshake: it reaches the backend; it does, but over HTTP/1.0,
which some backends refuse; it never does."""

Affinity = Literal["single", "client", "address", "today", "none"]
"""What keeps a client on its replica: there is only one; a cookie or key of the client's own;
the address of whoever connects (the same for everybody behind one proxy); that there happens to be
only one today; nothing."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
STRENGTH: tuple[EvidenceKind, ...] = ("declared", "source", "config", "name", "assumed")
CERTAIN_EVIDENCE = frozenset({"declared", "source", "config"})

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, order=True, slots=True)
class Location:
    """A place in a file (or a resource of a live account): 1-based, the end exclusive; line 0: all of it."""

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part)


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that a finding is about, and what stands there."""

    message: str
    location: Location


@dataclass(frozen=True, slots=True)
class Known(Generic[T_co]):
    """A setting whose value is known.

    value: what rules the hop (seconds for timeouts, `math.inf` for none).
    where: the words that set it, or the hop itself where the platform's default decides.
    name: what the platform calls it (`proxy_read_timeout`, `idle_timeout.timeout_seconds`).
    written: the user's own words (`proxy_read_timeout 1d`), empty for a default.
    because: a sentence that says why this value follows, where that is not plain.
    """

    value: T_co
    where: Location
    name: str
    origin: Origin = "explicit"
    written: str = ""
    because: str = ""
    related: tuple[Related, ...] = ()

    def __str__(self) -> str:
        return self.written or f"{self.name} (default)"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A setting, or a whole file, of which infralint can't tell what holds, and why. It has no value.

    remedy: what to do to be told. places: how many places share this cause. refused: the platform
    would not take what is written, so that the file counts as unreadable.
    """

    where: Location
    name: str
    why: str
    remedy: str = ""
    places: int = 1
    refused: bool = False


Setting = Known[T] | Unknown


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Input that could not be read: the exit status is 2, and everything else is still judged."""

    message: str
    where: Location


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a route is believed to stream: `because` completes the sentence "a stream goes here because …"."""

    kind: EvidenceKind
    because: str
    where: Location | None = None

    @property
    def certain(self) -> bool:
        return self.kind in CERTAIN_EVIDENCE


@dataclass(frozen=True, slots=True)
class Need:
    """How many seconds a stream needs; declared: the user said so, else it rests on the default."""

    seconds: float
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """A route that must deliver bytes while they are produced.

    path: as declared or as the platform matches it; a glob (`/api/*`), or a regular expression
    after `~`. host: None for any. longest_silence, duration: what it needs, in seconds.
    session: the session protocol it belongs to (`Socket.IO`, `SockJS`, `MCP`) if known: its
    requests must all reach one replica. sticky: the user requires that of every stream. hops: names
    that narrow where it goes.
    """

    kind: StreamKind
    path: str
    evidence: Evidence
    longest_silence: Need
    duration: Need
    host: str | None = None
    content_type: str | None = None
    heartbeat: float | None = None
    session: str = ""
    sticky: bool = False
    hops: tuple[str, ...] = ()

    def __str__(self) -> str:
        kind = {"sse": "SSE", "websocket": "WebSocket"}[self.kind]
        return f"{kind} {self.host or ''}{self.path}"


@dataclass(frozen=True, slots=True)
class Hint:
    """What a hop's own configuration gives away about the stream it carries. path: where it is not the hop's own."""

    kind: StreamKind
    evidence: Evidence
    session: str = ""
    content_type: str | None = None
    path: str = ""


@dataclass(frozen=True, order=True, slots=True)
class Edit:
    """A change to a file: what stands at `where` (nothing, if it ends where it begins) becomes `text`.

    once: names what several changes would each bring along, such as a definition that all can use.
    """

    where: Location
    text: str
    once: str = ""


class CantFix(Exception):
    """Why a problem can't safely be put right by an edit, as a sentence without its full stop."""


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One thing a request passes through, reduced to what a stream asks of it.

    paths: what it serves, as its platform writes it, for evidence from names. hints: what its
    configuration gives away. scope: whose hints and declarations end assumptions here (an nginx
    server, a Terraform root). assumable: it may be assumed to carry a stream where nothing says so.
    aliases: what else a declared stream may call it (an ARN, a DNS name, `tag:team=chat`).
    files: beside its own, those that decide what holds here (included, or with values), as shown.
    """

    platform: ClassVar[str] = ""
    kind: ClassVar[str] = "hop"

    name: str
    where: Location
    buffers_responses: Setting[Buffering]
    idle_timeout: Setting[float]
    max_duration: Setting[float]
    forwards_upgrade: Setting[Upgrade]
    keeps_affinity: Setting[Affinity]
    runtime: Setting[str]
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    upstream: str = ""
    hints: tuple[Hint, ...] = ()
    scope: str = ""
    assumable: bool = False
    environment: str = ""
    aliases: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()

    def buffering_of(self, content_type: str | None) -> Setting[Buffering]:
        """How responses of this content type are held back (None: not known; SSE's own is meant)."""
        return self.buffers_responses

    def fix(self, setting: str, seconds: float = 0) -> str:
        """What to write on this platform to put `setting` (a field's name) right, as text to paste."""
        return ""

    def edits(self, setting: str, seconds: float = 0) -> tuple[Edit, ...]:
        """Changes to files that put `setting` right for this hop and for no other. Raises CantFix."""
        raise CantFix(f"infralint does not edit a {self.kind} of {self.platform}")


H_co = TypeVar("H_co", bound=Hop, covariant=True)


class Tier(Protocol):
    """One nginx, load balancer or project: it knows, by its platform's rules, which hops serve a request."""

    @property
    def name(self) -> str: ...

    @property
    def hops(self) -> tuple[Hop, ...]: ...

    def serving(self, kind: StreamKind, host: str | None, path: str) -> Iterable[tuple[Hop, bool]]:
        """The hops that serve a request for a concrete path, each with whether that is certain."""
        ...


@dataclass(frozen=True)
class Crossing(Generic[H_co]):
    """One stream crossing one hop; chain: this hop, and those of the same stream before or behind it."""

    stream: Stream
    hop: H_co
    certain: bool
    chain: tuple[Hop, ...] = ()

    @property
    def others(self) -> tuple[Hop, ...]:
        return tuple(hop for hop in self.chain if hop is not self.hop)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """Where a finding came from; filled in by the engine.

    streams: how many streams it stands for. fingerprint: stays the same while lines move.
    unfixed: why `--fix` left it. edits: what puts it right, tried and found safe, where a report shows that.
    """

    check: str
    hop: Hop | None = None
    stream: Stream | None = None
    streams: int = 1
    fingerprint: str = ""
    unfixed: str = ""
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem: how bad, where (a setting or a place), what it does to the stream, what to write instead.

    setting: the field of the hop that an edit may put right (see `Hop.edits`).
    """

    severity: Severity
    at: Known[Any] | Location
    message: str
    fix: str = ""
    related: tuple[Related, ...] = ()
    setting: str = field(default="", kw_only=True)
    settled: Settled = field(default=Settled(check=""), compare=False)

    @property
    def location(self) -> Location:
        return self.at.where if isinstance(self.at, Known) else self.at

    @property
    def check(self) -> str:
        return self.settled.check

    @property
    def hop(self) -> Hop | None:
        return self.settled.hop

    @property
    def stream(self) -> Stream | None:
        return self.settled.stream

    def softened(self, severity: Severity) -> Finding:
        """This finding, no louder than `severity`."""
        return (
            self if SEVERITIES.index(self.severity) >= SEVERITIES.index(severity) else replace(self, severity=severity)
        )


@dataclass
class Reading:
    """What one source made of a project.

    streams: routes that application code serves. items: the platform's own things that checks may
    ask for by type. files: paths that were read,
    for the summary. seen: kinds of files that stand here and are not read yet. skipped: files that
    were passed over, each with why. texts: what was
    read under names that are no files, and origins: the file that each of these came from.
    """

    platform: str
    tiers: list[Tier] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    @property
    def hops(self) -> list[Hop]:
        return [hop for tier in self.tiers for hop in tier.hops]


def not_applicable(value: T, where: Location, name: str = "") -> Known[T]:
    """A setting that this platform does not have, with the value that its absence amounts to."""
    return Known(value, where, name, "default")


UNLIMITED = math.inf
