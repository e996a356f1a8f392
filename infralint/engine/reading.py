"""What every source makes of a project: one after the other, and where there is much code, that beside the others."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib import import_module

import msgspec

from infralint.cache.glances import KnownLooks
from infralint.model import Location, Reading, Unreadable
from infralint.project import CantRead, Project
from infralint.project.guard import Guard
from infralint.project.processes import is_copy
from infralint.sources import BESIDE, CODE_ENDINGS, SOURCES, SPREAD

FEWEST = 1000
"""Files of code in which an earlier run did not find nothing: for fewer, a process of their own costs more than it saves."""


class ReadApart(msgspec.Struct, frozen=True):
    """What came of a source, maybe in another process: the reading, if it did not fail, and what the project noted."""

    reading: Reading | None
    caught: list[Unreadable]
    traces: list[str]
    unread: dict[str, CantRead]
    looks: KnownLooks | None


def read(project: Project) -> list[Reading]:
    """What every source makes of a project."""
    needed = [module for module, globs in SOURCES.items() if project.names.has_named(*globs)]
    readings = _read_each(project, [module for module in needed if module == SPREAD])
    others = [module for module in needed if module != SPREAD]
    if BESIDE in needed and project.guess_unknown(project.names.find_ending(*CODE_ENDINGS)) >= FEWEST:
        readings |= _read_beside(project, others)
    else:
        readings |= _read_each(project, others)
    found = [readings[module] for module in needed if module in readings]
    services = [service for reading in found for service in reading.services]
    if services:
        from infralint.sources.application.nodes import read_products

        found.append(read_products(services))
    return found


def _read_each(project: Project, modules: Iterable[str]) -> dict[str, Reading]:
    """The readings of sources, by their modules; those that are not needed are not even imported."""
    readings = {}
    for module in modules:
        with project.guard.around(Location(project.shown_path(project.root))):
            readings[module] = import_module(module).read(project)
    return readings


def _read_beside(project: Project, modules: Iterable[str]) -> dict[str, Reading]:
    """The readings of sources, one of them in a process of its own if there can be one."""
    for module in (BESIDE, "yaml"):  # both need them, and a copy of this process has what this has
        import_module(module)
    with project.work.beside(partial(_read_apart, project)) as outcome:
        readings = _read_each(project, [module for module in modules if module != BESIDE])
        apart = outcome()
    known = project.guard.caught[:]  # what several sources read has failed in both
    for caught, trace in zip(apart.caught, apart.traces, strict=True):
        if caught not in known:
            project.guard.caught.append(caught)
            project.guard.traces.append(trace)
    project.unread |= apart.unread
    if project.glances is not None and apart.looks is not None:
        project.glances.take_over(apart.looks)
    return readings if apart.reading is None else {**readings, BESIDE: apart.reading}


def _read_apart(project: Project) -> ReadApart:
    """What a source makes of a project, with what is to be noted in the process that asked for it."""
    guard = project.guard
    project.guard = Guard()
    try:
        reading = _read_each(project, [BESIDE]).get(BESIDE)
        looks = project.glances.hand_over() if project.glances is not None and is_copy() else None
        return ReadApart(reading, project.guard.caught, project.guard.traces, project.unread, looks)
    finally:
        project.guard = guard
