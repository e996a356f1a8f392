"""Charts of the project that Argo CD and Flux install, with the values that they give them.

https://argo-cd.readthedocs.io/en/stable/user-guide/helm/, https://fluxcd.io/flux/components/helm/helmreleases/
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from infralint.model import Unfollowed, Unreadable
from infralint.project import Project
from infralint.project.manifests.application_sets import applications_of
from infralint.project.manifests.given import ChartLayer, ChartRelease, GivenValue, nested_value
from infralint.project.manifests.manifest import Manifest
from infralint.text.display import HOLE
from infralint.text.yaml_places import YamlProblem, YamlValue, has_holes, read_yaml

ARGO = "argoproj.io"
FLUX = "helm.toolkit.fluxcd.io"


def releases_in(objects: Iterable[Manifest], folders: frozenset[str], project: Project) -> Iterator[ChartRelease]:
    """The releases of local charts that objects describe. folders: those of charts."""
    for manifest in objects:
        if manifest.kind == "Application" and manifest.group == ARGO:
            yield from _of_argo(manifest, folders)
        elif manifest.kind == "ApplicationSet" and manifest.group == ARGO:
            for application in applications_of(manifest, project):
                yield from _of_argo(application, folders)
        elif manifest.kind == "HelmRelease" and manifest.group == FLUX:
            yield from _of_flux(manifest, folders)


def _of_argo(application: Manifest, folders: frozenset[str]) -> Iterator[ChartRelease]:
    single = application.root.get("spec", "source")
    sources = [*([single] if single is not None else []), *application.root.items_of("spec", "sources")]
    for source in sources:
        folder = _folder(source.text_of("path"), folders)
        if folder is not None:
            yield ChartRelease(
                folder,
                source.text_of("helm", "releaseName") or application.name,
                application.path,
                list(_argo_layers(application, source, folder)),
                application.root.text_of("spec", "destination", "namespace"),
            )


def _folder(written: str, folders: frozenset[str]) -> str | None:
    """The chart that a path from the root of the repository names."""
    path = posixpath.normpath(written) if written else ""
    path = "" if path == "." else path
    return path if written and path in folders else None


def _argo_layers(application: Manifest, source: YamlValue, folder: str) -> Iterator[ChartLayer]:
    """Files, then `values`, then `valuesObject`, which takes its place, then `parameters`: the last one wins."""
    for item in source.items_of("helm", "valueFiles"):
        if item.text and not item.text.startswith("$") and "://" not in item.text and HOLE not in item.text:
            inside = item.text.lstrip("/") if item.text.startswith("/") else posixpath.join(folder, item.text)
            yield posixpath.normpath(inside)
    written, values = source.get("helm", "valuesObject"), source.get("helm", "values")
    if written is not None and written.members is not None:
        yield written
    elif values is not None and values.text:
        yield from _in_text(values, application)
    for parameter in source.items_of("helm", "parameters"):
        value = parameter.get("value")
        if value is not None and value.text is not None:
            place = application.place(value)
            is_text = parameter.text_of("forceString") == "true"
            nested = nested_value(parameter.text_of("name"), GivenValue(place, value.text, quoted=is_text))
            if nested is not None:
                yield nested


def _in_text(values: YamlValue, application: Manifest) -> Iterator[YamlValue | Unreadable | Unfollowed]:
    """Values that stand in the manifest as a text, whose first line is the next one."""
    text = values.text or ""
    first = values.line + 1 if "\n" in text else values.line
    try:
        yield from read_yaml(text, allow_duplicates=True, first_line=first)
    except YamlProblem as problem:
        where = application.place(values)
        if problem.is_content or HOLE in text or has_holes(text):
            yield Unfollowed(where, f"the values of {application.name} can't be read: {problem.message}")
        else:
            yield Unreadable(
                f"gives {application.name} values that Helm refuses, for they {problem.complaint('are no YAML')}", where
            )


def _of_flux(release: Manifest, folders: frozenset[str]) -> Iterator[ChartRelease]:
    folder = _folder(release.root.text_of("spec", "chart", "spec", "chart"), folders)
    if folder is None:
        return
    files = release.root.items_of("spec", "chart", "spec", "valuesFiles")
    layers: list[ChartLayer] = [posixpath.normpath(item.text) for item in files if item.text]
    values = release.root.get("spec", "values")
    if values is not None and values.members is not None:
        layers.append(values)
    yield ChartRelease(
        folder,
        release.root.text_of("spec", "releaseName") or release.name,
        release.path,
        layers,
        release.root.text_of("spec", "targetNamespace") or release.namespace,
    )
