"""What one source made of a project."""

from __future__ import annotations

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
    for the summary. seen: kinds of files that stand here and are not read yet. unfollowed: what may hold a
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
    seen: list[str] = []
    unfollowed: list[Unfollowed] = []
    skipped: list[str] = []
    texts: dict[str, str] = {}
    origins: dict[str, str] = {}
    apart: bool = False

    @property
    def hops(self) -> list[Hop]:
        return [hop for node in self.nodes for hop in node.hops]
