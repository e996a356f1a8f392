"""What one source made of a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from infralint.model.node import Hop, Node, Service
from infralint.model.setting import Unknown, Unreadable
from infralint.model.stream import Stream, StreamKind


@dataclass
class Reading:
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
    nodes: list[Node] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    mentions: set[StreamKind] = field(default_factory=set)
    items: list[Any] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    unfollowed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    apart: bool = False

    @property
    def hops(self) -> list[Hop]:
        return [hop for node in self.nodes for hop in node.hops]
