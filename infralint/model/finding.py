"""What checks answer: findings, each with what it is about."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from infralint.model.clock import Phase
from infralint.model.node import Edit, Hop
from infralint.model.setting import Known, Location, Related
from infralint.model.stream import Stream
from infralint.model.trace import Trace

Severity = Literal["error", "warning", "note"]

Effect = Literal["refuses", "holds", "cuts", "splits", "cuts-on-reload", "cuts-on-deployment"]
"""What a problem does to a stream: it never opens; it is held back; it ends too soon; its requests reach several
replicas; it ends when a server takes a new configuration, or is replaced."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class Provenance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where a finding came from; filled in by the engine.

    trace, position: the stream's way, and which leg of it this is; certain: the stream surely passes there;
    reasons: why not; doubt: what speaks against there being a stream.
    streams: the other streams that it stands for, too. fingerprint: stays the same while lines move.
    fixable: infralint knows an edit that should put it right. unfixed: why `--fix` leaves it. edits: what puts it
    right, tried and found safe, where a report shows that.
    """

    check: str
    hop: Hop | None = None
    stream: Stream | None = None
    trace: Trace | None = None
    position: int = 0
    certain: bool = True
    reasons: tuple[str, ...] = ()
    doubt: str = ""
    streams: tuple[Stream, ...] = ()
    fingerprint: str = ""
    fixable: bool = False
    unfixed: str = ""
    edits: tuple[Edit, ...] = ()


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A problem: how bad, where (a setting or a place), what it does to the stream, what to write instead.

    setting: the field of the hop that an edit may put right (see `Hop.edits`). phases: what it is a question of
    time about; reports can then show these clocks of the whole way (`Trace.clocks`). effect: what it does to the
    stream, where it is one of the usual things.
    """

    severity: Severity
    at: Known[Any] | Location
    message: str
    fix: str = ""
    related: tuple[Related, ...] = ()
    setting: str = ""
    effect: Effect | None = None
    phases: tuple[Phase, ...] = ()
    provenance: Provenance = Provenance(check="")

    @property
    def location(self) -> Location:
        return self.at.where if isinstance(self.at, Known) else self.at

    @property
    def check(self) -> str:
        return self.provenance.check

    @property
    def hop(self) -> Hop | None:
        return self.provenance.hop

    @property
    def stream(self) -> Stream | None:
        return self.provenance.stream

    def soften(self, severity: Severity) -> Finding:
        """This finding, no louder than `severity`."""
        return (
            self if SEVERITIES.index(self.severity) >= SEVERITIES.index(severity) else replace(self, severity=severity)
        )
