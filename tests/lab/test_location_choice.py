"""Which location serves a request: real nginx, asked thousands of times."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from .harness import Binary, binaries
from .locations import Choice, nginx_answers, random_cases

CONFIGURATIONS = 60
REQUESTS = 60


@pytest.fixture(scope="module")
def choices(binary: Binary) -> list[Choice]:
    """What this nginx chose, in the same thousands of cases each time."""
    return list(nginx_answers(binary, *random_cases(1, CONFIGURATIONS, REQUESTS)))


# The comparison with infralint belongs here: for each of `choices`, the location that
# `infralint.sources.nginx.choose` picks for (choice.configuration, choice.request.host, choice.request.path)
# is the one whose `return 200 "…"` says choice.answer; an empty answer means that no location serves the request.


def test_the_cases_reach_every_kind_of_location(choices: list[Choice]) -> None:
    chosen = Counter(_kind(choice) for choice in choices if choice.answer)
    assert len(choices) == CONFIGURATIONS * REQUESTS
    assert {"=", "", "^~", "~", "~*", "nested", "server"} <= chosen.keys()
    assert any(not choice.answer for choice in choices)


def _kind(choice: Choice) -> str:
    """The modifier of the location that answered; "nested" if it lies in another, "server" if there is none."""
    before = choice.configuration.partition(f'return 200 "{choice.answer}";')[0]
    open_blocks: list[str] = []
    for line in before.splitlines():
        if line.endswith(" {"):
            open_blocks.append(line)
        elif line == "}":
            open_blocks.pop()
    if len(open_blocks) == 1:
        return "server"
    match = re.match(r"location (\S*) ", open_blocks[-1])
    return "nested" if len(open_blocks) > 2 or match is None else match[1]


def test_every_nginx_chooses_the_same(choices: list[Choice]) -> None:
    cases = random_cases(1, CONFIGURATIONS, REQUESTS)
    for other in binaries():
        assert list(nginx_answers(other, *cases)) == choices
