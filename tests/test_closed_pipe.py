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


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device here is always full")
@pytest.mark.parametrize("call", ["trace", "--help", "check --diff"])
def test_a_full_disk_is_said_in_one_sentence(call: str, tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": SITE})
    line = f"{sys.executable} -P -m infralint {call} >/dev/full"
    done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    reason = "infralint: what is printed can't be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, reason)


@pytest.mark.parametrize(
    ("call", "status"),
    [
        ("check --no-cache >&-", 1),
        ("trace <&- >&- 2>&-", 1),
        ("check - <&-", 2),
        ("check --nope 2>/dev/full", 2),
    ],
)
def test_a_stream_that_is_closed_or_full_is_no_fault(call: str, status: int, tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": SITE})
    line = f"{sys.executable} -P -m infralint {call}"
    done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert "fault" not in done.stderr
    assert "Traceback" not in done.stderr


def test_what_an_encoding_lacks_is_an_escape(tmp_path: Path) -> None:
    write(tmp_path, {"nginx.conf": SITE})
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    infralint = [sys.executable, "-P", "-m", "infralint", "trace"]
    done = subprocess.run(infralint, cwd=tmp_path, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert rb"\u25bc" in done.stdout
