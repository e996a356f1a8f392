"""Kubernetes manifests: Ingresses and the controllers that serve them, Services, and the pods behind them."""

from __future__ import annotations

from infralint.model import Reading
from infralint.project import Project
from infralint.project.manifests import MANIFEST_ENDINGS, given_manifests, read_manifests


def read(project: Project) -> Reading:
    """What the manifests of a project send through which controllers to whom; nothing is imported where there is none."""
    given = given_manifests(project)
    if not (given.objects or given.releases or project.files_ending(*MANIFEST_ENDINGS)):
        return Reading("kubernetes")
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
