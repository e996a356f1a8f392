"""The deployments of a project: each root and each plan, worked out, with the hops in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from infralint.model import Location, Node, Reading, Service, Unfollowed, Unknown, Unreadable
from infralint.project import Project
from infralint.sources.terraform.adapters import sounds_like_balancer
from infralint.sources.terraform.apis import api_nodes, function_nodes
from infralint.sources.terraform.azure import azure_nodes
from infralint.sources.terraform.beanstalk import beanstalk_nodes
from infralint.sources.terraform.budget import EvaluationBudget, Exhausted
from infralint.sources.terraform.cdn import distribution_nodes
from infralint.sources.terraform.cloudflare import cloudflare_nodes
from infralint.sources.terraform.containers import container_nodes
from infralint.sources.terraform.dialling import NAMED
from infralint.sources.terraform.folders import TerraformFolders, join
from infralint.sources.terraform.front_door import front_door_nodes
from infralint.sources.terraform.function_code import with_function_code
from infralint.sources.terraform.google import google_nodes
from infralint.sources.terraform.graph import Graph
from infralint.sources.terraform.hops import balancer_nodes
from infralint.sources.terraform.items import PLAN, Item, items
from infralint.sources.terraform.missing_files import missing_files
from infralint.sources.terraform.modules import INIT, Module, Remote, World
from infralint.sources.terraform.networks import network_nodes
from infralint.sources.terraform.plans import plans
from infralint.sources.terraform.remote import makes_balancer, unread_modules
from infralint.sources.terraform.roots import Root, given_values, is_library, remedy, roots, value_files
from infralint.sources.terraform.sensitive import ephemeral_outputs, exposed_outputs, sensitive_repetitions, why_no_keys
from infralint.sources.terraform.service_connect import connected_nodes
from infralint.sources.terraform.tasks import task_services
from infralint.sources.terraform.validity import problems as problems_of
from infralint.sources.terraform.values import EvaluationError
from infralint.text.suggestions import hint
from infralint.text.wording import plural

if TYPE_CHECKING:
    from infralint.project.manifests import ChartRelease, GivenObject


def read_into(reading: Reading, tree: TerraformFolders, paths: Sequence[str]) -> None:
    """Add every deployment to a reading, and the plans. paths: of what may be one."""
    project = tree.project
    planned = list(plans(tree, paths))
    covered = {plan.root for plan in planned if plan.is_whole}
    found = [node for plan in planned for node in nodes(plan.graph)]
    services = [service for plan in planned for service in task_services(plan.graph)]
    wanted = [root for root in roots(tree) if root.path not in covered]
    declared: set[str] = set()
    for judged in project.work.spread("Terraform roots", partial(_of_root, tree), wanted):
        found += judged.nodes
        services += judged.services
        declared |= judged.variables
        reading.unknown += judged.unknown
        reading.unreadable += judged.unreadable
        reading.unfollowed += judged.unfollowed
        if judged.objects or judged.releases:
            _give(project, judged)
    reading.nodes += _tell_apart(project, found)
    reading.services += _tell_services_apart(project, services, found)
    reading.unreadable += tree.unreadable
    if wanted:
        reading.unreadable += _undeclared_variables(project.settings.terraform.variables, frozenset(declared))
    reading.files += [project.show(plan.path) for plan in planned]
    reading.unknown += [plan.gap for plan in planned if plan.gap is not None]
    for source in unread_modules(tree):
        reading.see(f"the Terraform module {source}")


def nodes(graph: Graph) -> list[Node]:
    """What of a root stands on the way of a stream."""
    found: list[Node] = [
        *balancer_nodes(graph),
        *distribution_nodes(graph),
        *api_nodes(graph),
        *container_nodes(graph),
        *connected_nodes(graph),
        *google_nodes(graph),
        *network_nodes(graph),
        *beanstalk_nodes(graph),
        *azure_nodes(graph),
        *front_door_nodes(graph),
        *cloudflare_nodes(graph),
    ]
    found += function_nodes(graph, found)
    by_name = {name: node for node in found for name in node.known_as}
    for alias, target in graph.aliases_of(NAMED):
        if (node := by_name.get(target.address)) is not None:
            node.known_as |= {alias}
    return found


class _Outcome(msgspec.Struct):
    """What came of one root."""

    nodes: list[Node] = []
    services: list[Service] = []
    unknown: list[Unknown] = []
    unreadable: list[Unreadable] = []
    variables: frozenset[str] = frozenset()
    unfollowed: list[Unfollowed] = []
    objects: list[GivenObject] = []
    releases: list[ChartRelease] = []


def _undeclared_variables(given: Iterable[str], declared: frozenset[str]) -> Iterator[Unreadable]:
    """Options that name variables which no root has."""
    for name in given:
        if name not in declared:
            yield Unreadable(f"no root declares a variable {name}{hint(name, declared)}", Location("--tf-var"))


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
    first = Location(tree.project.show(min(tree.files[root.path])))
    graph = Graph(list(_all_items(world, first)), where.path, root.environment, files)
    refused = [*problems, *world.problems, *_refusals(tree, root), *_refuse_secrets(world), *tree.unreadable[before:]]
    variables = frozenset(tree.folder(root.path).variables)
    found = with_function_code(nodes(graph), graph, tree.project, root.path)
    outcome = _Outcome(found, list(task_services(graph)), world.unknown, refused, variables)
    if any(item.type.startswith(("kubernetes_", "kubectl_", "helm_")) for item in graph.items):
        _add_manifests(outcome, graph, tree, root)
    return outcome


def _add_manifests(outcome: _Outcome, graph: Graph, tree: TerraformFolders, root: Root) -> None:
    """Add what a root says of a cluster. What reads that is imported where there is some."""
    from infralint.sources.terraform.kubernetes import chart_releases, given_objects

    path_of = tree.project.path_of
    for item in given_objects(graph):
        if isinstance(item, Unreadable):
            outcome.unreadable.append(item)
        elif isinstance(item, Unfollowed):
            outcome.unfollowed.append(item)
        else:
            outcome.objects.append(msgspec.structs.replace(item, path=path_of(item.path)))
    releases = chart_releases(graph, root.path, join)
    outcome.releases = [msgspec.structs.replace(release, path=path_of(release.path)) for release in releases]


def _give(project: Project, outcome: _Outcome) -> None:
    """Have what a root says of a cluster read with the manifests."""
    from infralint.project.manifests import given_manifests

    given = given_manifests(project)
    given.objects += outcome.objects
    given.releases += outcome.releases


def _refusals(tree: TerraformFolders, root: Root) -> Iterator[Unreadable]:
    """What Terraform would refuse in the folders of a root, unless Terragrunt adds files to them."""
    for folder in tree.take_unchecked() if root.elsewhere is None else ():
        if folder.is_whole and ".terraform" not in folder.path.split("/"):
            yield from problems_of(folder, partial(tree.called_folder, folder))
            yield from missing_files(folder, root.path, tree.project)


def _refuse_secrets(world: World) -> Iterator[Unreadable]:
    """What the outputs of a root, and its keys, show or store, and Terraform does not."""
    folder = world.tree.folder(world.root)
    for value, secret in sensitive_repetitions(Module(world, folder)):
        yield Unreadable(why_no_keys(secret), value.where)
    if world.library or world.elsewhere is not None or not folder.is_whole:
        return
    for value, secret in exposed_outputs(Module(world, folder)):
        why = f"its output shows {secret}, which is sensitive, and is not marked `sensitive = true`"
        yield Unreadable(f"Terraform refuses this: {why}", value.where)
    for value, why in ephemeral_outputs(Module(world, folder)):
        yield Unreadable(f"Terraform refuses this: {why}", value.where)


def _all_items(world: World, where: Location) -> Iterator[Item]:
    """The items of a root, as far as its budget goes. where: what is named if that is not as far as the first of them."""
    count, last = 0, None
    try:
        for item in _items(Module(world, world.tree.folder(world.root))):
            count, last = count + 1, item
            yield item
    except (Exhausted, RecursionError):
        why = "this root takes too long to work out"
        if last is not None:
            why, where = f"{why}: the {plural(count, 'resource')} up to {last.address} are judged", last.where
        world.unknown.append(Unknown(where, "", why, PLAN))


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


def _are_several(found: Sequence[Node]) -> bool:
    """Whether several roots lead to load balancers: then each is an environment, if it was given no name."""
    return len({node.hops[0].scope for node in found}) > 1


def _tell_services_apart(project: Project, services: Sequence[Service], found: Sequence[Node]) -> list[Service]:
    """Services in the environments of the load balancers beside them."""
    if not _are_several(found):
        return list(services)
    return [
        replace(service, environment=service.environment or project.path_of(service.group) or ".")
        for service in services
    ]


def _tell_apart(project: Project, found: Sequence[Node]) -> list[Node]:
    """Where several roots lead to load balancers, each is an environment; one that was given a name keeps it."""
    if not _are_several(found):
        return list(found)
    return [
        node if node.environment else _in_environment(node, project.path_of(node.hops[0].scope) or ".")
        for node in found
    ]


def _in_environment(node: Node, environment: str) -> Node:
    hops = tuple(replace(hop, environment=environment) for hop in node.hops)
    return replace(node, hops=hops, environment=environment)
