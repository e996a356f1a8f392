"""Names that stand for nothing, or not for what is meant by them."""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import (
    Unreadable,
)
from infralint.project import Project
from infralint.project.config import place_of
from infralint.text.suggestions import closest
from infralint.text.wording import listing
from infralint.trace.topology import Topology


def no_node(topology: Topology, name: str) -> str:
    """What to say of a name that stands for nothing that was read."""
    near = closest(name, topology.callings)
    if near:
        return f"nothing here is called {name}; did you mean {near}?"
    return f"nothing here is called {name}; there is {listing(topology.names, most=8) or 'nothing that takes requests'}"


def mistaken_names(project: Project, topology: Topology) -> Iterator[Unreadable]:
    """Names under `chains:` and `entry:` that stand for nothing, or not for what they are put behind."""
    settings, shown = project.settings, project.config_name
    named = [
        ("chains", f"$.chains[{number}][{position}]", name)
        for number, chain in enumerate(settings.chains)
        for position, name in enumerate(chain)
    ]
    if isinstance(settings.entry, str):
        named.append(("entry", "$.entry", settings.entry))
    else:
        named += [("entry", f"$.entry[{number}]", name) for number, name in enumerate(settings.entry)]
    for key, path, name in named:
        if not topology.nodes_named(name) and not topology.is_service(name):
            yield Unreadable(f"{key}: {no_node(topology, name)}", place_of(project.base / shown, shown, path))
    for number, position, before, node in topology.repeated_in_chains():
        name = settings.chains[number][position]
        why = f"{before} and {name} are one node here, {node.name}: name it once"
        yield Unreadable(f"chains: {why}", place_of(project.base / shown, shown, f"$.chains[{number}][{position}]"))
    for number, position, front, behind, target in topology.contradicted_chains():
        path = f"$.chains[{number}][{position}]"
        ports = listing(sorted({str(address.port) for address in behind.listens if address.port is not None}))
        why = f"{front.name} dials {target}, and {behind.name} listens on {ports} alone: put between them what takes {target}"
        yield Unreadable(f"chains: {why}, or leave the chain out", place_of(project.base / shown, shown, path))
