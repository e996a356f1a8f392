"""nginx configuration: files, templates, manifests and dumps, into servers and the locations that proxy."""

from __future__ import annotations

import os
from collections.abc import Iterator

from infralint.cache.recording import watch
from infralint.model import Location, Reading, Unfollowed, Unreadable
from infralint.project import Project
from infralint.sources.nginx.discover import sources
from infralint.sources.nginx.tree import NginxFile


def read(project: Project) -> Reading:
    """Every nginx of a project. Files that nginx would refuse are unreadable; the others are still judged.

    What reads them is imported where there are some.
    """
    reading = Reading("nginx")
    found = list(sources(project, reading))
    instances = _add_beanstalk(project, reading, found)
    unmapped = list(_unmapped_folders(project))
    if not found:
        reading.unreadable += unmapped
        return reading
    from infralint.sources.nginx.servers import read_into

    read_into(reading, project, found, instances, unmapped)
    return reading


def _add_beanstalk(project: Project, reading: Reading, found: list[NginxFile]) -> dict[str, frozenset[str]]:
    """Add what Elastic Beanstalk runs on its instances; what each nginx there is known as. What makes that is imported where
    a file may speak of it."""
    if not any(path.endswith(".config") or "/nginx/conf.d/" in path for path in project.files_ending("config", "conf")):
        return {}
    from infralint.sources.nginx.beanstalk import instances, rewriting

    names: dict[str, frozenset[str]] = {}
    for instance in instances(project):
        found.append(instance.main)
        reading.services += instance.services
        names[instance.main.called] = frozenset({instance.reference})
    reading.unfollowed += [
        Unfollowed(Location(project.show(path)), "changes the nginx of Elastic Beanstalk")
        for path in rewriting(project)
    ]
    return names


def _unmapped_folders(project: Project) -> Iterator[Unreadable]:
    """Mapped folders of the server that are not in the project."""
    for server, local in project.settings.nginx.include_paths.items():
        inside = local.strip("/").removeprefix("./")
        watch(str(project.root / inside))
        if inside not in ("", ".") and not os.path.exists(project.root / inside):  # Path.exists() raises for long names
            message = f"nginx.include_paths: {server} is mapped to {local}, which is not in the project"
            yield Unreadable(message, Location(project.config_name))
