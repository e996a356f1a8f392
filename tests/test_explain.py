"""Manual pages in a terminal, and the list of checks."""

from __future__ import annotations

from pathlib import Path

import pytest
from click import unstyle
from conftest import run, write

from infralint.cli.terminal import render_page
from infralint.engine.registry import built_in_folder, load_checks

NAMES = [one.name for one in load_checks(built_in_folder())]
PAGE = """\
# some-check

What `it` does,
**and** [why](https://example.com).

| hop | default |
|---|---|
| nginx, `proxy_pass` | 60 s |
| a name that is rather long | some words that need more than one line of this narrow table |

* one
  goes on
* two

```nginx title="nginx.conf" hl_lines="1"
proxy_buffering on;

# done
```
"""


def test_a_page_laid_out() -> None:
    assert unstyle(render_page(PAGE, 60)).splitlines() == [
        "some-check",
        "",
        "What it does, and why (https://example.com).",
        "",
        "hop                         default",
        "──────────────────────────  ────────────────────────────────",
        "nginx, proxy_pass           60 s",
        "a name that is rather long  some words that need more than",
        "                            one line of this narrow table",
        "",
        "• one goes on",
        "• two",
        "",
        "    nginx.conf",
        "    proxy_buffering on;",
        "",
        "    # done",
    ]


def test_styles_are_used() -> None:
    text = render_page(PAGE, 60)
    assert "\x1b[1m\x1b[4msome-check\x1b[0m" in text
    assert "\x1b[36mit\x1b[0m" in text
    assert "\x1b[32mproxy_buffering on;\x1b[0m" in text


@pytest.mark.parametrize("name", NAMES)
def test_every_page_can_be_laid_out_and_loses_no_word(name: str) -> None:
    plain = run("explain", name)
    laid_out = run("explain", name, "--color", "always")
    assert (plain.exit_code, laid_out.exit_code) == (0, 0)
    assert plain.output.startswith(f"# {name}\n")
    text = unstyle(laid_out.output)
    assert "```" not in text
    assert not [line for line in text.splitlines() if line.startswith("#")]
    words = {word for word in text.split() if word.isalpha()}
    assert {word for word in plain.output.split() if word.isalpha()} - words <= {"nginx", "yaml", "hcl", "json"}


def test_the_list_of_checks_as_markdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = '''
from collections.abc import Iterator
from infralint import Crossing, Finding, Hop, check

@check
def ours(crossing: Crossing[Hop]) -> Iterator[Finding]:
    """A check of our own."""
    yield from ()
'''
    monkeypatch.chdir(write(tmp_path, {"lint/ours.py": code}))
    lines = run("checks", "--format", "markdown", "--checks", "lint").output.splitlines()
    assert lines[:2] == ["| check | what it finds |", "|---|---|"]
    assert [line.split("`")[1] for line in lines if line.startswith(("| `", "| [`"))].count("ours") == 1
    assert {line.split("`")[1] for line in lines if line.startswith(("| `", "| [`"))} == {*NAMES, "ours"}
    assert "The group `application`, off unless selected (`--select default,application`):" in lines
    assert "| `ours` | A check of our own. |" in lines
    assert any(line.startswith("| [`buffered-stream`](checks/buffered_stream.md) | ") for line in lines)
