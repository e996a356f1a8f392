"""How loud: what is said of a finding once evidence, way and options are weighed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import msgspec
from msgspec.structs import replace

from infralint.model import SEVERITIES, STRENGTH, Crossing, Finding, Hop, Reading, Severity
from infralint.project import Project
from infralint.project.charts import chart_folders, outermost_chart
from infralint.project.trials import is_trial


def weigh(finding: Finding, crossing: Crossing[Hop], assumed: Callable[[Hop], Severity]) -> Finding:
    """Errors need certainty; what rests on an assumption is no louder than `assumed` says of its hop."""
    evidence = crossing.stream.evidence
    if not (evidence.certain and crossing.certain):
        finding = finding.soften("warning")
    if crossing.doubt:
        finding = finding.soften("note")
    return finding.soften(assumed(crossing.hop)) if evidence.kind == "assumed" else finding


def soften_trials(findings: Iterable[Finding], project: Project) -> list[Finding]:
    """Findings in tests, examples and development files are notes, unless the user asked about these very files."""
    return [
        finding.soften("note") if is_trial(path) and not project.was_asked_about(path) else finding
        for finding in findings
        for path in (project.path_of(finding.location.path),)
    ]


class Assumptions(msgspec.Struct, dict=True):
    """How loud an assumption is: as the user says; else a warning where something speaks of streams or models at all.

    Each Helm chart is a deployment of its own: what speaks in one says nothing of the others that lie beside it.
    """

    project: Project
    readings: Sequence[Reading]
    crossings: Sequence[Crossing[Hop]]

    def loudness(self, hop: Hop) -> Severity:
        assume = self.project.settings.assume
        if assume == "note" or assume == "warning":
            return assume
        chart = self._chart_of(hop)
        speaking = self._charts_that_speak & {chart, ""} if chart else self._charts_that_speak
        return "warning" if self._speaks_of_streams or speaking else "note"

    @cached_property
    def _speaks_of_streams(self) -> bool:
        """Whether the project as a whole depends on what streams."""
        return any(reading.mentions for reading in self.readings)

    @cached_property
    def _charts_that_speak(self) -> set[str]:
        """The charts in which something is known to stream; empty text: outside of any."""
        return {
            self._chart_of(crossing.hop)
            for crossing in self.crossings
            if crossing.stream.evidence.kind != "assumed"
            and not crossing.stream.handshake_only
            and not crossing.doubt
            and not _is_of_dashboard(crossing)
        }

    def _chart_of(self, hop: Hop) -> str:
        """The outermost chart that a hop is written in; empty where it is in none."""
        return outermost_chart(self.project.path_of(hop.where.path), chart_folders(self.project))


def _is_of_dashboard(crossing: Crossing[Hop]) -> bool:
    """Whether a stream is the WebSocket of a known product (Grafana, Sonarr), which speaks of no answer of a model."""
    is_product = crossing.stream.evidence.kind == "name" and crossing.trace.legs[-1].hop.origin
    return is_product and crossing.stream.kind == "websocket"


def merge_by_cause(findings: Iterable[Finding]) -> list[Finding]:
    """One finding a check, hop and place: the loudest, on the best evidence; it names the streams it stands for, too."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        hop = finding.hop
        key = (finding.check, hop and (hop.where, hop.name, hop.environment), finding.location)
        groups.setdefault(key, []).append(finding)
    return [_loudest(group) for group in groups.values()]


def _loudest(group: Sequence[Finding]) -> Finding:
    best = min(group, key=_rank)
    streams = {str(finding.stream): finding.stream for finding in group if finding.stream}
    streams.pop(str(best.stream), None)
    return replace(best, provenance=replace(best.provenance, streams=tuple(streams.values())))


def _rank(finding: Finding) -> tuple[object, ...]:
    """Loudest first, then what is certain, the best evidence, a session that breaks, the greatest need, the longest way.

    What is still alike goes by its words, so that the order of streams in a file decides nothing.
    """
    stream, trace = finding.stream, finding.provenance.trace
    loudness = (SEVERITIES.index(finding.severity), not finding.provenance.certain)
    if stream is None:
        return (*loudness, finding.message)
    return (
        *loudness,
        STRENGTH.index(stream.evidence.kind),
        not stream.session,
        -stream.longest_silence.seconds,
        -stream.duration.seconds,
        -len(trace.legs) if trace else 0,
        str(stream),
        finding.message,
    )


def exceeds(findings: Iterable[Finding], fail_on: str) -> bool:
    """Whether any finding is at or above the severity at which a run fails."""
    if fail_on == "never":
        return False
    limit = SEVERITIES.index(fail_on)
    return any(SEVERITIES.index(finding.severity) <= limit for finding in findings)
