"""nginx configuration: files, templates, manifests and dumps, into servers and the locations that proxy."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from infralint.model import Location, Reading, Unknown, Unreadable
from infralint.project import Project
from infralint.sources.nginx import build
from infralint.sources.nginx.discover import sources
from infralint.sources.nginx.environment import Environment
from infralint.sources.nginx.hints import declarations
from infralint.sources.nginx.includes import Includes
from infralint.sources.nginx.refusals import refusals
from infralint.sources.nginx.tree import Directive, Source
from infralint.sources.nginx.versions import Versions
from infralint.sources.unread import kinds_named

MAIN = frozenset({"http", "events", "stream", "mail"})


def read(project: Project) -> Reading:
    """Every nginx of a project. Files that nginx would refuse are unreadable; the others are still judged."""
    reading = Reading("nginx")
    found = list(sources(project, reading))
    includes = Includes(project, found)
    versions, environment = Versions(project), Environment(project)
    parts = list(_grouped(project, found, includes))
    shared = build.shared(parts, includes)
    heard: set[Location] = set()
    for part in parts:
        tier = build.tier(part, includes, environment, versions, shared)
        if tier.hops or tier.servers:
            reading.nodes.append(tier)
        reading.unknown += tier.unseen
        reading.unreadable += tier.refused
        heard |= tier.heard
    reading.unreadable += _unmapped(project)
    reading.unknown += _unmet(heard, includes)
    reading.seen += kinds_named(project)
    reading.files = sorted({source.shown for source in includes.sources.values()})
    reading.texts = {one.shown: one.prepared.unprepared for one in found if one.dump or one.path in project.virtual}
    reading.origins = {one.shown: project.shown(one.dump) for one in found if one.dump}
    reading.unreadable += [one for one in includes.broken.values() if one is not None]
    reading.unreadable += [Unreadable(one.why, one.where) for one in includes.clashes.values()]
    reading.unreadable += [one for tree in includes.trees.values() for one in refusals(tree)]
    for path, why in includes.beyond.items():
        source = includes.sources.get(path)
        shown, line = (source.shown, source.first_line) if source else (project.shown(path), 1)
        remedy = "render it and check the result, or hand in the output of `nginx -T`"
        reading.unknown.append(Unknown(Location(shown, line), "", why, remedy))
    return reading


def _unmapped(project: Project) -> Iterator[Unreadable]:
    """Mapped folders of the server that are not in the project."""
    for server, local in project.settings.nginx.include_paths.items():
        inside = local.strip("/").removeprefix("./")
        if inside not in ("", ".") and not (project.root / inside).exists():
            said = f"nginx.include_paths: {server} is mapped to {local}, which is not in the project"
            yield Unreadable(said, Location(project.config_shown or "infralint.yaml"))


def _unmet(heard: set[Location], includes: Includes) -> Iterator[Unknown]:
    """Comments that declare a stream, and that no location took."""
    for source in includes.sources.values():
        for where, text in declarations(source):
            if where not in heard:
                why = f"the comment `# {text}` declares a stream, and no location with a `proxy_pass` (or the like) takes it"
                yield Unknown(where, "", why, "write it above the location that proxies the stream")


def _grouped(project: Project, found: Sequence[Source], includes: Includes) -> Iterator[build.Part]:
    """What runs as one nginx: a main file with all it includes; fragments of one folder that nobody includes; a dump."""
    reading = project.work.steps("nginx files", found)
    trees = [(source, tree) for source in reading if (tree := includes.tree(source.path)) is not None]
    mains = [
        (source, tree) for source, tree in trees if _is_main(tree) and not (source.dump and not _first(source, found))
    ]
    for source, tree in mains:
        yield build.Part(source.shown, posixpath.dirname(source.path.partition("#")[0]), [(source, tree)])
    for source, tree in mains:
        _claim(tree, includes, posixpath.dirname(source.path.partition("#")[0]), (source.path,))
    loose: dict[str, list[tuple[Source, list[Directive]]]] = {}
    for source, tree in trees:
        if not _is_main(tree):
            _claim(tree, includes, posixpath.dirname(source.path.partition("#")[0]), (source.path,))
    for source, tree in trees:
        if not _is_main(tree) and source.path not in includes.claimed:
            loose.setdefault(posixpath.dirname(source.path), []).append((source, tree))
    for folder, files in loose.items():
        name = files[0][0].shown if len(files) == 1 else posixpath.dirname(files[0][0].shown)
        yield build.Part(name, folder.partition("#")[0], files)


def _first(source: Source, found: Iterable[Source]) -> bool:
    return source is next(one for one in found if one.dump == source.dump)


def _is_main(tree: Iterable[Directive]) -> bool:
    return any(one.name in MAIN and one.block is not None for one in tree)


def _claim(tree: list[Directive], includes: Includes, base: str, stack: tuple[str, ...]) -> None:
    """Resolve every include below, so that what is included is judged where it is included."""
    for top in tree:
        for one in top.walk():
            if one.name == "include" and one.block is None and len(one.words) == 2:
                for path in includes.resolve(one.words[1].text, one.source, base):
                    _claim_file(path, includes, base, stack)


def _claim_file(path: str, includes: Includes, base: str, stack: tuple[str, ...]) -> None:
    if path in stack or path in includes.claimed:
        return
    includes.claimed.add(path)
    if (tree := includes.tree(path)) is not None:
        _claim(tree, includes, base, (*stack, path))
