"""What is given for a template's parameters: by files of parameters beside it, and by the stack that it is nested in.

https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/index.html,
https://docs.aws.amazon.com/codepipeline/latest/userguide/template-configuration.html,
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator

import msgspec

from infralint.model import Location
from infralint.project import CantRead, Project
from infralint.text.lazy import lazy
from infralint.text.toml_places import BadToml, TomlDocument

LARGEST = 256 * 1024
"""Bytes of a file of parameters: people write some thousand."""
_FOLDERS = ("", "params", "parameters", "config", "configs", "environments", "env")
"""Where such files lie, seen from the template."""


class GivenParameter(msgspec.Struct, frozen=True):
    """A value that is given for a parameter. value: None where that can't be told (reason). by: what gives it."""

    value: str | None
    by: str
    where: Location
    reason: str = ""


class GivenParameters(msgspec.Struct):
    """All that is given for the parameters of a template, by their names."""

    values: dict[str, list[GivenParameter]] = {}

    def add(self, name: str, given: GivenParameter) -> None:
        self.values.setdefault(name, []).append(given)

    def of(self, name: str) -> list[GivenParameter]:
        return self.values.get(name, [])


def given_by_files(project: Project, path: str, declared: Iterable[str]) -> GivenParameters:
    """What files of parameters say that belong to a template: those that give nothing which it does not declare."""
    names = frozenset(declared)
    found = GivenParameters()
    if not names:
        return found
    folder = posixpath.dirname(path)
    places = {posixpath.join(folder, name).strip("/") for name in _FOLDERS}
    for other in project.files_ending("json", "toml"):
        if posixpath.dirname(other) not in places or other == path:
            continue
        values = dict(_values_of(project, other))
        if values and names.issuperset(values):
            shown = project.show(other)
            for name, value in values.items():
                found.add(name, GivenParameter(value, shown, Location(shown)))
    return found


def _values_of(project: Project, path: str) -> Iterator[tuple[str, str]]:
    """The parameters that a file gives; nothing where it is about something else."""
    try:
        content = project.searchable(path, LARGEST)
        if path.endswith(".toml"):
            if path.rpartition("/")[2] == "samconfig.toml" and b"parameter_overrides" in content:
                yield from _of_samconfig(project.utf8_text(path))
        elif b"ParameterKey" in content or b'"Parameters"' in content:
            yield from _of_json(json.loads(project.utf8_text(path)))
    except (CantRead, BadToml, ValueError, RecursionError):
        return


def _of_json(document: object) -> Iterator[tuple[str, str]]:
    """`[{"ParameterKey": …, "ParameterValue": …}]`, or `{"Parameters": {…}}` that is no template."""
    if isinstance(document, list):
        for item in document:
            if isinstance(item, dict) and isinstance(item.get("ParameterKey"), str) and "ParameterValue" in item:
                yield item["ParameterKey"], _text(item["ParameterValue"])
    elif isinstance(document, dict) and "Resources" not in document:
        listed = document.get("Parameters")
        for name, value in listed.items() if isinstance(listed, dict) else ():
            if not isinstance(value, dict | list):
                yield name, _text(value)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_PAIR = lazy(r"([A-Za-z0-9]+)=(.*)", re.DOTALL)


def _of_samconfig(text: str) -> Iterator[tuple[str, str]]:
    """`parameter_overrides` of any environment, as words or as a list of them; several environments may differ."""
    document = TomlDocument(text)
    for environment in document.tables.values():
        if not isinstance(environment, dict):
            continue
        for command in environment.values():
            parameters = command.get("parameters") if isinstance(command, dict) else None
            given = parameters.get("parameter_overrides") if isinstance(parameters, dict) else None
            words = shlex.split(given) if isinstance(given, str) else given if isinstance(given, list) else []
            for word in words:
                pair = _PAIR.fullmatch(str(word))
                if pair is not None:
                    yield pair[1], pair[2]
