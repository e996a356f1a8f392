"""How much work a root may take, and what is too large to be worked out."""

from __future__ import annotations

import msgspec

LONGEST = 1_000_000
"""Characters of text: more was not written by a person."""
LARGEST = 200_000
"""Members of a collection and of all collections in it."""
STEPS = 200_000
"""Expressions worked out for one root; large ones take some thousands."""
STEPS_AT_ONCE = 60_000
"""Expressions worked out for one argument."""
INSTANCE = 50
"""What an instance of a module costs, in expressions."""
RESOURCE = 30
"""What an instance of a resource costs that is judged, in expressions."""
ROUND = 10
"""What a block that `dynamic` makes costs, in expressions."""


class Exhausted(Exception):
    """An argument, or a root, that takes more steps than any that people wrote."""


class NotWorkedOut(Exception):
    """Something that Terraform may well work out, and infralint does not: it becomes a hole, never a refusal."""


class EvaluationBudget(msgspec.Struct):
    """What one root may still spend. shared: what all roots of a run may spend together.

    not_worked_out: how often something was met that infralint does not work out.
    """

    steps: int = STEPS
    shared: SharedBudget | None = None
    not_worked_out: int = 0
    _allowance: int = STEPS_AT_ONCE

    def allow(self) -> None:
        """Begin with another argument."""
        self._allowance = STEPS_AT_ONCE

    def spend(self, steps: int = 1) -> None:
        """Raises Exhausted."""
        self._allowance -= steps
        self._take(steps)
        if self._allowance < 0:
            raise Exhausted

    def spend_on_instance(self) -> None:
        """Spend what an instance of a module costs, whichever argument leads to it. Raises Exhausted."""
        self._take(INSTANCE)

    def spend_on_resource(self) -> None:
        """Spend what an instance of a resource costs that is read whole and judged. Raises Exhausted."""
        self._take(RESOURCE)

    def _take(self, steps: int) -> None:
        self.steps -= steps
        if self.shared is not None:
            self.shared.steps -= steps
        if self.is_spent:
            raise Exhausted

    @property
    def is_spent(self) -> bool:
        """Whether nothing more can be worked out for this root."""
        return self.steps < 0 or (self.shared is not None and self.shared.steps < 0)


class SharedBudget(msgspec.Struct):
    """Steps for all roots of a run."""

    steps: int
