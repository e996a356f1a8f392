"""Where something stands, and what is known of a setting: its value, or why it can't be told."""

from __future__ import annotations

import math
from typing import Generic, Literal, TypeVar

import msgspec

Origin = Literal["explicit", "inherited", "default"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")

UNLIMITED = math.inf


class Location(msgspec.Struct, frozen=True, order=True, gc=False):
    """A place in a file (or a resource of a live account): 1-based, the end exclusive; line 0: all of it."""

    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part)


class Related(msgspec.Struct, frozen=True, gc=False):
    """A second place that a finding is about, and what stands there."""

    message: str
    location: Location


class Known(msgspec.Struct, Generic[T_co], frozen=True, gc=False):
    """A setting whose value is known.

    value: what rules the hop (seconds for timeouts, `math.inf` for none).
    where: the words that set it, or the hop itself where the platform's default decides.
    name: what the platform calls it (`proxy_read_timeout`, `idle_timeout.timeout_seconds`).
    written: the user's own words (`proxy_read_timeout 1d`), empty for a default.
    because: a sentence that says why this value follows, where that is not plain.
    """

    value: T_co
    where: Location
    name: str
    origin: Origin = "explicit"
    written: str = ""
    because: str = ""
    related: tuple[Related, ...] = ()

    def __str__(self) -> str:
        return self.written or f"{self.name} (default)"

    @property
    def phrase(self) -> str:
        """The setting in a sentence: the user's own words, or that it is the default."""
        return f"`{self.written}`" if self.written else f"the default of {self.name}"

    def with_value(self, value: U, because: str = "") -> Known[U]:
        """The same words, read as another value."""
        return Known(value, self.where, self.name, self.origin, self.written, because or self.because, self.related)


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """A setting, or a whole file, of which infralint can't tell what holds, and why. It has no value.

    remedy: what to do to be told. places: how many places share this cause. refused: the platform
    would not take what is written, so that the file counts as unreadable.
    """

    where: Location
    name: str
    why: str
    remedy: str = ""
    places: int = 1
    refused: bool = False


Setting = Known[T] | Unknown


class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """Input that could not be read: the exit status is 2, and everything else is still judged."""

    message: str
    where: Location


class Unfollowed(msgspec.Struct, frozen=True, order=True, gc=False):
    """What may hold a stream or a hop, and could not be followed: why, with `where` as its subject."""

    where: Location
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


def not_applicable(value: T, where: Location, name: str = "") -> Known[T]:
    """A setting that this platform does not have, with the value that its absence amounts to."""
    return Known(value, where, name, "default")
