"""What `--fix` writes, real nginx accepts, and the stream then flows: every page's examples, and whole stacks."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import run, write

from infralint.engine.pages import examples
from infralint.engine.registry import built_in_folder
from infralint.text.expressions import matching

from .client import Probe
from .harness import Binary, Lab
from .repoint import repoint
from .test_verdicts import FASTER, _faster
from .upstreams import Answer

CHOICES = {
    "nothing says that a stream goes here; declare it in infralint.yaml",
    "it serves more than the stream, and buffering helps the rest: give the stream a location of its own",
    "what keeps a client on its server, infralint can't know",
    "repeated-host-header",
    "stream-cut-on-reload",
    "unexplained-ignore",
    "unused-ignore",
}
"""Why an example is left as it is: the reason, or the check whose findings are never edited."""
FIXTURES = Path(__file__).parents[2] / "fixtures"


def _examples() -> list[object]:
    """Bad examples that are one nginx file, with an infralint.yaml or without."""
    found = []
    for page in sorted(built_in_folder().glob("*.md")):
        for example in examples(page):
            names = [name for name in example.files if name != "infralint.yaml"]
            usual = len(names) == 1 and not names[0].endswith((".yaml", ".yml", ".tf", ".json", ".py", ".ts"))
            if example.section == "Bad" and usual and not example.files[names[0]].lstrip().startswith("stream"):
                subject = page.stem == "short_idle_timeout"
                found.append(pytest.param(example.files, names[0], subject, id=f"{page.stem}:{example.line}"))
    return found


def fix(folder: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Fix a project for this nginx; what was fixed."""
    monkeypatch.chdir(folder)
    version = ".".join(map(str, binary.version))
    first = run("check", "--fix", "--format", "json", "--nginx-version", version)
    again = run("check", "--fix", "--format", "json", "--nginx-version", version)
    assert "fixed" not in json.loads(again.stdout)
    fixed: list[dict[str, Any]] = json.loads(first.stdout).get("fixed", [])
    return fixed


PLAIN = "no edit of one setting puts it right"
"""What is said of a finding that `--fix` has no edit for."""


def _probe(finding: dict[str, Any]) -> Probe:
    """What failed before."""
    pattern = finding["stream"]["path"]
    sent = re.search(r"nginx sends (/\S*) here", finding["stream"]["because"])
    path = (sent[1] if sent else "/x") if pattern.startswith("@") else pattern
    path = path if path.startswith("/") else "/" + matching(path.lstrip("~*^= "))[0].lstrip("/")
    pause = 120 / FASTER if finding["check"] == "short-idle-timeout" else 0
    kind = finding["stream"]["kind"]
    return Probe(path, "chat.example.com", kind, Answer(pause=pause), headers=(("Accept-Encoding", "gzip"),))


def flows(binary: Binary, text: str, fixed: list[dict[str, Any]], files: dict[str, str] | None = None) -> None:
    """nginx takes a fixed configuration, and what was fixed is mended: no handshake fails, nothing is held or cut."""
    accepted = binary.accepts(repoint(text, files))
    assert accepted.ok, accepted.message
    if not fixed:
        return
    quick = {name: _faster(one) for name, one in (files or {}).items()}
    with Lab(binary, _faster(text), quick) as lab:
        outcomes = lab.observe([_probe(one) for one in fixed])
    for finding, outcome in zip(fixed, outcomes, strict=True):
        if finding["stream"]["kind"] == "websocket":
            assert outcome.handshake, finding
        elif finding["check"] == "short-idle-timeout":
            assert outcome.verdict in ("delivered", "held"), finding
        else:
            assert outcome.verdict == "delivered", finding


@pytest.mark.parametrize(("files", "name", "subject"), _examples())
def test_a_fixed_example_is_accepted_and_streams(
    files: dict[str, str], name: str, subject: bool, binary: Binary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, dict(files))
    fixed = fix(tmp_path, binary, monkeypatch)
    text = (tmp_path / name).read_text()
    if text == files[name] and not binary.accepts(repoint(text)).ok:
        assert (
            "nginx would refuse this file" in run("check", "--nginx-version", ".".join(map(str, binary.version))).output
        )
        return  # what came with a later nginx
    # Silences take seconds: they are tried where they are the subject, and where HTTP servers speak.
    silent = "proxy_timeout" not in text and any(line.endswith("read_timeout 300s;") for line in text.splitlines())
    flows(binary, text, [one for one in fixed if one["check"] != "short-idle-timeout" or (subject and silent)])


def test_examples_are_fixed_unless_somebody_has_to_choose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = set()
    fixed = 0
    for number, case in enumerate(_examples()):
        write(tmp_path / str(number), dict(case.values[0]))  # type: ignore[attr-defined]
        monkeypatch.chdir(tmp_path / str(number))
        report = json.loads(run("check", "--fix", "--format", "json").stdout)
        fixed += len(report.get("fixed", []))
        left = [one for one in report["findings"] if one["not_fixed"] != "a note asks for no change"]
        reasons |= {one["check"] if one["not_fixed"] == PLAIN else one["not_fixed"] for one in left}
    assert fixed > 50
    assert reasons <= CHOICES, reasons - CHOICES


def test_a_fixed_stack_is_accepted_and_streams(binary: Binary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = shutil.copytree(FIXTURES / "chat-stack", tmp_path / "chat-stack")
    fixed = fix(stack, binary, monkeypatch)
    folder = stack / "nginx"
    files = {
        path.relative_to(folder).as_posix().removesuffix(".template"): path.read_text().replace(
            "${PROXY_READ_TIMEOUT}", "90s"
        )
        for path in folder.rglob("*.*")
        if path.is_file()
    }
    assert {one["check"] for one in fixed} >= {"buffered-stream", "missing-upgrade-headers", "short-idle-timeout"}
    flows(binary, files.pop("nginx.conf"), fixed, files)
