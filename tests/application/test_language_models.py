"""Where code asks language models, tried on the examples beside each library's rules: what is drawn, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from infralint.sources.application.language_models import LanguageModelUse
from infralint.sources.application.model_calls import language_model_uses
from infralint.sources.application.model_rulebook import LIBRARIES
from infralint.sources.application.rulebook import documents, rule_files


def _examples() -> list[Any]:
    return [
        pytest.param(example, id=f"{name.removesuffix('.yaml')}: {example['name']}")
        for name in rule_files(LIBRARIES)
        for example in list(documents(name, LIBRARIES))[1]
    ]


def _uses(files: dict[str, str]) -> list[LanguageModelUse]:
    contents = {path: text.encode() for path, text in files.items()}
    return language_model_uses(sorted(contents), contents.__getitem__)


def _shown(use: LanguageModelUse, wanted: dict[str, Any]) -> dict[str, Any]:
    places = {"line": use.where.line, "path": use.where.path, "waiting": len(use.waiting)}
    return {key: places[key] if key in places else getattr(use, key) for key in wanted}


@pytest.mark.parametrize("example", _examples())
def test_what_is_drawn_from_an_example(example: dict[str, Any]) -> None:
    found = _uses(example["files"])
    assert [f"{use.where} {use.role}" for use in found] == sorted(
        f"{wanted.get('path', next(iter(example['files'])))}:{wanted['line']} {wanted['role']}"
        for wanted in example["uses"]
    )
    assert [_shown(use, wanted) for use, wanted in zip(found, example["uses"], strict=True)] == example["uses"]


@pytest.mark.parametrize("name", rule_files(LIBRARIES))
def test_every_library_shows_a_use(name: str) -> None:
    examples = list(documents(name, LIBRARIES))[1]
    assert any(example["uses"] for example in examples)


def test_tests_and_examples_are_not_read() -> None:
    code = "from openai import OpenAI\nclient = OpenAI()\n"
    assert _uses({"tests/test_a.py": code, "examples/a.py": code, "a.py": "x = 1\n"}) == []
