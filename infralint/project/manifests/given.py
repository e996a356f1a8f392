"""Objects and releases of charts that no manifest file holds: what Terraform, Argo CD or Flux say of them.

Each source that works some out gives them here, before manifests are read; the rest reads them like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

from infralint.model import Location, Unfollowed, Unreadable
from infralint.project import Project
from infralint.project.manifests.atlas import Atlas, Piece, Sheet
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlSpan, YamlValue


class GivenValue(msgspec.Struct, frozen=True):
    """A value that was put together, with its place: a scalar (text), a list (items) or a mapping (members)."""

    where: Location
    text: str | None = None
    items: tuple[GivenValue, ...] | None = None
    members: dict[str, GivenValue] | None = None
    quoted: bool = False


class GivenObject(msgspec.Struct, frozen=True):
    """An object. path: the project file that says it; sealed: why nothing can be written into it."""

    value: GivenValue
    path: str
    environment: str = ""
    sealed: str = ""


ChartLayer = str | GivenValue | YamlValue | Unreadable | Unfollowed


class ChartRelease(msgspec.Struct, frozen=True):
    """A local chart as it is installed. layers: values over the chart's own, project paths or values, the last the
    strongest, and what is wrong with one that can't be worked out; path: the project file that says so."""

    folder: str
    name: str
    path: str
    layers: Sequence[ChartLayer] = ()
    namespace: str = ""


class GivenManifests(msgspec.Struct):
    """What sources have given so far."""

    objects: list[GivenObject] = []
    releases: list[ChartRelease] = []


def given_manifests(project: Project) -> GivenManifests:
    """Those of a project."""
    return project.remember("given manifests", GivenManifests)


def place_value(atlas: Atlas, value: GivenValue, shown: str) -> YamlValue:
    """A value as YAML that knows its places. shown: the file that says it."""
    rows: list[list[Piece]] = []
    made = _number_lines(value, rows)
    return _move_down(made, atlas.add(Sheet(shown, rows=rows), len(rows)))


def _number_lines(value: GivenValue, rows: list[list[Piece]]) -> YamlValue:
    """Each value on a line of its own, from 0 on."""
    span = YamlSpan(len(rows), 1, 2)
    rows.append([Piece(1, value.where)])
    made = YamlValue(span, text=value.text, quoted=value.quoted)
    if value.items is not None:
        made.items = [_number_lines(item, rows) for item in value.items]
    if value.members is not None:
        made.members = {key: _number_lines(member, rows) for key, member in value.members.items()}
        made.keys = {key: member.span for key, member in made.members.items()}
    return made


def _move_down(value: YamlValue, lines: int) -> YamlValue:
    """Everything so many lines further down."""
    value.span = replace(value.span, line=value.span.line + lines)
    for item in (*(value.items or ()), *(value.members or {}).values()):
        _move_down(item, lines)
    value.keys = {key: replace(span, line=span.line + lines) for key, span in value.keys.items()}
    return value


def copy_value(value: YamlValue, where: Location) -> GivenValue:
    """YAML that stands in a text somewhere as values with that place."""
    if value.members is not None:
        return GivenValue(where, members={key: copy_value(member, where) for key, member in value.members.items()})
    if value.items is not None:
        return GivenValue(where, items=tuple(copy_value(item, where) for item in value.items))
    return GivenValue(where, text=value.text, quoted=value.quoted)


_STEP = lazy(r"((?:\\.|[^.\\\[])+)(\[\d+\])?(?:\.|$)")


def nested_value(path: str, value: GivenValue) -> GivenValue | None:
    """What `--set path=value` says as values; None for a path into a list.

    https://helm.sh/docs/intro/using_helm/#the-format-and-limitations-of---set
    """
    steps = list(_steps(path))
    if not steps or None in steps:
        return None
    for step in reversed(steps):
        value = GivenValue(value.where, members={step or "": value})
    return value


def _steps(path: str) -> Iterator[str | None]:
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None or found[2]:
            yield None
            return
        yield re.sub(r"\\(.)", r"\1", found[1])
        at = found.end()
