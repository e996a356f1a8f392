"""What a framework's words mean: which calls make an application, a route, a mount or a stream.

One file a framework in `rules/`. An argument is named by its place (0 is the first) or its name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cache, partial
from typing import Any, Literal

import msgspec

from infralint.cache.glances import remember
from infralint.model import StreamKind
from infralint.project.routed_files import Convention
from infralint.sources.application.paths import Style

Key = int | str
"""An argument: by its place, or by its name."""
Keys = Key | tuple[Key, ...]
"""An argument that may be given in several ways."""


class CallPattern(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A call. call: names of what is called, without what stands before it; source: the packages that it must
    be imported from (or that its file must import, where it is a method); receiver: names that it must be called on."""

    call: tuple[str, ...]
    source: tuple[str, ...] = ()
    receiver: tuple[str, ...] = ()


class Router(CallPattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that makes an application (it serves from the root) or a router with a prefix of its own.

    replaced: where a mount gives a prefix, that stands in place of its own. versioned: its arguments `version` and
    `version_prefix` say what stands before all else. parent: the argument, a router, that it is put below. named: the
    argument, a name, that is its prefix where none is given. setter: its method that sets it later. nested: its paths are
    below an item, `/rooms/*`, of the router that is its first argument.
    """

    application: bool = False
    prefix: Keys | None = None
    parent: Keys | None = None
    named: Key | None = None
    setter: str = ""
    replaced: bool = False
    versioned: bool = False
    nested: bool = False


class SubrouterCall(CallPattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that makes a router below the one it is called on, as its result, its block or a function's parameter.

    named: as of a router.
    """

    prefix: Keys | None = 0
    named: Key | None = None


class MountCall(CallPattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that puts routers below the one it is called on (or is given as `parent`).

    child: an argument, `receiver`, or `rest` for all after the prefix. table: the argument that holds routers by their
    prefixes. options: the argument that may hold the prefix. replaces: its prefix, and version, may stand in place of the
    router's own. versioned: as of a router.
    """

    child: Keys
    prefix: Keys | None = None
    options: Key | None = None
    table: Keys | None = None
    parent: Key | None = None
    """`self`: the call makes the router that they are put below; `value`: so does what the call's value is put into."""
    replaces: bool = True
    versioned: bool = False
    served: bool = False
    """Where its value is put into nothing, that is what the server serves, from the root."""


class RouteShape(CallPattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call, decorator or annotation that binds a path to a handler.

    path: none given means the root of its router. handler: `decorated`, `rest` (all after the path), an argument, `callee`
    (a type that what is called is given). methods: `name` (the call's own), an argument, or the methods. kind: the route
    streams whatever its handler does. scope: what it belongs to: the receiver's router, the class around it, or where
    config.ru runs that, the file, nothing, what its value or the handler's name is put into.
    dispatched: the handler tells paths apart itself. when: an option that must be true. suffix: what clients append.
    served: where its value is put into nothing, it is served from the root. predicate: names of calls, one of which is the
    path's argument, that hold the path, and whose names are its methods. versioned: as of a router. several: all arguments
    from the path on are paths. viewset: the handler is a class whose
    methods answer at paths of their own, as Django REST framework's do. chained: it must be called on what one of these calls
    makes. below: those of them that take everything below their path. then: calls on what it makes that bring a library of
    their own.
    """

    path: Keys | None = 0
    handler: Key = "rest"
    methods: str | tuple[str, ...] = ()
    kind: StreamKind | None = None
    scope: Literal["receiver", "class", "rack", "file", "root", "value", "name"] = "receiver"
    library: str = ""
    default: str = ""
    style: Style | None = None
    dispatched: bool = False
    when: str = ""
    suffix: str = ""
    predicate: tuple[str, ...] = ()
    served: bool = False
    several: bool = False
    versioned: bool = False
    viewset: bool = False
    chained: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    then: dict[str, str] = {}


class ClassShape(CallPattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decorator or annotation of a class that sets a prefix for the routes within."""

    path: Keys | None = 0


class StreamShape(CallPattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call whose response streams, or that opens a WebSocket.

    content_type: an argument; type: what it is if none is given. headers, heartbeat: arguments. says: how the
    sentence goes on ("returns StreamingResponse(…)" if empty). may_be_file: a file is sent so, too.
    body: the argument that must be a stream. repeated: it must be called in a loop. option: an argument that must have
    one of the values `equals`;
    without: one that must not be given. stateless: the option that makes it so. returned: so does a route whose handler
    is declared to return it, whatever makes it; elements: with one of these as its type's argument.
    """

    kind: StreamKind = "sse"
    content_type: Key | None = None
    type: str | None = None
    headers: Keys | None = None
    heartbeat: Key | None = None
    unit: float = 1
    library: str = ""
    says: str = ""
    may_be_file: bool = False
    option: Key = ""
    equals: str = ""
    without: str = ""
    body: Key | None = None
    repeated: bool = False
    stateless: str = ""
    returned: bool = False
    elements: tuple[str, ...] = ()
    member: str = ""


class SocketShape(CallPattern, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that serves streams at a path of its own: Socket.IO's servers, `ws`.

    path: an argument, of what it wraps, too; default: where none is given. transports: the argument that may rule polling out.
    wraps: the argument (or `receiver`) that is the server itself, which answers where its wrapper does. needs, lacks: a package
    that the application must, or must not, depend on. below: the argument that is a prefix.
    grouped: it is called on a router, below which it answers.
    """

    wraps: Key | None = None
    needs: str = ""
    lacks: str = ""
    grouped: bool = False
    put: bool = False

    kind: StreamKind = "websocket"
    path: Keys | None = None
    default: str = "/**"
    heartbeat: Key | None = None
    unit: float = 1
    library: str = ""
    transports: Key | None = None
    stateless: str = ""
    option: Key = ""
    equals: str = ""
    without: str = ""
    below: Keys | None = None


class Mark(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A sign by which an application is known to serve a stream at a path. rule: what ast-grep must find. written:
    expressions that find another path where the application's code says one, as their first group. bases: words of a
    command, a variable or a setting that put a path before it. settings: the file, in the application's folder, of such."""

    rule: dict[str, Any]
    path: str
    says: str
    written: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    settings: str = ""
    kind: StreamKind = "websocket"
    library: str = ""


class Base(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A class whose descendants stream, by the name of their base."""

    name: str
    says: str
    kind: StreamKind = "websocket"
    library: str = ""


class FileShape(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Files that are routes by their place. convention: which are, and how their paths follow from it; exports: the handlers
    that count, `*` for any; lacks: packages beside which no file is one."""

    convention: Convention
    exports: tuple[str, ...] = ("*",)
    lacks: tuple[str, ...] = ()
    kind: StreamKind | None = None


class Rules(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A framework's rules.

    packages: the dependencies that say it is in use. words: each file that matters has one of them, or matches one of the
    patterns (each after a text that must be in the file). strict: `/a` and `/a/` differ. passes: calls that hand requests
    on to another server, which may stream. writes: calls that write a piece of a response: again and again they stream.
    pipes: calls that hand a stream to a response. tuples: routes are pairs of a path and a class. absolute: a method's path
    that begins with a slash stands alone. properties: Spring's put a path before all routes. clients:
    annotations of classes by which a program asks other servers. modules: NestJS's modules, versions and global prefix do.
    middleware: calls that put something around the routes of this framework's applications, which another framework's rules
    would take for routes. applications: types of Go whose values serve from the root, whoever hands them over.
    """

    framework: str
    language: str
    page: str
    packages: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()
    style: Style = "plain"
    strict: bool = True
    routers: tuple[Router, ...] = ()
    groups: tuple[SubrouterCall, ...] = ()
    mounts: tuple[MountCall, ...] = ()
    routes: tuple[RouteShape, ...] = ()
    classes: tuple[ClassShape, ...] = ()
    streams: tuple[StreamShape, ...] = ()
    sockets: tuple[SocketShape, ...] = ()
    files: tuple[FileShape, ...] = ()
    passes: tuple[CallPattern, ...] = ()
    writes: tuple[CallPattern, ...] = ()
    pipes: tuple[CallPattern, ...] = ()
    marks: tuple[Mark, ...] = ()
    bases: tuple[Base, ...] = ()
    tuples: bool = False
    properties: bool = False
    clients: frozenset[str] = frozenset()
    applications: frozenset[str] = frozenset()
    middleware: frozenset[str] = frozenset()
    absolute: bool = False
    modules: bool = False


FRAMEWORKS = "infralint.sources.application.rules"
"""The package of the frameworks' rules."""


def rule_text(name: str, package: str = FRAMEWORKS) -> str:
    """The text of a rules file."""
    from importlib import resources

    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def documents(name: str, package: str = FRAMEWORKS) -> Iterator[Any]:
    """The documents of a rules file: the rules, then their examples."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    yield from yaml.load_all(rule_text(name, package), Loader=loader)


@cache
def rule_files(package: str = FRAMEWORKS) -> tuple[str, ...]:
    """The names of the rules files of a package."""
    from importlib import resources

    return tuple(sorted(entry.name for entry in resources.files(package).iterdir() if entry.name.endswith(".yaml")))


@cache
def rules_named(name: str) -> Rules:
    return msgspec.convert(_as_single(next(documents(name))), Rules)


@cache
def language_named(name: str) -> str:
    """The language of a rules file, without reading all of it."""
    return rule_text(name).partition("language: ")[2].partition("\n")[0]


def rules_for(languages: Iterable[str]) -> tuple[Rules, ...]:
    """The rules of the frameworks of some languages."""
    wanted = sorted(set(languages))
    return remember(f"rules for {wanted}", tuple[Rules, ...], partial(_rules_of, wanted)) if wanted else ()


def _rules_of(languages: Collection[str]) -> tuple[Rules, ...]:
    return tuple(rules_named(name) for name in rule_files() if language_named(name) in languages)


def all_rules() -> tuple[Rules, ...]:
    """The rules of all frameworks."""
    return tuple(rules_named(name) for name in rule_files())


_SINGLE = frozenset({"call", "source", "receiver", "exports"})


def _as_single(data: Any) -> Any:
    """A single name in place of a list of names."""
    if isinstance(data, dict):
        return {
            key: [value] if key in _SINGLE and isinstance(value, str) else _as_single(value)
            for key, value in data.items()
        }
    if isinstance(data, list):
        return [_as_single(item) for item in data]
    return data
