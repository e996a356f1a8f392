"""Variables of the Serverless Framework: `${self:custom.timeout}` and what else can be told without deploying.

https://www.serverless.com/framework/docs/guides/variables
"""

from __future__ import annotations

import posixpath

import msgspec

from infralint.model import Unreadable
from infralint.project import CantRead, Project
from infralint.text.bad_text import BadText
from infralint.text.json_places import parse_json, yaml_of_json
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.yaml_places import YamlValue, read_yaml

DEEPEST = 16
"""Variables within one another."""
_WHOLE = lazy(r"\$\{([^${}]+)\}")
_FILE = lazy(r"file\(\s*+([^()]++)\)(?::(.+))?")
_ALTERNATIVES = lazy(r"(?:'[^']*'|\"[^\"]*\"|\([^()]*\)|[^,'\"()])+")
_QUOTED = lazy(r"'([^']*)'|\"([^\"]*)\"")
_LATER = "is known only where the service is deployed"


class Written(msgspec.Struct, frozen=True):
    """A value, and the project path of the file that it stands in."""

    value: YamlValue
    path: str


class Untold(msgspec.Struct, frozen=True):
    """A value that is not known here. text: the variable, or what it stands in. why: what follows `text` in a sentence."""

    text: str
    why: str = _LATER

    def __str__(self) -> str:
        return f"{self.text} {self.why}"


Lookup = Written | Untold | None


class Variables(msgspec.Struct):
    """What the variables of a service come to. unreadable: files that they name and that could not be read."""

    project: Project
    root: Written
    unreadable: dict[str, Unreadable] = {}
    known: dict[int, tuple[YamlValue, Written | Untold]] = {}

    def resolve(self, found: Written, depth: int = 0) -> Written | Untold:
        """What a value comes to."""
        text = found.value.text
        if text is None or "${" not in text:
            return found
        if depth > DEEPEST:
            return Untold(text, "stands below more variables than infralint follows")
        key = id(found.value)
        if key not in self.known:
            self.known[key] = (found.value, Untold(text, "leads back to itself"))
            self.known[key] = (found.value, self._work_out(found, text, depth))
        return self.known[key][1]

    def _work_out(self, found: Written, text: str, depth: int) -> Written | Untold:
        """The first alternative of a variable that stands for something."""
        whole = _WHOLE.fullmatch(text.strip())
        for alternative in _ALTERNATIVES.findall(whole[1]) if whole else ():
            target = self._alternative(found, alternative.strip(), depth)
            if isinstance(target, Untold) or (target is not None and not target.value.is_null):
                return target
        return Untold(text, "stands for nothing that is written here") if whole else Untold(text)

    def _alternative(self, found: Written, name: str, depth: int) -> Lookup:
        """What one alternative stands for; None where it names a place at which nothing stands."""
        quoted = _QUOTED.fullmatch(name)
        if quoted or name.isdecimal() or name in ("true", "false", "null"):
            literal = quoted[1] or quoted[2] or "" if quoted else name
            return Written(msgspec.structs.replace(found.value, text=literal, quoted=bool(quoted)), found.path)
        if name.startswith("self:"):
            return self._below(self.root, name.removeprefix("self:"), depth)
        file = _FILE.fullmatch(name)
        if file is None:
            return Untold(found.value.text or "")
        loaded = self._load(found.value.text or "", file[1].rstrip())
        return self._below(loaded, file[2] or "", depth) if isinstance(loaded, Written) else loaded

    def _below(self, start: Written, path: str, depth: int) -> Lookup:
        """A member of a value, by a path with dots."""
        at: Written | Untold = start
        for key in filter(None, path.split(".")):
            if isinstance(at, Untold):
                return at
            member = _member(at.value, key)
            if member is None:
                return None
            at = self.resolve(Written(member, at.path), depth + 1)
        return at

    def _load(self, text: str, name: str) -> Lookup:
        """A file of the project that a variable names, from the service's folder on, whichever file names it."""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(self.root.path), name))
        if not target.endswith((".yml", ".yaml", ".json")):
            return Untold(text)
        if target not in self.project.file_set:
            return Untold(text, f"names {name}, which is none of the files of this project that are read")
        loaded = self.project.remember(f"serverless {target}", lambda: _read(self.project, target))
        if isinstance(loaded, Unreadable):
            self.unreadable[target] = loaded
            return Untold(text, f"names {name}, which can't be read")
        return loaded


def _member(value: YamlValue, key: str) -> YamlValue | None:
    """A member of a mapping by its name, or of a list by its number."""
    if value.items is None:
        return value.get(key)
    position = whole_number(key) if key.isdecimal() else len(value.items)
    return value.items[position] if position < len(value.items) else None


def _read(project: Project, target: str) -> Written | Unreadable | None:
    try:
        text = project.utf8_text(target)
        if target.endswith(".json"):
            return Written(yaml_of_json(parse_json(text)), target)
        documents = read_yaml(text)
    except (CantRead, BadText) as problem:
        return project.unreadable(target, problem)
    return Written(documents[0], target) if documents else None
