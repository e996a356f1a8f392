"""Terraform: load balancers and what stands behind them, on the values that Terraform would use."""

from __future__ import annotations

from infralint.model import Reading
from infralint.project import Project
<<<<<<< HEAD
from infralint.sources.terraform.adapters import sounds_like_balancer
from infralint.sources.terraform.apis import api_nodes, function_nodes
from infralint.sources.terraform.balancer import TerraformBalancer
from infralint.sources.terraform.budget import EvaluationBudget, Exhausted
from infralint.sources.terraform.cdn import distribution_nodes
from infralint.sources.terraform.containers import container_nodes
from infralint.sources.terraform.dialling import NAMED
=======
>>>>>>> speed
from infralint.sources.terraform.folders import ENDINGS, VALUES, TerraformFolders


def read(project: Project) -> Reading:
    """Every deployment of a project, and its plans. Files that Terraform would refuse are unreadable; the rest is judged.

    Where a look at the files finds nothing that could be a hop, what works them out is not imported.
    """
    reading = Reading("terraform")
    tree = TerraformFolders(project)
    plans = tree.find_plans()
    settings = project.settings.terraform
    if plans or tree.leading or any(tree.far_modules.values()) or settings.roots or settings.variables:
        from infralint.sources.terraform.deployments import read_into

        read_into(reading, tree, plans)
    reading.unreadable = list(dict.fromkeys([*reading.unreadable, *tree.unreadable]))
    endings = (*ENDINGS, *VALUES)
    last = {ending.rpartition(".")[2] for ending in endings}
    reading.files += [project.show(path) for path in project.files_ending(*last) if path.endswith(endings)]
    return reading
<<<<<<< HEAD


def nodes(graph: Graph) -> list[Node]:
    """What of a root stands on the way of a stream."""
    found: list[Node] = [
        *balancer_nodes(graph),
        *distribution_nodes(graph),
        *api_nodes(graph),
        *container_nodes(graph),
        *connected_nodes(graph),
    ]
    found += function_nodes(graph, found)
    by_name = {name: node for node in found for name in node.known_as}
    for alias, target in graph.aliases_of(NAMED):
        if (node := by_name.get(target.address)) is not None:
            node.known_as |= {alias}
    return found


@dataclass
class _Outcome:
    """What came of one root."""

    nodes: list[Node] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    variables: frozenset[str] = frozenset()


def _undeclared_variables(given: Iterable[str], declared: frozenset[str]) -> Iterator[Unreadable]:
    """Options that name variables which no root has."""
    for name in given:
        if name not in declared:
            near = closest(name, declared)
            hint = f"; did you mean {near}?" if near else ""
            yield Unreadable(f"no root declares a variable {name}{hint}", Location("--tf-var"))


def _of_root(tree: TerraformFolders, root: Root) -> _Outcome:
    where = Location(tree.project.show(root.path))
    if root.path not in tree.files:
        why = "holds no Terraform files, though infralint.yaml names it as a root"
        return _Outcome(unreadable=[Unreadable(why, where)])
    before = len(tree.unreadable)
    values, problems = given_values(tree, root)
    world = World(
        tree,
        root.path,
        values,
        root.workspace,
        root.uncalled and root.elsewhere is None and is_library(tree, root.path),
        root.elsewhere,
        EvaluationBudget(shared=tree.budget),
        installed=tree.installed_modules(root.path),
        remedy=remedy(tree, root),
    )
    files = frozenset(map(tree.project.show, value_files(tree, root)))
    graph = Graph(list(_all_items(world, where)), where.path, root.environment, files)
    refused = [*problems, *world.problems, *_refusals(tree, root), *tree.unreadable[before:]]
    return _Outcome(nodes(graph), world.unknown, refused, frozenset(tree.folder(root.path).variables))


def _refusals(tree: TerraformFolders, root: Root) -> Iterator[Unreadable]:
    """What Terraform would refuse in the folders of a root, unless Terragrunt adds files to them."""
    for folder in tree.take_unchecked() if root.elsewhere is None else ():
        if folder.is_whole and ".terraform" not in folder.path.split("/"):
            yield from problems_of(folder, partial(tree.called_folder, folder))


def _all_items(world: World, where: Location) -> Iterator[Item]:
    """The items of a root, as far as its budget goes."""
    try:
        yield from _items(Module(world, world.tree.folder(world.root)))
    except (Exhausted, RecursionError):
        world.unknown.append(Unknown(where, "", "this root takes too long to work out", PLAN))


def _items(module: Module) -> Iterator[Item]:
    """The items of a module and of all that it calls, as far as they may speak of load balancers."""
    yield from items(module)
    for child in _children(module):
        if isinstance(child, Remote):
            _note(child)
        elif child.adapted or _tells(child):
            yield from _items(child)


def _children(module: Module) -> Iterator[Module | Remote]:
    try:
        yield from module.children()
    except EvaluationError as error:
        where = Location(module.world.tree.project.show(module.folder.path))
        module.world.unknown.append(Unknown(where, "", f"its modules can't be worked out: {error}"))


def _tells(module: Module) -> bool:
    tree = module.world.tree
    return module.folder.path in tree.telling or module.folder.path not in tree.files


def _note(remote: Remote) -> None:
    """A module that is not here, and sounds or is handled like a load balancer, can't be judged."""
    world = remote.module.world
    if world.library or remote.source.startswith(("./", "../")):  # what is wrong with a folder is said already
        return
    place, name = remote.call.where, f"module.{remote.call.labels[0]}"
    if sounds_like_balancer(remote.source):
        why = f"{remote.source} is not here, so its load balancers can't be judged"
        world.unknown.append(Unknown(place, name, why, INIT))
    elif makes_balancer(remote.call, remote.module.folder, remote.source):
        why = f"{remote.source} is not here, and by what it takes or gives it may make a load balancer"
        world.unknown.append(Unknown(place, name, why, INIT))


def _tell_apart(project: Project, found: Sequence[Node]) -> list[Node]:
    """Where several roots lead to load balancers, each is an environment; one that was given a name keeps it."""
    if len({node.hops[0].scope for node in found}) < 2:
        return list(found)
    return [
        node if node.environment else _in_environment(node, project.path_of(node.hops[0].scope) or ".")
        for node in found
    ]


def _in_environment(node: Node, environment: str) -> Node:
    hops = tuple(replace(hop, environment=environment) for hop in node.hops)
    return replace(node, hops=hops, environment=environment)


__all__ = ["TerraformBalancer", "read"]
=======
>>>>>>> speed
