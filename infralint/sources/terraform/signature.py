"""What a function of Terraform's takes: how many arguments, of which types, and whether they may be null or unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from infralint.sources.terraform.budget import EvaluationBudget
from infralint.sources.terraform.convert import convert
from infralint.sources.terraform.types import ANY, Type
from infralint.sources.terraform.values import EvaluationError, Hole, Value, first_hole, weight

Holes = Literal["none", "inside", "anywhere"]


class Signature(msgspec.Struct, frozen=True):
    """A function with its parameters. rest: the type of as many more as are given, at least `least`.

    nulls: the parameters that may be null, by position (-1: the rest). holes: where the function can
    do with values that are not known: nowhere, inside of collections, or anywhere.
    """

    function: Callable[..., Value]
    parameters: tuple[Type, ...] = ()
    rest: Type | None = None
    least: int = 0
    nulls: frozenset[int] = frozenset()
    holes: Holes = "none"

    def call_function(self, name: str, arguments: list[Value], budget: EvaluationBudget) -> Value:
        """What the function gives. Raises EvaluationError where Terraform would refuse, NotWorkedOut."""
        self._count(name, len(arguments))
        if (hole := self._hole(arguments)) is not None:
            return hole
        budget.spend(sum(map(weight, arguments)) // 10)
        taken = [self._take_argument(name, position, argument) for position, argument in enumerate(arguments)]
        return self.function(*taken)

    def takes_number(self, given: int) -> bool:
        """Whether so many arguments are neither too few nor too many."""
        least = len(self.parameters) + self.least
        return given == least or (given > least and self.rest is not None)

    def _count(self, name: str, given: int) -> None:
        if not self.takes_number(given):
            raise EvaluationError(f"{name}() does not take {given} arguments")

    def _hole(self, arguments: list[Value]) -> Hole | None:
        if self.holes == "none":
            return next((hole for hole in map(first_hole, arguments) if hole), None)
        if self.holes == "inside":
            return next((argument for argument in arguments if isinstance(argument, Hole)), None)
        return None

    def _take_argument(self, name: str, position: int, argument: Value) -> Value:
        rest = position >= len(self.parameters)
        if argument is None and (-1 if rest else position) not in self.nulls:
            raise EvaluationError(f"{name}() does not take null")
        return convert(argument, (self.rest or ANY) if rest else self.parameters[position])


def takes(
    function: Callable[..., Value],
    *parameters: Type,
    rest: Type | None = None,
    least: int = 0,
    nulls: tuple[int, ...] = (),
    holes: Holes = "none",
) -> Signature:
    """A signature."""
    return Signature(function, parameters, rest, least, frozenset(nulls), holes)
