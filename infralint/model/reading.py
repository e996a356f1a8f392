"""What one source made of a project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from infralint.model.node import Hop, Node, Service
from infralint.model.setting import Unfollowed, Unknown, Unreadable
from infralint.model.stream import Stream, StreamKind


class Reading(msgspec.Struct):
    """What one source made of a project.

    streams: what code of clients opens. mentions: the kinds of streams that the project has to do with at
    all, answers of models among SSE. items: the platform's own things that checks may
    ask for by type. files: paths that were read,
    for the summary. seen: kinds that stand here and are not read yet, each with where. unfollowed: what may hold a
    stream or a hop and could not be followed, each with why. skipped: files that were passed over, for another
    says the same, each with why. texts: what was read under names that are no files, and origins: the file that each
    of these came from. apart: its proxies are a deployment of their own, so that what clients ask them for says
    nothing against the entries of others.
    """

    platform: str
    nodes: list[Node] = []
    services: list[Service] = []
    streams: list[Stream] = []
    mentions: set[StreamKind] = set()
    items: list[Any] = []
    unknown: list[Unknown] = []
    unreadable: list[Unreadable] = []
    files: list[str] = []
    seen: dict[str, dict[str, None]] = {}
    unfollowed: list[Unfollowed] = []
    skipped: list[str] = []
    texts: dict[str, str] = {}
    origins: dict[str, str] = {}
    apart: bool = False

    @property
    def hops(self) -> list[Hop]:
        return [hop for node in self.nodes for hop in node.hops]

    def see(self, kind: str, *places: str) -> None:
        """Note that a kind stands here which is not read."""
        self.seen.setdefault(kind, {}).update(dict.fromkeys(places))


def list_seen(readings: Iterable[Reading]) -> list[str]:
    """The kinds that are not read, one line each: `Caddy (deploy/Caddyfile and 2 more)`."""
    found: dict[str, dict[str, None]] = {}
    for reading in readings:
        for kind, places in reading.seen.items():
            found.setdefault(kind, {}).update(places)
    return sorted(_show_kind(kind, list(places)) for kind, places in found.items())


def _show_kind(kind: str, places: list[str]) -> str:
    if not places:
        return kind
    where = f"{places[0]} and {len(places) - 1} more" if len(places) > 1 else places[0]
    return where if places[0].endswith(kind) else f"{kind} ({where})"
