"""Nodes and hops as plain as can be, to build topologies of."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from infralint.model import (
    Address,
    Evidence,
    Forward,
    Hint,
    Hop,
    Known,
    Location,
    Match,
    Need,
    Node,
    Pool,
    PrefixMap,
    Request,
    Service,
    Stream,
    StreamKind,
    not_applicable,
)

HERE = Location("nginx.conf")


class Proxy(Hop, frozen=True, kw_only=True):
    """A hop that takes what begins with a prefix, and dials one address with another prefix."""

    platform: ClassVar[str] = "proxy"

    prefix: str = "/"
    dials: Pool = Pool()
    becomes: str | None = None

    @property
    def pool(self) -> Pool:
        return self.dials

    def request_out(self, request: Request) -> tuple[Forward, ...]:
        paths = PrefixMap(self.prefix, self.prefix if self.becomes is None else self.becomes)
        path = paths.forward(request.path)
        sent = Request(request.kind, path or request.path, None)
        return (Forward(sent, self.dials, paths),)


class Server(Node, kw_only=True, eq=False):
    """The longest prefix takes a request; 404 where none does."""

    def route(self, request: Request) -> list[Match]:
        if request.to is not None and self.listens and request.to.port not in {one.port for one in self.listens}:
            return []
        fitting = [hop for hop in self.hops if isinstance(hop, Proxy) and request.path.startswith(hop.prefix)]
        if not fitting:
            return [Match(None, answer=Known("404", HERE, "location"))]
        return [Match(max(fitting, key=lambda hop: len(hop.prefix)))]


def proxy(prefix: str = "/", to: str = "", becomes: str | None = None, reference: str = "", **more: object) -> Proxy:
    host, _, port = to.partition(":")
    targets = (Address(host, int(port) if port else None),) if to else ()
    return Proxy(
        name=f"location {prefix}",
        where=HERE,
        buffers_responses=not_applicable("never", HERE),
        forwards_upgrade=not_applicable("forwarded", HERE),
        keeps_affinity=not_applicable("single", HERE),
        runtime=not_applicable("", HERE),
        prefix=prefix,
        dials=Pool(targets, (reference,) if reference else ()),
        becomes=becomes,
        **more,  # type: ignore[arg-type]
    )


def server(name: str, *hops: Proxy, port: int | None = 80, **more: object) -> Server:
    listens = (Address("*", port),) if port is not None else ()
    return Server(name=name, hops=hops, listens=listens, **more)  # type: ignore[arg-type]


class Balanced(Proxy, frozen=True, kw_only=True):
    """A way through a load balancer."""

    kind: ClassVar[str] = "load balancer"


def balancer(name: str, *references: str, port: int = 80, **more: object) -> Server:
    """A load balancer of a cloud, which listens under a name of its own."""
    fields = msgspec.structs.asdict(proxy()) | {"dials": Pool(references=references)}
    listens = (Address(f"{name}.dns_name", port),)
    return Server(name=name, hops=(Balanced(**fields),), listens=listens, **more)  # type: ignore[arg-type]


def application(folder: str, port: int | None = None, name: str = "") -> Server:
    node = server(name or f"application {folder}", proxy(), port=port)
    node.folder = folder
    return node


def service(name: str, **more: object) -> Service:
    return Service(name=name, where=HERE, names=frozenset({name}), **more)  # type: ignore[arg-type]


def stream(path: str = "/chat") -> Stream:
    return Stream("sse", path, Evidence("declared", "said"), Need(120), Need(120))


class Route(Hop, frozen=True, kw_only=True):
    """A route of an application."""

    platform: ClassVar[str] = "application"
    kind: ClassVar[str] = "route"
    origin: ClassVar[bool] = True


class Application(Node, kw_only=True, eq=False):
    """What its routes serve, it serves; of the rest nothing is known to stream."""

    platform: ClassVar[str] = "application"

    def route(self, request: Request) -> list[Match]:
        return [Match(hop) for hop in self.hops if request.path in hop.paths and hop.hints[0].kind == request.kind]


def route(path: str, kind: StreamKind = "sse", **more: object) -> Route:
    hint = Hint(kind, Evidence("source", f"app.py sends {path}", HERE), path=path, **more)  # type: ignore[arg-type]
    return Route(
        name=f"route {path}",
        where=HERE,
        buffers_responses=not_applicable("never", HERE),
        forwards_upgrade=not_applicable("forwarded", HERE),
        keeps_affinity=not_applicable("single", HERE),
        runtime=not_applicable("", HERE),
        paths=(path,),
        hints=(hint,),
    )
