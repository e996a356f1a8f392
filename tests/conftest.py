"""What tests share: linting files as a user would, and reading the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings

from infralint.cli import cli
from infralint.text.patterns import fresh_budget

settings.register_profile("infralint", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("infralint")  # no test depends on how busy a machine is

Report = dict[str, Any]
Lint = Callable[..., Report]


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Lay files out below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    """The command line, in this process."""
    return CliRunner().invoke(cli, list(arguments), input=stdin)


def problems(report: Report, check: str = "") -> list[str]:
    """`path:line severity check` of each finding."""
    return [
        f"{one['location']['path']}:{one['location']['line']} {one['severity']} {one['check']}"
        for one in report["findings"]
        if not check or one["check"] == check
    ]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports that are compared bear the same time, whenever each was made."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test leaves anything in the user's cache."""
    monkeypatch.setenv("INFRALINT_CACHE", "")


@pytest.fixture(autouse=True)
def _budget() -> Iterator[None]:
    """What one test searches is not paid by the next."""
    with fresh_budget():
        yield


@pytest.fixture
def lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lint:
    """Lint files laid out in an empty folder; the JSON report, with the exit status under `status`."""

    def lint(files: dict[str, str | bytes], *options: str, paths: tuple[str, ...] = (".",)) -> Report:
        write(tmp_path, files)
        monkeypatch.chdir(tmp_path)
        result = run("check", "--format", "json", *options, *paths)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        report: Report = json.loads(result.stdout) if result.stdout.startswith("{") else {}
        report["status"] = result.exit_code
        report["stderr"] = result.stderr
        return report

    return lint
