"""One timeout of a hop: what it measures, for which kind of stream, and how long."""

from __future__ import annotations

from typing import Literal

import msgspec

from infralint.model.setting import Setting
from infralint.model.stream import STREAM_KINDS, StreamKind

Phase = Literal["connect", "first-byte", "between-bytes", "whole-response", "connection"]
"""What a timeout measures: until the backend accepts a connection; until its first byte; the silence between
two bytes; from the first byte to the last; how long a connection may live, whatever it carries."""

Expiry = Literal["504", "truncated", "reset"]
"""What users meet when it runs out: an error answer, an answer that stops in the middle, a broken connection."""

SILENCE: tuple[Phase, ...] = ("first-byte", "between-bytes")
LENGTH: tuple[Phase, ...] = ("whole-response", "connection")


class Clock(msgspec.Struct, frozen=True, gc=False):
    """A timeout. limit: seconds, `math.inf` for none. kinds: the streams that it is about. doubt: why it may not run for
    them at all."""

    phase: Phase
    limit: Setting[float]
    kinds: frozenset[StreamKind] = STREAM_KINDS
    expiry: Expiry = "reset"
    doubt: str = ""

    def is_about(self, kind: StreamKind) -> bool:
        """Whether it surely runs for streams of a kind."""
        return kind in self.kinds and not self.doubt


def silence_clocks(limit: Setting[float], kinds: frozenset[StreamKind] = STREAM_KINDS) -> tuple[Clock, ...]:
    """One limit for the silence before the first byte and between two."""
    return Clock("first-byte", limit, kinds, "504"), Clock("between-bytes", limit, kinds, "truncated")
