"""What stands before a route: a prefix, the application that it begins at, and the version before both."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from infralint.sources.application.paths import UNKNOWN, Path, path_of
from infralint.sources.application.syntax import HOLE

DEEPEST = 10
"""Mounts within mounts that are followed."""
MOST_HEADS = 200
"""Prefixes that one router answers under: mounts of mounts multiply."""


class PathVersion(msgspec.Struct, frozen=True):
    """A version that stands before a whole path: `/v1`. number: empty where none is given, a hole where it is computed.

    https://sanic.dev/en/guide/advanced/versioning.html
    """

    number: str = ""
    prefix: str = ""

    def over(self, outer: PathVersion) -> PathVersion:
        """This one where it is given, else another."""
        return PathVersion(self.number or outer.number, self.prefix or outer.prefix)

    @property
    def path(self) -> Path:
        number = self.number.strip("/").lstrip("v")
        return path_of(f"{self.prefix or '/v'}{number}", "angles") if number != HOLE else UNKNOWN


UNVERSIONED = PathVersion()


class Head(msgspec.Struct, frozen=True):
    """A prefix, and the file of the application that it begins at; empty where that is not known.

    prefixed: the last mount on its way gave it a prefix. version: what stands before the prefix; mounted: what the last
    mount said of that.
    """

    path: Path
    home: str = ""
    prefixed: bool = False
    version: PathVersion = UNVERSIONED
    mounted: PathVersion = UNVERSIONED

    def extend(self, tail: Path, prefixed: bool = False) -> Head:
        """What stands further in: below a path."""
        version = self.mounted.over(self.version)
        return Head(self.path.join(tail), self.home, prefixed, version)


NOWHERE = Head(UNKNOWN)


def bound_heads(heads: Iterable[Head]) -> list[Head]:
    """Each prefix once; beyond the most that are kept, one stands for the others: unknown."""
    found = list(dict.fromkeys(heads))
    return [*found[:MOST_HEADS], NOWHERE] if len(found) > MOST_HEADS else found
