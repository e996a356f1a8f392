"""What a stream passes through: nodes that listen and answer, and the hops through them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeVar

import msgspec

from infralint.model.clock import LENGTH, SILENCE, Clock, Phase
from infralint.model.setting import UNLIMITED, Known, Location, Related, Setting, Unknown
from infralint.model.stream import STREAM_KINDS, Hint, StreamKind
from infralint.model.wire import (
    NOWHERE,
    SAME_PATH,
    Address,
    Buffering,
    Compression,
    PathMap,
    Request,
    Response,
    Upgrade,
)

Affinity = Literal["single", "client", "address", "today", "none"]
"""What keeps a client on its replica: there is only one; a cookie or key of the client's own;
the address of whoever connects (the same for everybody behind one proxy); that there happens to be
only one today; nothing."""


class Edit(msgspec.Struct, frozen=True, order=True, gc=False):
    """A change to a file: what stands at `where` (nothing, if it ends where it begins) becomes `text`.

    once: names what several changes would each bring along, such as a definition that all can use.
    """

    where: Location
    text: str
    once: str = ""


class CantFix(Exception):
    """Why a problem can't safely be put right by an edit, as a sentence without its full stop."""


class Pool(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """Where a hop sends requests on. targets: addresses that may be dialled; none where that can't be told
    (reason). references: nodes named outright, by what they are known as (a Terraform address, an ARN). placeholder: what
    stands for the host until somebody fills it in, as written."""

    targets: tuple[Address, ...] = ()
    references: tuple[str, ...] = ()
    reason: str = ""
    placeholder: str = ""


class Forward(msgspec.Struct, frozen=True, gc=False):
    """What leaves a hop, towards whom. paths: how the path was rewritten, to follow it back. certain: every request that
    came in leaves so; reasons: why that is not so."""

    request: Request
    pool: Pool
    paths: PathMap = SAME_PATH
    certain: bool = True
    reasons: tuple[str, ...] = ()


class AccountResource(msgspec.Struct, frozen=True):
    """What a hop is to the account that it is deployed in.

    identity: its full name there (an ARN). type: the vendor's word for what it is. owner: what made it, if that is
    known. console: its page in the vendor's console. evidence: what was counted there lately, in words.
    """

    identity: str
    type: str
    account: str = ""
    region: str = ""
    tags: Mapping[str, str] = {}
    owner: str = ""
    console: str = ""
    evidence: str = ""

    def introduce(self, name: str) -> str:
        """What it is, as a colleague would ask for it. name: what it is called."""
        account = f" of account {self.account}" if self.account else ""
        owner = f", made by {self.owner}" if self.owner else ""
        return f"{name}, {self.type} in {self.region}{account}{owner}"


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One way through a node, chosen by that node's own rules, reduced to what a stream asks of it.

    clocks: its timeouts. paths: what it serves, as its platform writes it, for evidence from names.
    hints: what its configuration gives away. scope: whose hints and declarations end assumptions here
    (an nginx server, a Terraform root). assumable: it may be assumed to carry a stream where nothing
    says so. aliases: what else a declared stream may call it (an ARN, a DNS name, `tag:team=chat`).
    files: beside its own, those that decide what holds here (included, or with values), as shown.
    origin: it is no proxy; it produces the stream (a route of an application, a function). of_code: it is known by the
    program's code alone, so that what the platform says that runs the program goes before. deployed: what it is in a live
    account; None for what was read from files.
    """

    platform: ClassVar[str] = ""
    kind: ClassVar[str] = "hop"
    origin: ClassVar[bool] = False
    of_code: ClassVar[bool] = False

    name: str
    where: Location
    clocks: tuple[Clock, ...] = ()
    buffers_responses: Setting[Buffering]
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
    deployed: AccountResource | None = None

    def clock(self, kind: StreamKind, *phases: Phase) -> Setting[float]:
        """The clock that runs out first of those that measure one of the phases of such a stream; none: no limit.

        An unknown one is the answer where no other is known to be 0, for it may be the shorter.
        """
        shortest: Known[float] | None = None
        unknown: Unknown | None = None
        for clock in self.clocks:
            if clock.phase in phases and clock.is_about(kind):
                limit = clock.limit
                if isinstance(limit, Unknown):
                    unknown = unknown or limit
                elif shortest is None or limit.value < shortest.value:
                    shortest = limit
        if unknown is not None and (shortest is None or shortest.value):
            return unknown
        return shortest if shortest is not None else Known(UNLIMITED, self.where, "", "default")

    @property
    def idle_timeout(self) -> Setting[float]:
        """Seconds of silence of an SSE stream that it allows."""
        return self.clock("sse", *SILENCE)

    @property
    def max_duration(self) -> Setting[float]:
        """Seconds that an SSE stream may last."""
        return self.clock("sse", *LENGTH)

    @property
    def only_host(self) -> str | None:
        """The host that every request here asks for; None where there are several, or a pattern stands for them."""
        return self.hosts[0] if len(self.hosts) == 1 and _is_one_host(self.hosts[0]) else None

    @property
    def variant(self) -> str:
        """Which of its kind it is, in the vendor's word (`application` of load balancers); empty where there is one kind."""
        return ""

    @property
    def resource(self) -> AccountResource | None:
        """What it is in a live account; None for what was read from files."""
        return self.deployed

    def drain_time(self) -> Setting[float] | None:
        """Seconds that what stands behind it may go on once a deployment replaces it; None where nothing tells."""
        return None

    @property
    def shutdown_timeout(self) -> Setting[float] | None:
        """Seconds that connections outlive a reload of its configuration; None where nothing tells."""
        return None

    def shutdown_of(self, kind: StreamKind) -> Setting[float] | None:
        """Seconds that streams of a kind outlive a reload; mostly it is the same for all of them."""
        return self.shutdown_timeout

    def buffering_of(self, response: Response, request: Request | None = None) -> Setting[Buffering]:
        """Whether it holds back this response, which comes from behind it. request: the one that asked for it."""
        return self.buffers_responses

    def compression_of(self, response: Response, request: Request) -> Setting[Compression]:
        """What its own compression makes of this response, which comes from behind it."""
        return Known("passes", self.where, "", "default")

    def upgrade_of(self, request: Request) -> Setting[Upgrade]:
        """What becomes here of a WebSocket handshake that comes in whole."""
        return self.forwards_upgrade

    def affinity_of(self, request: Request) -> Setting[Affinity]:
        """What keeps the client of this request on its replica; mostly it is the same for all of them."""
        return self.keeps_affinity

    @property
    def refusals(self) -> Iterator[Unknown]:
        """What its platform would refuse of it, whether or not a check asks about that."""
        settings = (getattr(self, name) for name in self.__struct_fields__)
        for setting in (*settings, *(clock.limit for clock in self.clocks)):
            if isinstance(setting, Unknown) and setting.refused:
                yield setting

    @property
    def reuses_for(self) -> Setting[float] | None:
        """Seconds for which it keeps a connection to its backend that carries nothing, to send the next request on it;
        None where it does not, or notices in time that the backend has closed it."""
        return None

    @property
    def pool(self) -> Pool:
        """Whom it may dial, whatever the request."""
        return Pool()

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        """What it sends on for a request that came in, and towards whom; several where it may be either."""
        return (Forward(request, self.pool),)

    def upgrade_out(self, request: Request) -> Setting[Upgrade]:
        """What is left of a WebSocket handshake that it sends on: as it came in, unless it is broken here."""
        here = self.upgrade_of(request)
        is_whole = isinstance(here, Known) and here.value == "forwarded"
        return request.upgrade if is_whole or request.kind != "websocket" else here

    def path_maps(self, request: Request) -> Iterable[PathMap]:
        """How the paths of requests like this one are rewritten on their way on."""
        return (forward.paths for forward in self.request_out(request))

    def response_out(self, response: Response, request: Request) -> Response:
        """What goes on towards the client, for a response that came from behind and the request that asked for it."""
        return response

    @property
    def product(self) -> str:
        """Whose defaults hold here, with its version where that decides: `nginx 1.27`."""
        return self.platform

    def lines_of(self, setting: Known[Any]) -> tuple[Related, ...]:
        """Every place that says something of a setting here, the outermost first, and which of them decides."""
        return ()

    def fix(self, setting: str, seconds: float = 0) -> str:
        """What to write on this platform to put `setting` (a field's name) right, as text to paste."""
        return ""

    def fix_where(self, setting: str, at: Location) -> Location:
        """Where to write what puts `setting` right. at: where it stands, or is missing."""
        return at

    def edits(self, setting: str, seconds: float = 0) -> tuple[Edit, ...]:
        """Changes to files that put `setting` right for this hop and for no other. Raises CantFix."""
        raise CantFix(f"infralint does not edit a {self.kind} of {self.platform}")


NOT_ASKED = Unknown(NOWHERE, "", "nobody has asked")
"""What a setting of a hop is until somebody asks for it, where its class works it out then."""

H = TypeVar("H", bound=Hop)


def settings_when_asked(**settings: Callable[[Any], Setting[Any] | tuple[Clock, ...]]) -> Callable[[type[H]], type[H]]:
    """Have a class of hops work settings out once they are asked for, where they are NOT_ASKED, or there are no clocks: of
    most hops, no check asks for most settings. settings: fields of `Hop`, each with what makes its value of the hop."""

    def add(kind: type[H]) -> type[H]:
        for name, work_out in settings.items():
            setattr(kind, name, _WorkedOut(getattr(Hop, name), work_out))
        return kind

    return add


class _WorkedOut:
    def __init__(self, field: Any, work_out: Callable[[Any], Setting[Any] | tuple[Clock, ...]]) -> None:
        self._field = field
        self._work_out = work_out

    def __get__(self, hop: Hop | None, owner: type[Hop]) -> Any:
        if hop is None:
            return self
        setting = self._field.__get__(hop)
        if setting is NOT_ASKED or setting == ():
            setting = self._work_out(hop)
            self._field.__set__(hop, setting)
        return setting

    def __set__(self, hop: Hop, setting: Setting[Any]) -> None:
        raise AttributeError("settings of a hop do not change")


def _is_one_host(name: str) -> bool:
    """Whether a host is written out, as clients far away ask for it: no `*.example.com`, `.example.com` or nginx's
    `~expression`, no variable, and not what each machine calls itself."""
    return "*" not in name and not name.startswith(("~", ".", "$")) and name not in ("", "_", "localhost")


H_co = TypeVar("H_co", bound=Hop, covariant=True)


class Match(msgspec.Struct, frozen=True, gc=False):
    """A hop that serves a request. certain: no other could; reasons: why it is not.

    answer: the node answers by itself and no hop serves the request (`301 https://…`, `404`), where it says so.
    loss: why requests of the stream itself may not come to the hop, though nothing means to turn their clients away.
    """

    hop: Hop | None
    certain: bool = True
    reasons: tuple[str, ...] = ()
    answer: Known[str] | None = None
    loss: Unknown | None = None


class Rival(msgspec.Struct, frozen=True):
    """What might have served a request in another hop's stead. fits: it would have taken the request, too; reason: why
    it did not get it."""

    name: str
    where: Location
    reason: str
    fits: bool = True


class Selection(msgspec.Struct, frozen=True):
    """Why a node serves a request by one of its hops: the steps that lead there, and what else there was."""

    steps: tuple[Related, ...] = ()
    rivals: tuple[Rival, ...] = ()


class Node(msgspec.Struct, kw_only=True, eq=False):
    """Something that listens and answers: one nginx, a load balancer, a project, an application.

    listens: where; () where that is not written down (any address may be its). known_as: names by which
    others dial it (server names, compose services, DNS names, Terraform addresses). published: clients
    reach it from outside, whoever else dials it. folder: the project folder that an application is
    built from; None for what only passes requests on. complete: all streams that it produces are among
    its hops. missing: where it is not complete, the kinds of streams of which some may not be.
    by_name_only: others reach it by its own name alone (a CDN), and never because nothing else is there.
    inner: no client comes to it first, whoever else dials it. files: where it is written down, as project paths.
    runs_at: where the services are written down that run it, where its source knows that.
    of_code: as of a hop. dials_pods: it dials the pods behind a service of a cluster itself, so that what the service
    says of its clients does not count.
    """

    platform: ClassVar[str] = ""
    of_code: ClassVar[bool] = False
    dials_pods: ClassVar[bool] = False

    name: str
    hops: tuple[Hop, ...] = ()
    listens: tuple[Address, ...] = ()
    known_as: frozenset[str] = frozenset()
    environment: str = ""
    published: bool = False
    folder: str | None = None
    complete: bool = False
    missing: frozenset[StreamKind] = STREAM_KINDS
    by_name_only: bool = False
    inner: bool = False
    files: frozenset[str] = frozenset()
    runs_at: frozenset[Location] = frozenset()

    def has_all(self, kind: StreamKind) -> bool:
        """Whether all streams of a kind that it produces are among its hops."""
        return self.complete or kind not in self.missing

    def route(self, request: Request) -> Sequence[Match]:
        """The hops that serve a request for a concrete path, by this node's own rules."""
        return [Match(hop, False) for hop in self.hops]

    def match_of(self, request: Request, hop: Hop) -> Match | None:
        """How a hop of it is chosen for a request; None where others are."""
        return next((match for match in self.route(request) if match.hop is hop), None)

    def hops_at(self, address: Address) -> Collection[int] | None:
        """The identities of the hops that may get what is sent to an address of its own; None where any may."""
        return None

    @property
    def unasked(self) -> str:
        """Which of its own parts were not asked who serves a request, because that was asked so often; empty where all were."""
        return ""

    def explain(self, request: Request, hop: Hop | None) -> Selection:
        """Why a hop of it serves a request; None: why it answers by itself."""
        return Selection()


HOST_NETWORK = "the host's own network"
"""The pod of services that have no network of their own."""


class LostPort(msgspec.Struct, frozen=True):
    """A port under which a service is dialled, and that leads to one that none of its containers names. target: that one,
    as it is written (`9000`, `http`); named: the ports that they do name."""

    port: int
    target: str
    where: Location
    named: tuple[int, ...] = ()


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A container or process that a deployment file describes (a compose service, a Kubernetes workload).

    names: by which others dial it. containers: names of single ones of its containers. extra_hosts: names that it
    alone knows, each with the address that it stands for (`host-gateway`: that of its host). files: project paths that
    are mounted or copied into it. context: the project folder that its image is built from. entry_files: project paths
    of the code that it starts, where its command tells. ports: what it listens on;
    published: the ports of its host, each with the one of its own that it leads to (None: not known); local_ports: those
    of them that nobody but the host itself reaches; is_open: one more is published, nobody knows which. forwards: ports
    under which its names are dialled, each with the port that it leads to (None: one of its own), where these differ;
    lost: those that lead to none that is written down; pinned: where it says that who dials it by its name meets the same
    replica each time.
    image, command: as written. group: what it is deployed with. networks: where its names are known, each by a name that
    no other has in the project (none: that is not known). aliases: names that only one of these networks knows, each with
    that network. links: names by which it alone dials others of its group, each with the name of the service. pod: what
    shares one network address with it ("": nothing does). environment: as of a node.
    """

    name: str
    where: Location
    names: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    context: str | None = None
    entry_files: frozenset[str] = frozenset()
    ports: tuple[int, ...] = ()
    published: tuple[tuple[int, int | None], ...] = ()
    local_ports: frozenset[int] = frozenset()
    is_open: bool = False
    forwards: tuple[tuple[int, int | None], ...] = ()
    lost: tuple[LostPort, ...] = ()
    pinned: Setting[str] | None = None
    replicas: Setting[int] | None = None
    image: str = ""
    command: str = ""
    group: str = ""
    networks: frozenset[str] = frozenset()
    pod: str = ""
    containers: frozenset[str] = frozenset()
    extra_hosts: tuple[tuple[str, str], ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    environment: str = ""
