"""One program, one node: what several sources say of the application in one folder, together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from infralint.model import Hop, Match, Node, Request, Selection


class Program(Node, kw_only=True, eq=False):
    """An application that several sources have read. parts: who speaks of a path first knows its server best."""

    parts: tuple[Node, ...] = ()

    def route(self, request: Request) -> Sequence[Match]:
        """What the first part says that serves the request."""
        return next((matches for part in self.parts if (matches := part.route(request))), ())

    def explain(self, request: Request, hop: Hop | None) -> Selection:
        """What the part says whose hop it is."""
        part = next((part for part in self.parts if any(known is hop for known in part.hops)), None)
        return part.explain(request, hop) if part is not None else Selection()


def programs(nodes: Iterable[Node]) -> list[Node]:
    """The nodes, those of one folder as one: routes that two sources know are told by the one that knows their server."""
    folders: dict[str, list[Node]] = {}
    found: list[Node | str] = []
    for node in nodes:
        if node.folder is None:
            found.append(node)
            continue
        if node.folder not in folders:
            found.append(node.folder)
        folders.setdefault(node.folder, []).append(node)
    return [_together(folders[entry]) if isinstance(entry, str) else entry for entry in found]


def _together(nodes: Sequence[Node]) -> Node:
    """Several readings of one program; those that know how its server sends requests on, or answers, come first."""
    if len(nodes) == 1:
        return nodes[0]
    parts = list(_without_doubles(sorted(nodes, key=lambda node: node.of_code)))
    return Program(
        name=parts[0].name,
        hops=tuple(hop for part in parts for hop in part.hops),
        listens=tuple(dict.fromkeys(address for part in parts for address in part.listens)),
        known_as=frozenset(name for part in parts for name in part.known_as),
        environment=next((part.environment for part in parts if part.environment), ""),
        published=any(part.published for part in parts),
        folder=parts[0].folder,
        complete=all(part.complete for part in parts),
        missing=frozenset(kind for part in parts if not part.complete for kind in part.missing),
        files=frozenset(file for part in parts for file in part.files),
        parts=tuple(parts),
    )


def _without_doubles(parts: Iterable[Node]) -> Iterator[Node]:
    """Each part without the routes that an earlier one answers as well."""
    before: list[Node] = []
    for part in parts:
        hops = tuple(hop for hop in part.hops if not any(_answers(earlier, hop) for earlier in before))
        before.append(part if len(hops) == len(part.hops) else replace(part, hops=hops))
        yield before[-1]


def _answers(node: Node, hop: Hop) -> bool:
    """Whether a node produces the stream of a route that somebody else has read."""
    if not hop.origin or not hop.hints:
        return False
    if any(known.origin and known.where.path == hop.where.path for known in node.hops):
        return True
    path = hop.paths[0].replace("**", "x").replace("*", "x")
    matches = node.route(Request(hop.hints[0].kind, path))
    return any(match.hop is not None and match.hop.origin for match in matches)
