"""The names of a project's files, indexed: who asks for some of them does not look at all."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from infralint.text.globs import is_glob, matches_name, name_matcher
from infralint.text.lazy import lazy

_AFTER_SLASH = chr(ord("/") + 1)
"""Paths below a folder are sorted before what its name is followed by this in."""
_WILD = lazy(r"\[[^]]*\]?|[*?\\]")


class FileNames:
    """The names of files. files: their paths, in order."""

    def __init__(self, files: Sequence[str]) -> None:
        self.files = files

    @cached_property
    def all(self) -> frozenset[str]:
        """The paths of all files, to look one up."""
        return frozenset(self.files)

    @cached_property
    def by_ending(self) -> dict[str, list[str]]:
        """The paths of files by what follows the last dot of their names (empty: they have none), in order."""
        found = defaultdict[str, list[str]](list)
        for path in self.files:
            _, dot, ending = path.rpartition(".")
            found["" if not dot or "/" in ending else ending].append(path)
        return dict(found)

    @cached_property
    def _names_of_endings(self) -> dict[str, dict[str, list[str]]]:
        """The paths of files by their last parts, for the endings that somebody asked for."""
        return {}

    def find_by_name(self, name: str) -> Sequence[str]:
        """The files with a name, in order."""
        _, dot, ending = name.rpartition(".")
        ending = ending if dot else ""
        if name.lower() not in self._small_letters.get(ending, ""):
            return ()
        found = self._names_of_endings.get(ending)
        if found is None:
            found = self._names_of_endings[ending] = {}
            for path in self.by_ending.get(ending, ()):
                found.setdefault(name_of(path), []).append(path)
        return found.get(name, ())

    @cached_property
    def by_folder(self) -> dict[str, list[str]]:
        """The paths of files by the folder that they lie in (empty: the first), in order."""
        found = defaultdict[str, list[str]](list)
        for path in self.files:
            found[path.rpartition("/")[0]].append(path)
        return dict(found)

    def in_folder(self, folder: str) -> list[str]:
        """The files that lie in a folder itself (empty: the first), in order."""
        if folder not in self._in_folders:
            files, above = self.files, f"{folder}/" if folder else ""
            start = bisect_left(files, above)
            end = bisect_left(files, f"{folder}{_AFTER_SLASH}", start) if folder else len(files)
            length = len(above)
            self._in_folders[folder] = [path for path in files[start:end] if path.find("/", length) < 0]
        return self._in_folders[folder]

    @cached_property
    def _in_folders(self) -> dict[str, list[str]]:
        """The files in the folders that somebody asked for."""
        return {}

    @cached_property
    def _small_letters(self) -> dict[str, str]:
        """The paths of each ending, one after the other, in small letters."""
        return {ending: "\n".join(paths).lower() for ending, paths in self.by_ending.items()}

    def find_holding(self, *words: str, endings: Iterable[str] | None = None) -> list[tuple[str, str]]:
        """Files in whose names a word of small letters stands, in whatever case, each with its last part, in order.

        endings: of the names that are looked at; all, if none is given.
        """
        found = []
        for ending in self.by_ending if endings is None else endings:
            here = [word for word in words if word in self._small_letters.get(ending, "")]
            if here:
                pairs = ((path, name_of(path)) for path in self.by_ending[ending])
                found += [pair for pair in pairs if any(word in pair[1].lower() for word in here)]
        return sorted(found)

    def find_ending(self, *endings: str) -> list[str]:
        """Files whose names end so after their last dot, in order."""
        found = [path for ending in set(endings) for path in self.by_ending.get(ending, ())]
        if len(endings) > 1:
            found.sort()
        return found

    def find_named(self, *patterns: str) -> list[str]:
        """Files whose names match one of the globs, in order; what follows a last dot in a glob is all of an ending."""
        found: set[str] = set()
        for pattern in patterns:
            if not is_glob(pattern):
                found.update(self.find_by_name(pattern))
                continue
            stem, _, ending = pattern.rpartition(".")
            if stem == "*" and not is_glob(ending):
                found.update(self.by_ending.get(ending, ()))
                continue
            matches, part = name_matcher(pattern), max(_WILD.split(pattern), key=len)
            for ending in self._endings_like(pattern):
                if part.lower() in self._small_letters[ending]:
                    found.update(path for path in self.by_ending[ending] if part in path and matches(name_of(path)))
        return sorted(found)

    def has_named(self, *patterns: str) -> bool:
        """Whether there is a file whose name matches one of the globs."""
        for pattern in patterns:
            stem, dot, ending = pattern.rpartition(".")
            if pattern == "*" or (stem == "*" and dot and not is_glob(ending)):
                if self.files if pattern == "*" else ending in self.by_ending:
                    return True
            elif self.find_named(pattern):
                return True
        return False

    def _endings_like(self, pattern: str) -> Iterable[str]:
        """The endings of files that a glob of names may mean."""
        _, dot, ending = pattern.rpartition(".")
        if not dot:
            return self.by_ending
        if is_glob(ending):
            return (known for known in self.by_ending if matches_name(known, ending, dots=True))
        return (ending,) if ending in self.by_ending else ()


def name_of(path: str) -> str:
    """The last part of a path."""
    return path[path.rfind("/") + 1 :]
