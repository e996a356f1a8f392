"""What was judged in a live account, as rows of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

from infralint.model import SEVERITIES, Severity
from infralint.text.wording import seconds

Verdict = Literal["error", "warning", "note", "could not tell", "good", "not judged"]
VERDICTS: tuple[Verdict, ...] = (*SEVERITIES, "could not tell", "good", "not judged")

BALANCER = "load balancer"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table of what was judged.

    kind, place, owner: in words. identity: its full name. allowed: seconds of silence that it
    allows (None: not known, `why` says it); needed: what its streams need (None: none crosses it).
    severities, checks: of the findings about it. noun: what a person counts it as.
    """

    name: str
    kind: str
    place: str
    identity: str
    allowed: float | None
    why: str
    needed: float | None
    link: str = ""
    owner: str = ""
    streams: tuple[str, ...] = ()
    affinity: tuple[str, ...] = ()
    has_affinity_judged: bool = True
    severities: tuple[Severity, ...] = ()
    checks: tuple[str, ...] = ()
    noun: str = BALANCER

    @property
    def rank(self) -> int:
        """The worst first, then what is not known, then the rest."""
        worst = min(map(SEVERITIES.index, self.severities), default=len(SEVERITIES))
        return worst if self.severities else len(SEVERITIES) + (self.allowed is not None)

    @property
    def verdict(self) -> Verdict:
        """The loudest finding about it; without one, whether it was judged at all."""
        if self.severities:
            return min(self.severities, key=SEVERITIES.index)
        if self.needed is None:
            return "not judged"
        return "could not tell" if self.allowed is None else "good"


def row_phrase(row: Row) -> str:
    """A row without findings in a line: whether it was judged, what it is, and why it is good or why not judged."""
    if row.needed is None:
        reason = "no stream passes it"
    elif row.allowed is None:
        reason = row.why
    else:
        reason = f"it allows {seconds(row.allowed)} of silence, and {seconds(row.needed)} are needed"
    return f"{row.verdict}: {row.name} ({row.kind}, {row.place}): {reason}"


def noun_of(nouns: Iterable[str]) -> str:
    """What rows are counted as together: load balancers, or resources where there are others, too."""
    return BALANCER if all(noun == BALANCER for noun in nouns) else "resource"


def count_verdicts(rows: Iterable[Row]) -> dict[Verdict, int]:
    """How many resources have each verdict, the worst first; one with several rows has the worst of theirs."""
    worst: dict[str, Verdict] = {}
    for row in rows:
        before = worst.get(row.identity, row.verdict)
        worst[row.identity] = min(before, row.verdict, key=VERDICTS.index)
    counts = Counter(worst.values())
    return {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}
