"""Which location serves a request: real nginx, asked thousands of times."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from infralint.model import Request as ModelRequest
from infralint.sources.nginx.build import Nginx

from .harness import Binary, binaries
from .judged import tier_of
from .locations import Choice, Request, nginx_answers, random_cases

CONFIGURATIONS = 60
REQUESTS = 60


@pytest.fixture(scope="module")
def choices(binary: Binary) -> list[Choice]:
    """What this nginx chose, in the same thousands of cases each time."""
    return list(nginx_answers(binary, *random_cases(1, CONFIGURATIONS, REQUESTS)))


def test_infralint_chooses_as_nginx_does(choices: list[Choice], tmp_path: Path) -> None:
    tiers = {
        text: tier_of(text, tmp_path / f"{number}")
        for number, text in enumerate({one.configuration for one in choices})
    }
    wrong = [one for one in choices if _chosen(tiers[one.configuration], one) != one.answer]
    assert not wrong, f"{len(wrong)} of {len(choices)}, first {wrong[0]}"


def _chosen(tier: Nginx, choice: Choice) -> str:
    """What nginx would answer by what infralint reads."""
    [match] = tier.route(ModelRequest("sse", choice.request.path, choice.request.host))
    assert match.answer is not None
    code, _, text = match.answer.value.partition(" ")
    return text if code == "200" else ""


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


def test_a_prefix_without_the_slash_is_served_by_its_own_location(binary: Binary) -> None:
    """A proxied `/ws/` redirects `/ws`, unless that has a location."""
    proxied = "location /ws/ { proxy_pass http://127.0.0.1:1; }"
    alone = f"server {{ listen 80; {proxied} location / {{ return 200 root; }} }}"
    both = alone.replace("location / ", 'location /ws { return 200 "own"; } location / ')
    asked = [Request("example.com", "/ws")]
    assert [one.answer for one in nginx_answers(binary, [alone, both], [asked, asked])] == ["", "own"]
