"""What infralint makes of random expressions and variables, held against what the terraform program makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from generate import Variable
from judging import project

from infralint.sources.terraform import validity
from infralint.sources.terraform.budget import Exhausted
from infralint.sources.terraform.evaluate import EvaluationScope, evaluate, evaluate_constant
from infralint.sources.terraform.folders import TerraformFolders
from infralint.sources.terraform.hcl import HclError, HclFile, parse_expression
from infralint.sources.terraform.modules import Module, World
from infralint.sources.terraform.roots import Root, given_values
from infralint.sources.terraform.values import EvaluationError, Hole, Value
from infralint.text.patterns import fresh_budget

REFUSED, UNKNOWN = "refused", "unknown"


@dataclass
class Agreement:
    """How often both agree, and where they do not: the input, terraform's answer and ours."""

    counted: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[object, str | None, str]] = field(default_factory=list)

    @property
    def lost(self) -> float:
        """The share of what terraform works out and infralint does not."""
        values = self.counted["same"] + self.counted["lost"] + len(self.wrong)
        return self.counted["lost"] / values if values else 0.0


def agreement(inputs: Sequence[object], answers: Sequence[str | None], ours: Sequence[str]) -> Agreement:
    """Both sides' answers, held against each other. What terraform refuses and infralint takes is counted alone."""
    found = Agreement()
    for question, answer, our in zip(inputs, answers, ours, strict=True):
        if our == UNKNOWN:
            found.counted["unknown" if answer is None else "lost"] += 1
        elif answer is None:
            found.counted["both refuse" if our == REFUSED else "taken"] += 1
        elif answer == our:
            found.counted["same"] += 1
        else:
            found.wrong.append((question, answer, our))
    return found


def work_out(expressions: Sequence[str]) -> Iterator[str]:
    """Our answers to expressions: the value as JSON, that it is refused, or that it can't be told."""
    for text in expressions:
        try:
            with fresh_budget():
                shown = _shown(evaluate_constant(parse_expression(HclFile("main.tf", f"jsonencode({text}\n)"))))
            yield shown
        except (EvaluationError, HclError):
            yield REFUSED
        except Exhausted:
            yield UNKNOWN


def work_out_variables(folder: Path, variables: Sequence[Variable]) -> Iterator[str]:
    """Our answers to variables, each in a root of its own."""
    for number, variable in enumerate(variables):
        files = {"main.tf": variable.block("v")}
        if variable.file:
            files["terraform.tfvars"] = f"v = {variable.file}\n"
        options = {} if variable.option is None else {"v": variable.option}
        yield _variable(folder / str(number), files, options)


def _variable(folder: Path, files: dict[str, str], options: dict[str, str]) -> str:
    folder.mkdir()
    tree = TerraformFolders(project(folder, files))
    values, problems = given_values(tree, Root("", given=options))
    world = World(tree, "", values)
    value = Module(world, tree.folder("")).variable("v")
    refused = validity.problems(tree.folder(""), lambda call: None)
    if problems or world.problems or tree.unreadable or refused:
        return REFUSED
    if isinstance(value, Hole):
        return REFUSED if "another type" in value.why or "is not a type" in value.why else UNKNOWN
    module = Module(world, tree.folder(""))
    try:
        return _shown(evaluate(parse_expression(HclFile("", "jsonencode(var.v)")), EvaluationScope(module)))
    except EvaluationError:
        return REFUSED


def _shown(value: Value) -> str:
    return UNKNOWN if isinstance(value, Hole) else str(value)
