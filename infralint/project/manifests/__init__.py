"""Kubernetes manifests of a project, whoever reads what in them: plain files, Helm charts, Kustomize overlays."""

from __future__ import annotations

from infralint.project.manifests.atlas import Atlas, Piece, Sheet
from infralint.project.manifests.manifest import Manifest, is_selected, number_of, texts_of
from infralint.project.manifests.reading import ROUTING, Manifests, is_manifest, read_manifests

__all__ = [
    "ROUTING",
    "Atlas",
    "Manifest",
    "Manifests",
    "Piece",
    "Sheet",
    "is_manifest",
    "is_selected",
    "number_of",
    "read_manifests",
    "texts_of",
]
