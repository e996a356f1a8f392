"""Whoever reads what is printed may have had enough: `infralint check | head`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import write

SITE = "events {}\nhttp { server { listen 80; location /api/chat { proxy_pass http://app:80; } } }\n"
SNAPSHOT = """{"regions": [{"account": "1", "name": "eu-west-1", "load_balancers": [
  {"LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/chat/1", "LoadBalancerName": "chat"}]}]}"""
CALLS = {
    "check": ["check", "--no-cache", "."],
    "check-json": ["check", "--no-cache", "--format", "json", "."],
    "check-file": ["check", "--no-cache", "--output", "sarif=report.sarif", "."],
    "trace": ["trace", "/api/chat"],
    "trace-html": ["trace", "--format", "html"],
    "audit": ["audit", "snapshot", "live.json"],
    "explain": ["explain", "short-idle-timeout"],
    "help": ["--help"],
}


@pytest.mark.parametrize("call", CALLS)
def test_a_reader_that_leaves_ends_the_run_without_a_word(call: str, tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": SITE, "live.json": SNAPSHOT})
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "infralint", *CALLS[call]],
        cwd=tmp_path,
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_files_are_written_though_nobody_reads_the_rest(tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": SITE})
    reader, writer = os.pipe()
    os.close(reader)
    call = [sys.executable, "-P", "-m", "infralint", *CALLS["check-file"]]
    subprocess.run(call, cwd=tmp_path, stdout=writer, stderr=subprocess.DEVNULL, check=False)
    os.close(writer)
    assert '"2.1.0"' in (tmp_path / "report.sarif").read_text()


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "INFRALINT_CACHE": str(folder / "cache")}
    return subprocess.Popen(
        [sys.executable, "-m", "infralint", *arguments],
        cwd=folder / "project",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


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
