"""Kubernetes manifests of a project, whoever reads what in them: plain files, Helm charts, Kustomize overlays."""

from __future__ import annotations

from infralint.project.manifests.atlas import Atlas, Piece, Sheet
from infralint.project.manifests.given import (
    ChartRelease,
    GivenObject,
    GivenValue,
    copy_value,
    given_manifests,
    nested_value,
)
from infralint.project.manifests.manifest import COMPLETE, Manifest, is_selected, number_of, texts_of
from infralint.project.manifests.reading import (
    KNATIVE,
    MANIFEST_ENDINGS,
    ROUTING,
    Manifests,
    is_manifest,
    read_manifests,
)

__all__ = [
    "COMPLETE",
    "KNATIVE",
    "MANIFEST_ENDINGS",
    "ROUTING",
    "Atlas",
    "ChartRelease",
    "GivenObject",
    "GivenValue",
    "Manifest",
    "Manifests",
    "Piece",
    "Sheet",
    "copy_value",
    "given_manifests",
    "is_manifest",
    "is_selected",
    "nested_value",
    "number_of",
    "read_manifests",
    "texts_of",
]
