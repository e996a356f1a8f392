"""Which routes of an application stream, told by its code: the best witness, in both directions.

A literal search finds the few files that hold a streaming word; only those are parsed, and followed backwards
by their imports to the routes that they answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from infralint.sources.application.facts import Application, ClientCall, Route, ServerFact
from infralint.sources.application.reading import Reader


def applications(
    files: Iterable[str], text: Callable[[str], bytes], shown: Callable[[str], str] = str
) -> list[Application]:
    """The applications of a project and the streams in their code.

    files: paths relative to the project. text: a file's bytes; may raise CantRead. shown: a path as the user
    would type it.
    """
    return Reader(files, text, shown).applications()


__all__ = ["Application", "ClientCall", "Route", "ServerFact", "applications"]
