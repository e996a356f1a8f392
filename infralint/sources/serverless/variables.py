"""Variables of the Serverless Framework: `${self:custom.timeout}` and what else can be told without deploying.

https://www.serverless.com/framework/docs/guides/variables
"""

from __future__ import annotations

import posixpath

import msgspec

from infralint.project import CantRead, Project
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlProblem, YamlValue, read_yaml

DEEPEST = 16
"""Variables within one another."""
_WHOLE = lazy(r"\$\{([^${}]+)\}")
_FILE = lazy(r"file\(\s*([^()]+?)\s*\)(?::(.+))?")
_QUOTED = lazy(r"'([^']*)'|\"([^\"]*)\"")


class Written(msgspec.Struct, frozen=True):
    """A value, and the project path of the file that it stands in."""

    value: YamlValue
    path: str


class Untold(msgspec.Struct, frozen=True):
    """A value that is not known before the service is deployed. text: the variable."""

    text: str


Lookup = Written | Untold | None


def resolve(project: Project, root: Written, found: Written, depth: int = 0) -> Written | Untold:
    """What a value comes to. root: the service's file."""
    text = found.value.text
    if text is None or "${" not in text:
        return found
    whole = _WHOLE.fullmatch(text.strip())
    if whole is None or depth > DEEPEST:
        return Untold(text)
    name, _, fallback = whole[1].partition(",")
    target = _look_up(project, root, found, name.strip(), depth)
    if target is None and fallback and "," not in fallback:
        quoted = _QUOTED.fullmatch(fallback.strip())
        literal = (quoted[1] or quoted[2] or "") if quoted else fallback.strip()
        plain = msgspec.structs.replace(found.value, text=literal)
        return Written(plain, found.path) if quoted or literal.isdecimal() else Untold(text)
    return target if target is not None else Untold(text)


def _look_up(project: Project, root: Written, found: Written, name: str, depth: int) -> Lookup:
    """The value that a variable names; None where it names a place at which nothing stands."""
    if name.startswith("self:"):
        return _below(project, root, root, name.removeprefix("self:"), depth)
    file = _FILE.fullmatch(name)
    if file is None:
        return Untold(found.value.text or "")
    loaded = _load(project, found.path, file[1])
    if loaded is None:
        return Untold(found.value.text or "")
    return _below(project, root, loaded, file[2] or "", depth)


def _below(project: Project, root: Written, start: Written, path: str, depth: int) -> Lookup:
    """A member of a value, by a path with dots."""
    at: Written | Untold = start
    for key in filter(None, path.split(".")):
        if isinstance(at, Untold):
            return at
        member = at.value.get(key)
        if member is None:
            return None
        at = resolve(project, root, Written(member, at.path), depth + 1)
    return at


def _load(project: Project, path: str, name: str) -> Written | None:
    """A file of the project that a variable names, beside the one that names it."""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if target not in project.file_set or not target.endswith((".yml", ".yaml", ".json")):
        return None
    try:
        documents = read_yaml(project.utf8_text(target))
    except (CantRead, YamlProblem):
        return None
    return Written(documents[0], target) if documents else None
