"""Whoever reads a report may have had enough: `infralint check | head`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import write

SITE = "server { listen 80; location /chat { proxy_pass http://app; } }\n"
CALLS = (
    ("check", "."),
    ("check", "--no-cache", ".", "--format", "json"),
    ("trace", "/chat"),
    ("trace", "--format", "html"),
    ("audit", "snapshot", "snapshot.json"),
    ("explain", "buffered-stream"),
    ("checks",),
    ("schema", "report"),
)


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "INFRALINT_CACHE": str(folder / "cache")}
    return subprocess.Popen(
        [sys.executable, "-m", "infralint", *arguments],
        cwd=folder / "project",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("arguments", CALLS, ids=" ".join)
def test_a_reader_who_goes_away_is_told_nothing(arguments: tuple[str, ...], tmp_path: Path) -> None:
    snapshot = '{"infralint_snapshot": 1, "regions": {}}'
    write(tmp_path / "project", {"nginx.conf": SITE, "snapshot.json": snapshot})
    process = start(tmp_path, *arguments)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        said = process.stderr.read()
    status = process.wait()
    assert not any(word in said for word in (b"Broken pipe", b"Traceback", b"Exception ignored"))
    if arguments[0] != "audit":
        assert (said, status) == (b"", 1)


def test_what_nobody_read_is_not_remembered_as_a_failed_run(tmp_path: Path) -> None:
    write(
        tmp_path / "project",
        {"nginx.conf": SITE.replace("proxy_pass", "proxy_buffering off; proxy_read_timeout 1h; proxy_pass")},
    )
    process = start(tmp_path, "check", ".")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        process.stderr.read()
    assert process.wait() == 1
    again = start(tmp_path, "check", ".")
    output, errors = again.communicate()
    assert (again.returncode, errors) == (0, b"")
    assert b"clean" in output
