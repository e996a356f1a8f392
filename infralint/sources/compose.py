"""Compose files: which services there are, for the ways that lead through them. They hold no hops of their own."""

from __future__ import annotations

from infralint.model import Reading
from infralint.project import Project
from infralint.project.compose import read_compose, services_of


def read(project: Project) -> Reading:
    """The services of a project, and the compose files that could not be read."""
    found = read_compose(project)
    return Reading(
        "compose",
        services=services_of(project),
        unreadable=found.unreadable,
        files=[project.show(path) for path in found.files],
        skipped=found.skipped,
    )
