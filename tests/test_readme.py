"""What the README and the other pages show is what happens."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import Lint, run
from readme import README, ROOT, rendered

from infralint.project.config import json_schema


def test_the_readme_shows_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = README.read_text()
    assert "$ infralint check" in text
    assert rendered(text) == text, "run `python tests/readme.py`"


def test_the_configuration_on_its_page_is_valid(lint: Lint) -> None:
    page = (ROOT / "infralint/docs/pages/reference/configuration.md").read_text()
    [example] = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "streams:" in block]
    report = lint(
        {"infralint.yaml": example, "nginx.conf": "events {}\n", "deploy/snippets/tls.conf": "ssl_protocols TLSv1.3;\n"}
    )
    assert (report["status"], report["stderr"]) == (0, "")


def test_the_shipped_schema_is_the_one_of_the_types() -> None:
    assert json.loads((ROOT / "infralint/schema.json").read_text()) == json_schema()


def test_the_test_command_of_the_readme_is_the_one_ci_runs() -> None:
    commands = [line for line in README.read_text().splitlines() if line.endswith("pytest -q -n auto")]
    assert len(commands) == 1
    for step in commands[0].split(" && "):
        assert step in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["checks"]])
def test_help_is_complete(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 5


def test_links_between_pages_lead_somewhere() -> None:
    for page in (README, ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text()):
            assert (ROOT / target).exists(), f"{page.name}: {target}"
    assert Path(ROOT / "LICENSE").read_text().lstrip().startswith("Apache License")
