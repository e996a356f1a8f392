"""Links between nodes, each on a stated basis, and the addresses under which they are dialled."""

from __future__ import annotations

import msgspec

from infralint.model import Address, Basis, Hop, Node
from infralint.text.lazy import lazy

LOOPBACK = frozenset(
    "localhost ip6-localhost 127.0.0.1 ::1 [::1] 0.0.0.0 host.docker.internal gateway.docker.internal 172.17.0.1".split()
)
"""Names by which a process dials its own host; the last three lead from a container to the host it runs on."""
AROUND_CONTAINERS = frozenset({"host.docker.internal", "gateway.docker.internal", "172.17.0.1"})
"""Those of them that lead out of a container."""
PRIVATE = lazy(
    r"(?:10|127)(?:\.\d+){3}|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}"
    r"|[^.]+|.+\.(?:local|localdomain|internal|lan|home|svc|test|localhost)"
)
"""Hosts that only a private network knows: what they lead to may stand in the project."""
ANYWHERE = frozenset({"", "*", "0.0.0.0", "[::]", "::"})
"""Addresses on which a listener takes whatever reaches its host."""
NAMELESS = LOOPBACK | ANYWHERE | {"_"}


class Link(msgspec.Struct, frozen=True):
    """A node that is taken to stand behind a hop, and on what ground. to: where the request arrives there, as the node
    itself listens; None where no address says so."""

    node: Node
    basis: Basis
    to: Address | None = None


class Dialler(msgspec.Struct, frozen=True):
    """A hop that sends requests to a node. to: where they arrive."""

    node: Node
    hop: Hop
    basis: Basis
    to: Address | None = None


def is_together(node: Node, other: Node) -> bool:
    """Whether one way may lead through both: they belong to one environment, or one of them to none."""
    return node.environment == other.environment or "" in (node.environment, other.environment)


def host_of(address: Address) -> str:
    """The host of an address as names are looked up: a dot at its end only says that the name is whole."""
    if address.host.count(":") > 1:
        return address.host.lower().strip("[]")
    return address.host.lower() if is_socket(address.host) else address.host.lower().removesuffix(".")


def is_socket(host: str) -> bool:
    return host.startswith("unix:")
