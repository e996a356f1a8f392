"""What is said of files that are none of their language, and of those whose content is not what is taken."""

from __future__ import annotations

import pytest
from conftest import Lint


@pytest.mark.parametrize(
    "name", ["serverless.yml", "copilot/api/manifest.yml", ".ebextensions/a.config", "render.yaml"]
)
def test_a_broken_file_is_not_yaml_and_one_that_says_a_thing_twice_is(name: str, lint: Lint) -> None:
    [broken] = lint({name: "a: [\n"})["unreadable"]
    [twice] = lint({name: "a: 1\na: 2\n"})["unreadable"]
    assert broken["message"].startswith("is not YAML: ")
    assert (twice["message"], twice["location"]["line"]) == ("a: stands twice", 2)
