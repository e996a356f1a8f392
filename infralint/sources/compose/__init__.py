"""Compose files: which services there are, and the proxies that their labels and variables set up."""

from __future__ import annotations

from infralint.model import Reading
from infralint.project import Project
from infralint.project.compose import is_routed, read_compose, services_of


def read(project: Project) -> Reading:
    """The services of a project with the proxies in front of them, and the compose files that could not be read."""
    found = read_compose(project)
    reading = Reading(
        "compose",
        services=services_of(project),
        unreadable=found.unreadable,
        files=[project.show(path) for path in found.files],
        unfollowed=[*found.unfollowed],
        apart=True,
    )
    if any(is_routed(service) for service in found.services):
        from infralint.sources.compose.proxies import proxy_nodes

        reading.nodes += proxy_nodes(project, found.services, reading.services, reading.unfollowed)
    return reading
