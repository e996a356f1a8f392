"""Kubernetes manifests: Ingresses and the controllers that serve them, Services, and the pods behind them."""

from __future__ import annotations

from infralint.model import Reading
from infralint.project import Project


def read(project: Project) -> Reading:
    """What the manifests of a project send through which controllers to whom; nothing is imported where there is none."""
    if not (project.files_ending("yaml", "yml", "json") or project.remembers("given manifests")):
        return Reading("kubernetes")
    from infralint.project.manifests import read_manifests

    manifests = read_manifests(project)
    reading = Reading(
        "kubernetes",
        unreadable=list(manifests.unreadable),
        unfollowed=list(manifests.unfollowed),
        unknown=list(manifests.unknown),
        files=[project.show(path) for path in manifests.files],
    )
    if manifests.objects:
        from infralint.sources.kubernetes.cluster import fill

        fill(project, manifests, reading)
    return reading
