"""Applications that an ApplicationSet of Argo CD makes, as far as what it makes them of is written down.

https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators/
"""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from infralint.project import CantRead, Project
from infralint.project.manifests.manifest import Manifest
from infralint.text.display import HOLE
from infralint.text.globs import matches_segments
from infralint.text.lazy import lazy
from infralint.text.paths import folders_around
from infralint.text.yaml_places import YamlProblem, YamlValue, read_yaml

MOST_APPLICATIONS = 200
"""Applications of one ApplicationSet that are read."""

Parameters = Mapping[str, str]
_PARAMETER = lazy(r"\{\{-?+\s*+\.?+([^{}]*+)\}\}")


def applications_of(application_set: Manifest, project: Project) -> Iterator[Manifest]:
    """The Applications that it makes, each as if it were written out; none for generators that ask a cluster or a service."""
    template = application_set.root.get("spec", "template")
    if template is None:
        return
    made = (
        parameters
        for generator in application_set.root.items_of("spec", "generators")
        for parameters in _generate(generator, project)
    )
    for parameters in itertools.islice(made, MOST_APPLICATIONS):
        yield replace(application_set, root=_fill(template, parameters))


def _generate(generator: YamlValue, project: Project, depth: int = 0) -> Iterator[Parameters]:
    """The parameters of each Application that a generator stands for."""
    for item in generator.items_of("list", "elements"):
        yield dict(_flatten(item))
    git = generator.get("git")
    if git is not None:
        values = dict(_flatten(git.get("values"), "values"))
        found = [*_of_directories(git, project), *_of_files(git, project)]
        yield from ({**values, **parameters} for parameters in found)
    inner = generator.items_of("matrix", "generators")
    if len(inner) == 2 and depth < 2:
        first, second = ([*_generate(item, project, depth + 1)] for item in inner)
        yield from ({**outer, **nested} for outer, nested in itertools.product(first, second))


def _of_directories(git: YamlValue, project: Project) -> Iterator[Parameters]:
    """https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/#git-generator-directories"""
    asked = git.items_of("directories")
    taken = [item.text_of("path") for item in asked if item.text_of("exclude") != "true"]
    left = [item.text_of("path") for item in asked if item.text_of("exclude") == "true"]
    if not taken:
        return
    for folder in sorted({around for inner in project.names.by_folder for around in folders_around(inner) if around}):
        if _fits(folder, taken) and not _fits(folder, left):
            yield _of_path(folder)


def _of_files(git: YamlValue, project: Project) -> Iterator[Parameters]:
    """https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/#git-generator-files"""
    asked = [item.text_of("path") for item in git.items_of("files")]
    for path in project.files if asked else ():
        if not _fits(path, asked):
            continue
        try:
            documents = read_yaml(project.utf8_text(path), allow_duplicates=True)
        except (CantRead, YamlProblem):
            continue
        for document in documents:
            yield {**dict(_flatten(document)), **_of_path(posixpath.dirname(path))}


def _fits(path: str, patterns: list[str]) -> bool:
    return any(matches_segments(path, pattern) for pattern in patterns)


def _of_path(folder: str) -> Parameters:
    name = posixpath.basename(folder)
    steps = {f"path[{number}]": step for number, step in enumerate(folder.split("/"))}
    return {"path": folder, "path.path": folder, "path.basename": name, **steps}


def _flatten(value: YamlValue | None, name: str = "") -> Iterator[tuple[str, str]]:
    """The scalars of a mapping by their whole names: `cluster.name`."""
    if value is None:
        return
    if value.text is not None and name:
        yield name, value.text
    for key, member in (value.members or {}).items():
        yield from _flatten(member, f"{name}.{key}" if name else key)


def _fill(value: YamlValue, parameters: Parameters) -> YamlValue:
    """A value with its parameters filled in; a hole for what can't be told."""

    def put_in(text: str) -> str:
        return (
            _PARAMETER.sub(lambda found: parameters.get(found[1].removesuffix("-").rstrip(), HOLE), text)
            if "{{" in text
            else text
        )

    return replace(
        value,
        text=put_in(value.text) if value.text is not None else None,
        items=[_fill(item, parameters) for item in value.items] if value.items is not None else None,
        members=(
            {key: _fill(member, parameters) for key, member in value.members.items()}
            if value.members is not None
            else None
        ),
    )
