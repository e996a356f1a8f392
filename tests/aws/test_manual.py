"""What the feature's README says of itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

import infralint.sources.aws_account

README = Path(infralint.sources.aws_account.__file__).parent / "README.md"


def test_the_policy_is_the_one_that_is_printed(run: Callable[..., Result]) -> None:
    block = re.search(r"policy: begin -->\n```json\n(.+?)```", README.read_text(), re.DOTALL)
    assert block is not None
    assert json.loads(block[1]) == json.loads(run("aws", "--iam-policy", exit_code=0).output)


def test_every_option_that_it_shows_exists(run: Callable[..., Result]) -> None:
    text = run("aws", "--help", exit_code=0).output
    assert set(re.findall(r"--[a-z][a-z-]+", README.read_text())) <= set(re.findall(r"--[a-z][a-z-]+", text))
