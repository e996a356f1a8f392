"""Which routes of an application stream, told by its code: the best witness, in both directions.

A literal search finds the few files that hold a streaming word; only those are parsed, and followed backwards
by their imports to the routes that they answer.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence

from infralint.model import STREAM_KINDS, Location, Reading, Unfollowed, Unreadable
from infralint.project import CantRead, Project
from infralint.project.names import FileNames
from infralint.sources.application.facts import Application, ClientCall, Route, ServerFact
from infralint.sources.application.language_models import LanguageModelUse
from infralint.sources.application.manifests import built_folders, start_commands
from infralint.sources.application.mentions import mentions
from infralint.sources.application.nodes import may_poll, node_of, stream_of
from infralint.sources.application.product_uses import ProductUse
from infralint.sources.application.reading import Glance, Reader, look_anew
from infralint.text.bad_text import BadText
from infralint.text.json_places import check_json_object
from infralint.text.toml_places import check_toml
from infralint.text.yaml_places import has_holes


def applications(
    files: Sequence[str], text: Callable[[str], bytes], shown: Callable[[str], str] = str, glance: Glance = look_anew
) -> list[Application]:
    """The applications of a project and the streams in their code.

    files: paths relative to the project. text: a file's bytes; may raise CantRead. shown: a path as the user
    would type it. glance: a quick look at a file, as `Project.glance_at_all`.
    """
    return Reader(FileNames(files), text, shown, glance).applications()


def read(project: Project) -> Reading:
    """The applications of a project, and what their clients open."""
    reading = Reading("application")
    with project.guard.around(Location(project.shown_path(project.root)), ""):
        found = Reader(
            project.names,
            project.searchable,
            project.show,
            project.glance_at_all,
            built_folders(project),
            start_commands(project),
        ).applications()
        polls = may_poll(call for application in found for call in application.clients)
        programs = {id(application) for application in found if _is_program(project, application)}
        for application in found:
            if programs and id(application) not in programs and application.read == "whole":
                continue  # loose scripts beside the programs: they say nothing for or against a stream
            node = node_of(application, polls)
            if id(application) not in programs:
                node.complete, node.missing = False, STREAM_KINDS
            reading.nodes.append(node)
            files = [hop.where.path for hop in node.hops] or _manifest(project, application)
            reading.files += files or [gap.where.path for gap in application.gaps]
            reading.mentions |= {route.kind for route in application.routes}
            reading.mentions |= {call.kind for call in application.clients}
            reading.mentions |= {stream.kind for use in application.products for stream in use.product.streams}
            calls = [stream_of(call, project.settings) for call in application.clients]
            reading.streams += [stream for stream in calls if stream is not None]
            reading.unknown += application.gaps
            reading.unreadable += _find_broken(project, application)
            if application.reasons and not reading.files:
                reading.files += _paths_of(project, application, _OTHER_MANIFESTS)
            reading.unfollowed += _list_unfollowed(application)
    if LanguageModelUse.__module__ in project.subjects:
        _read_language_models(project, reading)
    reading.mentions |= set(mentions(project))
    reading.files = sorted(set(reading.files))
    return reading


def _find_broken(project: Project, application: Application) -> Iterator[Unreadable]:
    """Manifests of an application that its package manager refuses: with them it is not installed as it stands here."""
    for name in ("package.json", "composer.json", "pyproject.toml"):
        path = posixpath.join(application.folder, name)
        if path not in project.file_set:
            continue
        try:
            text = project.utf8_text(path)
            if not has_holes(text):
                check_toml(text) if name.endswith(".toml") else check_json_object(text)
        except (CantRead, BadText) as problem:
            yield project.unreadable(path, problem)


def _list_unfollowed(application: Application) -> Iterator[Unfollowed]:
    """Why something that streams may not be seen, but for files of which that is said with their place."""
    named = {gap.where for gap in application.gaps}
    return (reason for reason in application.reasons if reason.where not in named)


def _read_language_models(project: Project, reading: Reading) -> None:
    """How the code asks language models, which only checks outside the default group ask about."""
    from infralint.sources.application.model_calls import language_model_uses

    with project.guard.around(Location(project.shown_path(project.root)), ""):
        uses = language_model_uses(project.files, project.searchable, project.show)
        reading.items += uses
        reading.files += [use.where.path for use in uses]


_MANIFESTS = (
    "package.json",
    "pyproject.toml",
    "requirements.txt",
    "go.mod",
    "Gemfile",
    "composer.json",
    "Cargo.toml",
    "Dockerfile",
)
_OTHER_MANIFESTS = ("pom.xml", "build.gradle", "build.gradle.kts", "mix.exs")
"""What stands beside code that streams somewhere: it is named where nothing else of the application is."""


def _manifest(project: Project, application: Application) -> list[str]:
    """What says that there is an application, where none of its code streams."""
    return _paths_of(project, application, _MANIFESTS)


def _paths_of(project: Project, application: Application, names: Iterable[str]) -> list[str]:
    """The first of some files that stands in an application's folder."""
    paths = (posixpath.join(application.folder, name) for name in names)
    return [project.show(path) for path in paths if path in project.file_set][:1]


def _is_program(project: Project, application: Application) -> bool:
    """Whether something says that it is a program: loose scripts beside an nginx are no backend that streams nothing."""
    evidence = (application.routes, application.clients, application.ports, application.servers, application.products)
    return any(evidence) or bool(_manifest(project, application))


__all__ = ["Application", "ClientCall", "ProductUse", "Route", "ServerFact", "applications", "read"]
