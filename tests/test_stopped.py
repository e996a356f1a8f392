"""What becomes of files when a run that writes them is killed, and what the next run says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import run, write

SITE = "events {}\nhttp { server { location /api/chat { proxy_pass http://app; } } }\n"
SITES: dict[str, str | bytes] = {f"{name}/nginx.conf": SITE for name in "abc"}
KILLED = """
import os, sys
from infralint.cli import cli
step, name = int(sys.argv.pop(1)), sys.argv.pop(1)
real, calls = getattr(os, name), 0
def stop(*arguments, **more):
    global calls
    calls += 1
    if calls == step:
        os._exit(137)
    return real(*arguments, **more)
setattr(os, name, stop)
cli(["check", "--fix"])
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, SITES)
    return tmp_path


def kill(here: Path, call: str, step: int) -> None:
    """Run `--fix` and kill it at a call of one of os's functions."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(step), call], cwd=here, capture_output=True, check=False)
    assert done.returncode == 137, done.stderr


def left(here: Path) -> list[str]:
    return sorted(path.name for path in here.rglob(".*infralint"))


def written(here: Path) -> list[bool]:
    """Of each site, whether it is the new one; it is either wholly new or wholly old."""
    texts = [(here / name).read_text() for name in SITES]
    assert all(text == SITE or text.endswith("proxy_read_timeout 300s; } } }\n") for text in texts), texts
    return [text != SITE for text in texts]


@pytest.mark.parametrize(
    ("call", "step", "replaced"),
    [
        ("chmod", 2, 0),
        ("link", 1, 0),
        ("replace", 1, 0),
        ("replace", 2, 1),
        ("replace", 3, 2),
    ],
)
def test_every_file_is_whole_and_the_next_run_says_what_was_written(
    call: str, step: int, replaced: int, here: Path
) -> None:
    kill(here, call, step)
    assert sum(written(here)) == replaced
    assert left(here)
    result = run("check", "--format", "json")
    report = json.loads(result.stdout)
    assert report["read"] == {"nginx": sorted(SITES)}
    assert len(report["findings"]) == 2 * (3 - replaced)
    if replaced:
        assert "infralint: a --fix was stopped: it wrote a/nginx.conf" in result.stderr
        assert "and did not write" in result.stderr
        assert "c/nginx.conf; run --fix again, or delete .fix.infralint" in result.stderr
    else:
        assert "infralint: passed over " in result.stderr or "it wrote nothing" in result.stderr
    assert run("check", "--fix").exit_code == 0
    assert (written(here), left(here)) == ([True] * 3, [])
    assert run("check").stderr == ""


MODES = (0o600, 0o644, 0o755)


@pytest.mark.parametrize("delay", [0.0, 0.0005, 0.001, 0.003])
def test_killed_at_any_moment_files_keep_their_modes_and_what_shares_them_stays(delay: float, here: Path) -> None:
    for name, mode in zip(SITES, MODES, strict=True):
        (here / name).chmod(mode)
    os.link(here / "b/nginx.conf", here / "shared.txt")
    command = [sys.executable, "-m", "infralint", "check", "--fix"]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not left(here) and process.poll() is None:
            pass
        time.sleep(delay)
        process.kill()
    replaced = sum(written(here))
    assert [(here / name).stat().st_mode & 0o7777 for name in SITES] == list(MODES)
    assert (here / "shared.txt").read_text() == SITE
    result = run("check", "--format", "json")
    assert json.loads(result.stdout)["read"] == {"nginx": sorted(SITES)}
    assert ("a --fix was stopped" in result.stderr) >= (0 < replaced < len(SITES))
    assert run("check", "--fix").exit_code == 0
    assert (written(here), left(here)) == ([True] * 3, [])


def test_killed_after_all_was_written(here: Path) -> None:
    kill(here, "unlink", 3)
    assert written(here) == [True] * 3
    assert "which was all" in run("check").stderr
    assert run("check", "--fix").exit_code == 0


def test_what_an_older_release_left_behind_is_passed_over_and_kept(here: Path) -> None:
    older = here / "a/.nginx.conf.5e3aq7lb"
    older.write_text("server {}")
    (here / "a/.nginx.conf.template").write_text(SITE)
    result = run("check", "--fix", "--format", "json")
    assert older.exists()
    assert "passed over a/.nginx.conf.5e3aq7lb" in result.stderr
    assert "a/.nginx.conf.template" in json.loads(result.stdout)["read"]["nginx"]


@pytest.mark.parametrize("content", ["[", "{}", "[[[[" * 50_000, '[{"path": 1}]'])
def test_a_journal_of_somebody_else_stops_nothing(content: str, here: Path) -> None:
    (here / ".fix.infralint").write_text(content)
    assert "can't be read; delete it" in run("check").stderr
    assert run("check", "--fix").exit_code == 0
    assert left(here) == []


def test_a_journal_that_is_a_link_is_not_written_through(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "keep"
    outside.write_text("mine")
    (here / ".fix.infralint").symlink_to(outside)
    run("check", "--fix")
    assert outside.read_text() == "mine"
    assert written(here) == [True] * 3


def test_two_runs_do_what_one_does(here: Path) -> None:
    assert run("check", "--fix").exit_code == 0
    once = {path: path.read_bytes() for path in here.rglob("*.conf")}
    assert run("check", "--fix").exit_code == 0
    assert {path: path.read_bytes() for path in here.rglob("*.conf")} == once


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("infralint.yaml", ["init", "--force"]),
        ("infralint.yaml", ["init"]),
        (".infralint-baseline.json", ["baseline"]),
    ],
)
def test_nothing_is_written_through_a_link_that_leads_out(
    name: str, call: list[str], here: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "keep.yaml"
    outside.write_text("streams: []\n")
    for target in (outside, outside.parent / "gone.yaml"):
        (here / name).unlink(missing_ok=True)
        (here / name).symlink_to(target)
        result = run(*call)
        assert result.exit_code == 2
        assert name in result.stderr
        assert outside.read_text() == "streams: []\n"
        assert [path.name for path in outside.parent.iterdir()] == ["keep.yaml"]


def test_a_link_inside_the_project_stays_one(here: Path) -> None:
    write(here, {"settings/infralint.yaml": "streams: []\n"})
    (here / "infralint.yaml").symlink_to("settings/infralint.yaml")
    assert run("init", "--force").exit_code == 0
    assert (here / "infralint.yaml").is_symlink()
    assert "/api/chat" in (here / "settings/infralint.yaml").read_text()


INTERRUPTED = """
import os, signal, sys
from importlib import import_module
from infralint.__main__ import main
module, name = sys.argv.pop(1).split(":")
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background inherits that it is ignored
def stop(*arguments, **more):
    setattr(target, name, real)
    os.kill(os.getpid(), signal.SIGINT)
    return real(*arguments, **more)
target = import_module(module)
real = getattr(target, name)
setattr(target, name, stop)
main()
"""


@pytest.mark.parametrize(
    "place", ["infralint.cache.replay:run", "infralint.engine.run:read", "os:replace", "click:echo"]
)
def test_ctrl_c_ends_a_run_in_one_sentence_and_not_as_findings_do(place: str, here: Path) -> None:
    environment = {**os.environ, "INFRALINT_CACHE": str(here.parent / "cache")}
    call = [sys.executable, "-c", INTERRUPTED, place, "check", *(["--fix"] if place == "os:replace" else [])]
    done = subprocess.run(call, cwd=here, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr.decode().strip()) == (130, "infralint: stopped")
    assert len(set(written(here))) == 1, "either all files or none"
    assert left(here) == []
