"""Load balancers as a plan or an account has them, in the place of what the project's Terraform says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from infralint.cli.publish import fail
from infralint.model import Node, Reading
from infralint.platforms.aws_elb import LoadBalancer
from infralint.project import Project
from infralint.project.walking import Tree
from infralint.sources import terraform
from infralint.sources.aws_account.drift import is_same_balancer, read_state
from infralint.sources.aws_account.hops import LiveNode, read_text


def with_plan(readings: Sequence[Reading], path: Path, project: Project) -> list[Reading]:
    """The readings with the load balancers of a plan or state; those of the same addresses in the code go."""
    full = path.absolute()
    lone = Project(full.parent, project.settings, given=[full.name])
    lone.look = lambda _root: Tree(files=[full.name], links={full.name})
    planned = terraform.read(lone)
    if not planned.nodes and not planned.unreadable:
        fail(f"{path}: no plan or state with a load balancer (terraform show -json writes one)")
    names = {node.name for node in planned.nodes}
    return [*_without(readings, lambda node: node.platform == "terraform" and node.name in names), planned]


def with_snapshot(readings: Sequence[Reading], path: Path, project: Project) -> list[Reading]:
    """The readings with the load balancers of an account; the code that describes them goes. Raises BadSnapshot, OSError."""
    live = read_text(path.read_text(encoding="utf-8", errors="replace"), str(path))
    hops = [hop for node in live.nodes if isinstance(node, LiveNode) for hop in node.hops]
    state, _ = read_state(project)

    def is_live(node: Node) -> bool:
        written = [hop for hop in node.hops if isinstance(hop, LoadBalancer)]
        if isinstance(node, LiveNode):
            return any(hop.where.path != str(path) for hop in node.hops)
        return any(is_same_balancer(hop, code, state) for hop in hops for code in written)

    return [*_without(readings, is_live), live]


def _without(readings: Sequence[Reading], is_superseded: Callable[[Node], bool]) -> list[Reading]:
    return [replace(reading, nodes=[node for node in reading.nodes if not is_superseded(node)]) for reading in readings]
