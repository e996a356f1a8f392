"""Runs that were made: what each asked of the disk, and what it printed.

An entry is a row of texts, each after its length, as `12:check this …`: what tells a run again loads no parser.
"""

from __future__ import annotations

import os

from infralint.cache import entries
from infralint.cache.recording import DiskQuestion, Recording, answer

TYPE_CHECKING = False  # as in infralint/__init__.py
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infralint.cache.recording import Kind


class CachedRun:
    """A run that was made. asked: questions to the disk, in their order, with the digests of the answers.
    printed: its report. status: how it ended."""

    def __init__(self, asked: Sequence[tuple[Kind, str, bytes]], printed: Sequence[str], status: int) -> None:
        self.asked = asked
        self.printed = printed
        self.status = status

    @property
    def still_holds(self) -> bool:
        """Whether the disk answers every question as it did."""
        return all(answer(kind, path)[0] == digest for kind, path, digest in self.asked)


_KINDS: dict[bytes, Kind] = {b"tree": "tree", b"names": "names", b"path": "path"}


def load(folder: str, key: bytes) -> CachedRun | None:
    """What is known of the run of a key."""
    content = entries.load(folder, key)
    if content is None:
        return None
    status, count, *texts = _split(bytes(content))
    end = 3 * int(count)
    asked = [(_KINDS[texts[at]], os.fsdecode(texts[at + 1]), texts[at + 2]) for at in range(0, end, 3)]
    return CachedRun(asked, [text.decode() for text in texts[end:]], int(status))


def save(folder: str, key: bytes, recording: Recording, status: int) -> None:
    """Write a run down, in one step; where that can't be done, nothing is kept."""
    texts = [b"%d" % status, b"%d" % len(recording.answers)]
    for question in sorted(recording.answers, key=_costs_more):
        kind, path = question
        texts += (kind.encode(), os.fsencode(path), recording.answers[question][0])
    texts += [text.encode() for text in recording.printed]
    entries.save(folder, key, b"".join(b"%d:%b" % (len(text), text) for text in texts))


def _costs_more(question: DiskQuestion) -> tuple[bool, DiskQuestion]:
    """Single paths come first: they are answered sooner."""
    return question[0] == "tree", question


def _split(content: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        begin = content.index(b":", at) + 1
        at = begin + int(content[at : begin - 1])
        yield content[begin:at]
