"""The lab's own promises."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .harness import START_LIMIT, Binary, Nginx, binaries

EMPTY = "events { } http { server { listen unix:port-80.sock; } }"
ABANDONED = """
import sys, time
from lab.harness import Nginx, binaries
with Nginx(binaries()[int(sys.argv[1])], sys.argv[2]) as nginx:
    print(nginx.process_id, nginx.folder, flush=True)
    time.sleep(60)
"""


def alive(process: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def within_limit(happened: Callable[[], bool]) -> bool:
    """Wait for something, as long as nginx may take to stop."""
    deadline = time.monotonic() + START_LIMIT
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.01)
    return happened()


def test_nginx_ends_with_its_context(binary: Binary) -> None:
    with Nginx(binary, EMPTY) as nginx:
        process = nginx.process_id
        assert alive(process)
    assert not alive(process)
    assert not nginx.folder.exists()


def test_a_killed_test_leaves_no_nginx(binary: Binary) -> None:
    tests = Path(__file__).parents[1]
    command = [sys.executable, "-c", ABANDONED, str(binaries().index(binary)), EMPTY]
    with subprocess.Popen(command, cwd=tests, stdout=subprocess.PIPE, text=True) as test:
        assert test.stdout is not None
        try:
            process, folder = test.stdout.readline().split()
        finally:
            test.kill()
    assert within_limit(lambda: not alive(int(process)))
    assert within_limit(lambda: not Path(folder).exists())


def test_a_refused_configuration_says_why(binary: Binary) -> None:
    with pytest.raises(RuntimeError, match='unknown directive "nonsense"'), Nginx(binary, "nonsense on;"):
        pass


def test_accepts(binary: Binary) -> None:
    assert binary.accepts(EMPTY).ok
    assert 'unknown directive "nonsense" in nginx.conf:1' in binary.accepts("nonsense on;").message


def test_the_wheel_is_always_here() -> None:
    assert binaries()[0].http11_by_default
