"""The pre-commit hooks, run by pre-commit itself from a clone of this repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from conftest import run, write
from schemas import complaints

ROOT = Path(__file__).parent.parent
SHIPPED = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "action.yml", "infralint", "checks")
HOOKS = {one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}

CLEAN = """\
events {}
http {
    server {
        location /sse {
            proxy_pass http://app;
            include snippets/sse.conf;
        }
    }
}
"""
SNIPPET = """\
proxy_http_version 1.1;
proxy_buffering off;
proxy_read_timeout 300s;
"""


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A. User", "-c", "user.email=user@example.com", "-c", "commit.gpgsign=false"]
    result = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return result.stdout.strip()


def clone(folder: Path) -> str:
    """This repository as it stands here, as one commit; its revision."""
    folder.mkdir()
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(source, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "all")
    return git(folder, "rev-parse", "HEAD")


class Repository:
    """A user's repository with both hooks, the second at the manual stage."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.home = folder / "home"
        revision = clone(folder / "infralint")
        hooks = [{"id": "infralint"}, {"id": "infralint-all", "stages": ["manual"]}]
        config = {"repos": [{"repo": str(folder / "infralint"), "rev": revision, "hooks": hooks}]}
        write(self.folder, {".pre-commit-config.yaml": yaml.safe_dump(config)})
        git(self.folder, "init", "-q")
        git(self.folder, "add", ".")
        git(self.folder, "commit", "-qm", "hooks")

    def hook(self, *arguments: str) -> tuple[int, str]:
        """Exit status and output of `pre-commit run`."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON"))}
        environment = {**outside, "PRE_COMMIT_HOME": str(self.home)}
        command = [sys.executable, "-m", "pre_commit", "run", "--color", "never", *arguments]
        result = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        return result.returncode, result.stdout + result.stderr

    def stage(self, files: dict[str, str | bytes]) -> None:
        write(self.folder, files)
        git(self.folder, "add", "-A")


def test_the_hooks_are_valid() -> None:
    assert complaints("pre-commit-hooks.json", list(HOOKS.values())) == []


def test_the_hooks_from_the_first_commit_to_a_deleted_file(tmp_path: Path) -> None:
    repository = Repository(tmp_path)

    repository.stage({"README.md": "# ours\n", "supervisord.conf": "[program:app]\ncommand=app\n"})
    status, said = repository.hook()
    assert (status, "Passed" in said) == (0, True), said

    repository.stage({"nginx/nginx.conf": CLEAN, "nginx/snippets/sse.conf": SNIPPET})
    status, said = repository.hook()
    assert (status, "Passed" in said) == (0, True), said
    git(repository.folder, "commit", "-qm", "nginx")

    repository.stage({"nginx/snippets/sse.conf": SNIPPET.replace("300s", "20s")})
    status, said = repository.hook()
    assert status == 1
    assert "warning[short-idle-timeout] location /sse cuts the stream after 20 s" in said
    assert "--> nginx/snippets/sse.conf:3:1" in said
    git(repository.folder, "commit", "-qm", "too short")

    repository.stage({"notes.txt": "nothing of ours\n"})
    status, said = repository.hook()
    assert (status, "no files to check" in said) == (0, True), said
    status, said = repository.hook("--all-files")
    assert (status, "short-idle-timeout" in said) == (1, True), said

    repository.stage({"infralint.yaml": "heartbeat: 5s\n"})
    status, said = repository.hook()
    assert (status, "Passed" in said) == (0, True), said
    git(repository.folder, "commit", "-qm", "it pings")

    git(repository.folder, "rm", "-q", "nginx/snippets/sse.conf")
    status, said = repository.hook()
    assert (status, "no files to check" in said) == (0, True), said
    status, said = repository.hook("--hook-stage", "manual", "--verbose")
    assert status == 0, said
    assert "`include snippets/sse.conf` names a file that is not in the project" in said


def test_a_changed_configuration_is_judged_by_what_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path, {"nginx.conf": CLEAN, "snippets/sse.conf": SNIPPET}))
    write(tmp_path, {"infralint.yaml": "generation: 10m\n"})
    assert "short-idle-timeout" in run("check", "infralint.yaml").output


@pytest.mark.parametrize("stack", sorted(path.name for path in (ROOT / "fixtures").iterdir()))
def test_the_hook_is_given_every_file_that_is_read(stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "fixtures" / stack, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    read = re.findall(r"^read (.*)$", run("check", "-v").stdout, re.MULTILINE)
    assert read
    missed = {path for path in read if not re.search(HOOKS["infralint"]["files"], path)}
    # `builds` may name any file: a change of it is seen by infralint-all alone.
    named = (
        set(re.findall(r'"src": "([^"]+)"', Path("vercel.json").read_text())) if Path("vercel.json").exists() else set()
    )
    assert {one for one in missed if not any(fnmatch(one, pattern) for pattern in named)} == set()


@pytest.mark.parametrize("path", ["stack.json", "chat-template.json", "infra/cfn/chat.json", "chat.template"])
def test_the_hook_is_given_templates_of_cloudformation(path: str) -> None:
    assert re.search(HOOKS["infralint"]["files"], path)


@pytest.mark.parametrize(
    "path", ["README.md", "docs/guide.md", "package-lock.json", "src/page.css", "static/logo.svg", "Makefile", "go.sum"]
)
def test_the_hook_is_not_started_for_what_is_none_of_ours(path: str) -> None:
    assert not re.search(HOOKS["infralint"]["files"], path)
