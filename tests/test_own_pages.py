"""`infralint test-checks`: the pages of one's own checks are tests, and say what is not as they claim."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import run, write
from readme import ROOT

from infralint.engine.registry import built_in_folder, load_checks

CHECK = '''
from collections.abc import Iterator
from infralint import Crossing, Finding, Hop, check


@check
def no_plain_backend(crossing: Crossing[Hop]) -> Iterator[Finding]:
    """A stream goes to a backend that is called plain."""
    if "plain" in crossing.hop.name:
        yield Finding("warning", crossing.hop.where, f"{crossing.hop.name} is called plain", "call it otherwise")
'''
SITE = "events {}\nhttp { server {\n  location /%s/chat { proxy_pass http://app; }\n} }\n"
PAGE = """\
# no-plain-backend

## Bad

```nginx title="nginx.conf" hl_lines="3"
BAD```

## Good

```nginx title="nginx.conf"
GOOD```
""".replace("BAD", SITE % "plain").replace("GOOD", SITE % "fancy")


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write(tmp_path, {"lint/no_plain_backend.py": CHECK, "lint/no_plain_backend.md": PAGE}) / "lint"


def test_a_page_that_tells_the_truth_passes(pack: Path) -> None:
    result = run("test-checks", "lint")
    assert (result.exit_code, result.output) == (0, "1 check with 2 examples: 2 passed, 0 failed.\n")


def test_a_check_that_was_edited_within_a_second_is_run_as_it_stands(pack: Path) -> None:
    """Of the same size and time, so that Python itself would take its bytecode for that of the file."""
    code = pack / "no_plain_backend.py"
    assert run("check", "--checks", "lint", "--select", "no-plain-backend", "lint").exit_code == 2
    before = code.stat()
    code.write_text(CHECK.replace('"plain" in', '"fancy" in'))
    os.utime(code, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert code.stat().st_size == before.st_size
    assert "2 failed" in run("test-checks", "lint").output
    assert sorted(path.name for path in pack.iterdir()) == ["no_plain_backend.md", "no_plain_backend.py"]


def test_every_example_is_named_if_that_is_asked_for(pack: Path) -> None:
    assert run("test-checks", "-v", str(pack)).output.splitlines()[:2] == [
        "lint/no_plain_backend.md:5: Bad: as marked",
        "lint/no_plain_backend.md:14: Good: as marked",
    ]


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ('hl_lines="3"', 'hl_lines="2"', ":5: Bad: nginx.conf:2 is marked, and nothing is reported there"),
        ("fancy", "plain/too", ":14: Good: nginx.conf:3 is not marked, and is reported: location /plain/too/chat is"),
        (' hl_lines="3"', "", ":5: Bad: this example below `## Bad` marks no line"),
        ("## Good", "## Fine", ":14: Fine: an example stands below `## Bad` (it is reported) or `## Good` (it is not)"),
        ("proxy_pass http://app; }", "proxy_pass http://app;", "can't be read: nginx would refuse this file"),
    ],
)
def test_what_a_page_claims_and_is_not_so_is_told(written: str, instead: str, told: str, pack: Path) -> None:
    (pack / "no_plain_backend.md").write_text(PAGE.replace(written, instead))
    result = run("test-checks", "lint")
    assert result.exit_code == 1
    assert told in result.output
    assert "lint/no_plain_backend.md:" in result.output


def test_a_check_without_a_page_or_without_an_example_is_not_tested(pack: Path) -> None:
    (pack / "no_plain_backend.md").write_text(PAGE.partition("## Good")[0])
    assert "no-plain-backend is not tested: no example stands below `## Good`" in run("test-checks", "lint").output
    (pack / "no_plain_backend.md").unlink()
    result = run("test-checks", "lint")
    assert (result.exit_code, result.output.splitlines()[0]) == (
        1,
        "lint/no_plain_backend.md: no-plain-backend is not tested: there is no page no_plain_backend.md beside it",
    )


def test_settings_of_an_example_rule_it(pack: Path) -> None:
    nothing = PAGE.replace("## Good\n", "## Good\n\n### Nothing streams\n").replace("fancy", "plain")
    nothing += '\n```yaml title="infralint.yaml"\nstreams: []\n```\n'
    (pack / "no_plain_backend.md").write_text(nothing)
    assert run("test-checks", "lint").output.endswith("2 examples: 2 passed, 0 failed.\n")
    (pack / "no_plain_backend.md").write_text(nothing.replace("streams: []", "strims: []"))
    assert "infralint.yaml:1:1: strims: unknown key" in run("test-checks", "lint").output


@pytest.mark.parametrize(
    ("page", "told"),
    [
        (PAGE.rpartition("```")[0], "line 14: this block is never closed"),
        (PAGE.replace('title="nginx.conf"', 'title="../nginx.conf"'), "line 5: ../nginx.conf leads out of the example"),
        (PAGE.replace('hl_lines="3"', 'hl_lines="three"'), 'line 5: `hl_lines="three"`'),
    ],
)
def test_a_page_that_can_not_be_used_is_an_error(page: str, told: str, pack: Path) -> None:
    (pack / "no_plain_backend.md").write_text(page)
    result = run("test-checks", "lint")
    assert result.exit_code == 2
    assert f"infralint: lint/no_plain_backend.md: {told}" in result.stderr


def test_a_folder_without_checks_is_an_error(pack: Path) -> None:
    (pack / "empty").mkdir()
    assert run("test-checks", "lint/empty").exit_code == 2
    assert run("test-checks", "nowhere").exit_code == 2


def test_the_built_in_checks_are_tested_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that compares an account with code has none, for no files are an example of it."""
    monkeypatch.chdir(ROOT)
    result = run("test-checks", "checks")
    [summary] = result.output.splitlines()
    assert result.exit_code == 0
    assert summary.startswith(f"{len(load_checks(built_in_folder()))} checks with ")
