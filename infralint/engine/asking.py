"""Asking checks: what each answers about a crossing or a platform's item, held to what makes sense."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from infralint.engine.policy import weigh
from infralint.engine.registry import Check
from infralint.engine.time_limit import Endless, time_limit
from infralint.model import (
    SEVERITIES,
    Crossing,
    Finding,
    Hop,
    Known,
    Location,
    Provenance,
    Severity,
    Unknown,
)
from infralint.project import Project
from infralint.project.guard import Guard

Input = TypeVar("Input")


class BadAnswer(TypeError):
    """What a check answered, and what it should have."""


def ask_of_crossing(
    checks: Iterable[Check], crossing: Crossing[Hop], guard: Guard, assumed: Callable[[Hop], Severity]
) -> Iterator[Finding | Unknown]:
    """What checks say of a stream on one leg of its way, weighed. assumed: how loud an assumption is, by its hop."""
    for check in checks:
        if check.asks_for_hops(type(crossing.hop)):
            yield from _ask_of_crossings(check, [crossing], guard, assumed)


def _ask_of_crossings(
    check: Check, crossed: Iterable[Crossing[Hop]], guard: Guard, assumed: Callable[[Hop], Severity]
) -> Iterator[Finding | Unknown]:
    """A check's answers about crossings that it asks for, each with where it came from."""
    for crossing, answers in _ask_each(check, crossed, guard, _place_of_crossing):
        for answer in answers:
            if isinstance(answer, Finding):
                answer = _with_provenance(weigh(answer, crossing, assumed), check, crossing)
            yield answer


def _place_of_crossing(crossing: Crossing[Hop]) -> tuple[Location, str]:
    return crossing.hop.where, crossing.hop.name


def ask_of_item(check: Check, item: object, project: Project) -> Iterator[Finding | Unknown]:
    """What a check says of a platform's own thing."""
    if not check.asks_for_items(type(item)):
        return

    def place(item: object) -> tuple[Location, str]:
        where = getattr(item, "where", None) or Location(project.shown_path(project.root))
        return where, type(item).__name__

    for _, answers in _ask_each(check, [item], project.guard, place):
        for answer in answers:
            if isinstance(answer, Finding):
                answer = replace(answer, provenance=Provenance(check=check.name, hop=getattr(item, "hop", None)))
            yield answer


def ask_all(
    checks: Sequence[Check],
    crossed: Sequence[Crossing[Hop]],
    items: Sequence[object],
    project: Project,
    assumed: Callable[[Hop], Severity],
) -> list[Finding | Unknown]:
    """Every answer of every check, one check after the other."""
    answers: list[Finding | Unknown] = []
    kinds = {type(crossing.hop) for crossing in crossed}
    for check in checks:
        concerned = {kind for kind in kinds if check.asks_for_hops(kind)}
        if concerned:
            asked = (crossing for crossing in crossed if type(crossing.hop) in concerned)
            answers += _ask_of_crossings(check, crossed if concerned == kinds else asked, project.guard, assumed)
        for item in items:
            answers += ask_of_item(check, item, project)
    return answers


def _ask_each(
    check: Check, inputs: Iterable[Input], guard: Guard, place: Callable[[Input], tuple[Location, str]]
) -> Iterator[tuple[Input, list[Finding | Unknown]]]:
    """The inputs of which a check has something to say, with that; where it fails, or answers what makes no sense, it is
    named with the input. place: where an input stands, and what it is called."""
    limit = time_limit if check.is_of_a_user else None
    for item in inputs:
        if check.is_too_slow:
            return
        try:
            if limit is None:
                answers = list(check.function(item) or ())
            else:
                with limit():
                    answers = list(check.function(item) or ())
            if not answers:
                continue
            sound = list(map(_sound, answers))
        except KeyboardInterrupt:
            raise
        except Endless as error:
            check.is_too_slow = True
            where, name = place(item)
            guard.catch(error, where, f"check {check.name} failed on {name} and is asked no more")
        except BaseException as error:  # a test's `skip()`, too, which is no Exception, must not end the run
            where, name = place(item)
            guard.catch(error, where, f"check {check.name} failed on {name}")
        else:
            yield item, sound


def _sound(answer: Any) -> Finding | Unknown:
    """An answer that the rest can work with. Raises BadAnswer."""
    if isinstance(answer, Unknown):
        if not isinstance(answer.where, Location) or not isinstance(answer.why, str):
            raise BadAnswer(f"an Unknown needs a Location and a reason, got {answer!r:.80}")
        return answer
    if not isinstance(answer, Finding):
        raise BadAnswer(f"expected a Finding or an Unknown, got {answer!r:.80}")
    if answer.severity not in SEVERITIES:
        raise BadAnswer(f"a Finding's severity is error, warning or note, got {answer.severity!r:.40}")
    if not isinstance(answer.at, Location) and not (
        isinstance(answer.at, Known) and isinstance(answer.at.where, Location)
    ):
        raise BadAnswer(f"a Finding is at a Known setting or a Location, got {answer.at!r:.80}")
    if not isinstance(answer.message, str) or not isinstance(answer.fix, str):
        raise BadAnswer("a Finding's message and fix are text")
    return answer


def _with_provenance(finding: Finding, check: Check, crossing: Crossing[Hop]) -> Finding:
    """With where it came from; and a setting that came from elsewhere shows from where."""
    trail = finding.at.related if isinstance(finding.at, Known) else ()
    related = (*finding.related, *(place for place in trail if place not in finding.related))
    provenance = Provenance(
        check=check.name,
        hop=crossing.hop,
        stream=crossing.stream,
        trace=crossing.trace,
        position=crossing.position,
        certain=crossing.certain,
        reasons=crossing.reasons,
        doubt=crossing.doubt,
    )
    return replace(finding, related=related, provenance=provenance)
