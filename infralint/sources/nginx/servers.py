"""The servers of a project's nginx files: what runs as one nginx, and what is said of each."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

from infralint.model import Location, Reading, Unknown, Unreadable
from infralint.project import Project
from infralint.project.compose import copied_files, dockerfile_of, read_compose
from infralint.sources.nginx import build
from infralint.sources.nginx.environment import EnvironmentVariables
from infralint.sources.nginx.hints import read_declarations
from infralint.sources.nginx.includes import Includes
from infralint.sources.nginx.novelties import find_novelties, may_be_new
from infralint.sources.nginx.places import find_misplaced, find_missing_events
from infralint.sources.nginx.refusals import refusals, unsearchable
from infralint.sources.nginx.tree import Directive, NginxFile
from infralint.sources.nginx.versions import Versions
from infralint.text.wording import listing

MAIN = frozenset({"http", "events", "stream", "mail"})


def read_into(
    reading: Reading,
    project: Project,
    found: Sequence[NginxFile],
    instances: Mapping[str, frozenset[str]],
    unmapped: Sequence[Unreadable],
) -> None:
    """Add what the files of every nginx say. instances: what an nginx of Elastic Beanstalk is known as, by its name.
    unmapped: folders of the server that are not here."""
    includes = Includes(project, found)
    versions, environment = Versions(project), EnvironmentVariables(project)
    parts = list(_group_instances(project, found, includes))
    shared = build.collect_shared(parts, includes)
    heard: set[Location] = set()
    for part in parts:
        node = build.read_part(part, includes, environment, versions, shared)
        node.known_as |= instances.get(part.name, frozenset())
        if node.hops or node.servers:
            reading.nodes.append(node)
        reading.unknown += node.unseen
        reading.unreadable += node.refused
        heard |= node.heard
    reading.unreadable += unmapped
    reading.unknown += _unmet(heard, includes)
    reading.files = sorted({source.shown for source in includes.sources.values()})
    reading.texts = {
        entry.shown: entry.prepared.unprepared for entry in found if entry.dump or entry.path in project.virtual
    }
    reading.origins = {entry.shown: project.show(entry.dump) for entry in found if entry.dump}
    reading.unreadable += [entry for entry in includes.broken.values() if entry is not None]
    reading.unreadable += [Unreadable(entry.why, entry.where) for entry in includes.clashes.values()]
    reading.unreadable += refusals(filter(None, includes.trees.values()))
    reading.unreadable += [*find_misplaced(includes), *find_missing_events(includes)]
    for file in includes.sources.values():
        if file.path in project.marked and not file.is_template:
            reading.unreadable.append(Unreadable(_MARKED, file.location(1)))
        if may_be_new(file.prepared.text) and (tree := includes.trees.get(file.path)):
            reading.unreadable += find_novelties(tree, versions.of(file.path))
    reading.unknown += [entry for tree in includes.trees.values() for entry in unsearchable(tree)]
    for path, why in includes.beyond.items():
        source = includes.sources.get(path)
        where = source.location(1) if source else Location(project.show(path), 1)
        remedy = "render it and check the result, or hand in the output of `nginx -T`"
        reading.unknown.append(Unknown(where, "", why, remedy))


_MARKED = (
    "nginx would refuse this file: it begins with a byte order mark, which nginx takes for a part of its first word; save it as"
    " UTF-8 without one"
)


def _unmet(heard: set[Location], includes: Includes) -> Iterator[Unknown]:
    """Comments that declare a stream, and that no location took."""
    for source in includes.sources.values():
        for where, text in read_declarations(source):
            if where not in heard:
                why = f"the comment `# {text}` declares a stream, and no location with a `proxy_pass` (or the like) takes it"
                yield Unknown(where, "", why, "write it above the location that proxies the stream")


def _group_instances(project: Project, found: Sequence[NginxFile], includes: Includes) -> Iterator[build.NginxInstance]:
    """What runs as one nginx: a main file with all it includes; fragments of one folder that nobody includes; a dump.

    Fragments that different services mount run in different ones.
    """
    reading = project.work.steps("nginx files", found)
    sources = [source for source in reading if includes.tree(source.path) is not None]
    mains = [source for source in sources if _is_main(includes.trees[source.path]) and _is_first(source, found)]
    for source in mains:
        yield _part(source.called or source.shown, [source], includes)
    included = [path for source in mains for path in includes.claim(source, _folder(source))]
    fragments = [source for source in sources if not _is_main(includes.trees[source.path])]
    folders: dict[str, list[NginxFile]] = {}
    for source in _unclaimed_fragments(fragments, set(included), includes):
        folders.setdefault(_folder(source), []).append(source)
    for files in (files for together in folders.values() for files in _apart(project, together, includes)):
        shown = [source.shown for source in files]
        folder = posixpath.dirname(shown[0]) if len(files) > 1 else ""
        yield _part(folder or listing(shown, most=2), files, includes)


def _apart(project: Project, fragments: Sequence[NginxFile], includes: Includes) -> Iterable[Sequence[NginxFile]]:
    """Fragments of one folder by the services that mount or copy them, and by the ConfigMaps that hold their servers; all
    together where at most one kind of service does, and one ConfigMap."""
    running: dict[str, set[tuple[str, str]]] = {}
    for service in read_compose(project).services if len(fragments) > 1 else ():
        image = dockerfile_of(project, service)
        copied = [path for _, path in copied_files(service, image)] if image is not None else []
        for path in (*(mount.source for mount in service.mounts), *copied):
            running.setdefault(path, set()).add((service.path, service.name))
    owners = {source.owner: _has_server(includes.trees[source.path]) for source in fragments if source.owner}
    by_owner = all(owners.values())
    groups: dict[tuple[frozenset[tuple[str, str]], str], list[NginxFile]] = {}
    for source in fragments:
        key = frozenset(running.get(source.path, ())), source.owner if by_owner else ""
        groups.setdefault(key, []).append(source)
    return groups.values() if len(groups.keys() - {(frozenset(), "")}) > 1 else [fragments]


def _has_server(tree: Iterable[Directive]) -> bool:
    return any(directive.name == "server" and directive.block is not None for directive in tree)


def _unclaimed_fragments(fragments: Sequence[NginxFile], reached: set[str], includes: Includes) -> Iterator[NginxFile]:
    """Fragments that no other file includes, and of those that include each other in a circle the first."""
    brought = {source.path: includes.claim(source, _folder(source)) for source in fragments}
    starts = [source for source in fragments if source.path not in includes.claimed]
    for source in starts:
        reached |= brought[source.path]
    yield from starts
    for source in fragments:
        if source.path in includes.claimed and source.path not in reached:
            reached |= {source.path} | brought[source.path]
            yield source


def _part(name: str, sources: Iterable[NginxFile], includes: Includes) -> build.NginxInstance:
    files = [(source, includes.trees[source.path]) for source in sources]
    return build.NginxInstance(name, _folder(files[0][0]), files)


def _folder(source: NginxFile) -> str:
    """The folder that a main file's includes are relative to."""
    return posixpath.dirname(source.path.partition("#")[0])


def _is_first(source: NginxFile, found: Iterable[NginxFile]) -> bool:
    """Whether a file of a dump is its first, which is the main one; other files are no part of one."""
    return not source.dump or source is next(other for other in found if other.dump == source.dump)


def _is_main(tree: Iterable[Directive]) -> bool:
    return any(directive.name in MAIN and directive.block is not None for directive in tree)
