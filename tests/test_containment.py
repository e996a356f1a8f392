"""A run reads the project and nothing else, executes nothing of it, and opens no socket."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Lint, run, write
from tracing import trace_run

SITE = "events {}\nhttp {\n  server {\n    listen 80;\n    location /api/chat { proxy_pass http://app:8000; }\n  }\n}\n"
ELSEWHERE = SITE.replace("8000", "8001")


COMPOSE = """\
services:
  edge:
    image: nginx
    env_file: ../outside/secret.conf
    volumes: ["../outside:/etc/nginx"]
"""


class Repository:
    """A git repository with one commit, whose configuration can be made to name a command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = folder.parent / "it-ran"
        write(folder, {"nginx.conf": SITE})
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-qm", "first")
        self.command = folder / ".git/run.sh"
        self.command.write_text(f"#!/bin/sh\ntouch {self.mark}\ncat\n")
        self.command.chmod(0o755)

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=n", "-c", "user.email=n@example.com")
        command = ["git", *identity, "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def configure(self, *pairs: str) -> None:
        """Set `key=value`; RUN stands for the command."""
        for pair in pairs:
            key, _, value = pair.partition("=")
            self.git("config", key, value.replace("RUN", str(self.command)))

    def forget(self, name: str) -> None:
        """Take an object out, as a partial clone lacks it."""
        found = self.git("rev-parse", name)
        (self.folder / ".git/objects" / found[:2] / found[2:]).unlink()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(write(tmp_path / "project", {"nginx.conf": SITE}))
    return Repository(tmp_path / "project")


PARTIAL = (
    "core.repositoryFormatVersion=1",
    "extensions.partialClone=origin",
    "remote.origin.promisor=true",
    "protocol.allow=always",
    "protocol.file.allow=always",
    "protocol.ext.allow=always",
    "protocol.ssh.allow=always",
)


@pytest.mark.parametrize(
    ("settings", "attributes"),
    [
        (("core.fsmonitor=RUN",), ""),
        (("filter.x.clean=RUN", "filter.x.smudge=RUN"), "*.conf filter=x"),
        (("filter.x.process=RUN", "filter.x.required=true"), "*.conf filter=x"),
        (("diff.x.textconv=RUN",), "*.conf diff=x"),
        (("diff.external=RUN", "diff.x.command=RUN"), "*.conf diff=x"),
        (("core.pager=RUN", "pager.ls-tree=RUN", "pager.ls-files=true"), ""),
        (("alias.ls-tree=!RUN", "alias.rev-parse=!RUN"), ""),
        (("core.hooksPath=.git/hooks", "core.sshCommand=RUN", "credential.helper=!RUN", "gpg.program=RUN"), ""),
    ],
)
def test_nothing_runs_that_a_repository_names(
    settings: tuple[str, ...], attributes: str, repository: Repository
) -> None:
    repository.configure(*settings)
    hooks = repository.folder / ".git/hooks"
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout"):
        shutil.copy(repository.command, hooks / name)
    write(repository.folder, {"nginx.conf": ELSEWHERE, ".git/info/attributes": attributes})
    result = run("check", "--changed-since", "HEAD")
    assert "short-idle-timeout" in result.output
    assert not repository.mark.exists()


@pytest.mark.parametrize("url", ["nowhere", "ext::RUN", "ssh://host/x"])
@pytest.mark.parametrize("missing", ["HEAD:nginx.conf", "HEAD^{tree}"])
def test_what_a_partial_clone_lacks_is_told_not_fetched(url: str, missing: str, repository: Repository) -> None:
    write(repository.folder, {"nginx.conf": ELSEWHERE})
    upload = ("remote.origin.uploadpack=RUN; false", f"remote.origin.url={url}", "core.sshCommand=RUN")
    repository.forget(missing)
    repository.configure(*PARTIAL, *upload)
    result = run("check", "--changed-since", "HEAD")
    assert result.exit_code == 2
    assert result.stderr.startswith("infralint: ")
    assert not repository.mark.exists()


@pytest.mark.parametrize("name", [".git/info/exclude", ".gitignore", ".git/HEAD"])
def test_a_pipe_where_git_reads_a_file_ends_in_a_sentence(
    name: str, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infralint.project.history.SECONDS", 0.2)
    (repository.folder / name).unlink(missing_ok=True)
    os.mkfifo(repository.folder / name)
    write(repository.folder, {"new.conf": SITE})
    result = run("check", "--changed-since", "HEAD")
    assert result.exit_code == 2
    assert "gave no answer in 0.2 seconds" in result.stderr


ELSEWHERE_IN_GIT = {
    "the configuration": "core.excludesFile=OUT/ignore core.attributesFile=OUT/ignore include.path=OUT/config",
    "a condition": "includeIf.gitdir:/.path=OUT/config includeIf.onbranch:**.path=OUT/config core.hooksPath=OUT",
    "another tree": "core.worktree=OUT",
    "a bare one": "core.bare=true extensions.worktreeConfig=true core.sparseCheckout=true",
}


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not on this machine")
@pytest.mark.parametrize("settings", ELSEWHERE_IN_GIT.values(), ids=ELSEWHERE_IN_GIT)
def test_git_opens_nothing_that_a_repository_names_elsewhere(settings: str, repository: Repository) -> None:
    outside = repository.folder.parent / "outside"
    write(outside, {"ignore": "new.conf\n", "config": f"[core]\n\tfsmonitor = {repository.command}\n"})
    repository.configure("core.repositoryFormatVersion=1", *settings.replace("OUT", str(outside)).split())
    write(repository.folder, {"new.conf": ELSEWHERE, "inner/.git": f"gitdir: {outside}"})
    calls = trace_run(repository.folder, "check", "--changed-since", "HEAD")
    assert calls.status == 1
    assert {path for path in calls.opened if path.startswith(str(outside))} == set()
    assert {Path(program).name for program in calls.executed} == {Path(sys.executable).name, "git"}
    assert not list(repository.folder.parent.glob("infralint-*"))


def _lead_out(folder: Path, outside: Path, way: str) -> None:
    """Have a repository's own folder lead to another one."""
    match way.split():
        case ["file"]:
            shutil.rmtree(folder / ".git")
            write(folder, {".git": f"gitdir: {outside / '.git'}\n"})
        case ["link"]:
            shutil.rmtree(folder / ".git")
            (folder / ".git").symlink_to(outside / ".git")
        case ["commondir"]:
            write(folder, {".git/commondir": f"{outside / '.git'}\n"})
        case ["alternates"]:
            write(folder, {".git/objects/info/alternates": f"{outside / '.git/objects'}\n"})
        case ["quoted"]:
            write(folder, {".git/objects/info/alternates": f'"{outside / ".git/objects"}"\n'})
        case [name]:
            path = folder / ".git" / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            path.symlink_to(outside / ".git" / name)


LEADING_OUT = (
    "file link alternates quoted HEAD index refs refs/heads/far objects objects/pack/far.idx config info/exclude"
)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not on this machine")
@pytest.mark.parametrize("way", LEADING_OUT.split())
def test_a_git_folder_that_leads_out_of_the_project_is_told_not_opened(way: str, repository: Repository) -> None:
    outside = repository.folder.parent / "outside"
    shutil.copytree(repository.folder, outside)
    write(outside, {".git/refs/heads/far": "x", ".git/objects/pack/far.idx": "x"})
    _lead_out(repository.folder, outside, way)
    write(repository.folder, {"new.conf": ELSEWHERE})
    calls = trace_run(repository.folder, "check", "--changed-since", "HEAD")
    assert calls.status == 2
    assert {path for path in calls.opened if path.startswith(str(outside))} == set()
    result = run("check", "--changed-since", "HEAD")
    assert "outside of the project" in result.stderr
    assert str(outside) in result.stderr


def test_folders_that_users_name_themselves_are_theirs(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = repository.folder.parent / "outside"
    shutil.copytree(repository.folder / ".git", outside / ".git")
    write(repository.folder, {"new.conf": ELSEWHERE})
    _lead_out(repository.folder, outside, "alternates")
    monkeypatch.setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", str(outside / ".git/objects"))
    assert run("check", "--changed-since", "HEAD").exit_code == 1
    _lead_out(repository.folder, outside, "file")
    assert run("check", "--changed-since", "HEAD").exit_code == 2
    monkeypatch.setenv("GIT_DIR", str(outside / ".git"))
    assert run("check", "--changed-since", "HEAD").exit_code == 1
    (repository.folder / ".git").unlink()
    assert run("check", "--changed-since", "HEAD").exit_code == 1


def test_a_linked_working_tree_and_a_submodule_have_their_past_elsewhere(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = repository.folder.parent / "tree"
    repository.git("worktree", "add", "-q", str(tree))
    write(tree, {"new.conf": ELSEWHERE})
    monkeypatch.chdir(tree)
    monkeypatch.setenv("GIT_DIR", str(repository.folder / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert "new.conf" in run("check", "--changed-since", "tree").output
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    far = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repository.folder), "part")
    subprocess.run(["git", *far], cwd=tree, check=True)
    monkeypatch.chdir(tree / "part")
    write(tree / "part", {"new.conf": ELSEWHERE})
    assert "new.conf" in run("check", "--changed-since", "HEAD").output


def test_names_and_objects_of_any_kind_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write(tmp_path / "project", {"nginx.conf": SITE})
    subprocess.run(["git", "init", "-q", "--object-format=sha256", project], check=True)
    monkeypatch.chdir(project)
    repository = Repository(project)
    repository.git("pack-refs", "--all")
    repository.git("gc", "-q")
    write(project, {"sub/:(literal)*.conf": ELSEWHERE, "sub/ignored.conf": SITE, "sub/.gitignore": "ignored*"})
    report = run("check", "--changed-since", "HEAD@{0}").output
    assert ":(literal)*.conf" in report
    assert "ignored.conf" not in report


def test_a_submodule_is_asked_nothing(repository: Repository) -> None:
    inner = repository.folder / "inner"
    subprocess.run(["git", "init", "-q", inner], check=True)
    commit = [
        "git",
        "-C",
        inner,
        "-c",
        "user.name=n",
        "-c",
        "user.email=n@example.com",
        "commit",
        "-q",
        "--allow-empty",
    ]
    subprocess.run([*commit, "-m", "x"], check=True)
    repository.git("add", "inner")
    repository.git("commit", "-qm", "a submodule")
    subprocess.run(["git", "-C", inner, "config", "core.fsmonitor", repository.command], check=True)
    repository.configure("submodule.recurse=true", "diff.submodule=log")
    write(repository.folder, {"nginx.conf": ELSEWHERE, "inner/new": ""})
    assert run("check", "--changed-since", "HEAD").exit_code == 1
    assert not repository.mark.exists()


@pytest.mark.parametrize("is_committed", [True, False])
def test_files_below_a_submodule_without_a_git_folder_are_not_this_repository_s(
    is_committed: bool, repository: Repository
) -> None:
    write(repository.folder, {".gitignore": "tracked*\nout*\n", "tracked.conf": SITE})
    repository.git("add", "-f", ".gitignore", "tracked.conf")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{repository.git('rev-parse', 'HEAD')},vendor/sub")
    if is_committed:
        repository.git("commit", "-qm", "a submodule")
    write(repository.folder, dict.fromkeys(("vendor/sub/a/in.conf", "vendor/new.conf", "out.conf"), ELSEWHERE))
    found = run("check", "--changed-since", "HEAD").output
    assert "vendor/new.conf" in found
    assert ("tracked.conf" in found) is not is_committed
    assert "in.conf" not in found
    assert "out.conf" not in found


def test_a_submodule_that_became_files_is_new(repository: Repository) -> None:
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{repository.git('rev-parse', 'HEAD')},part")
    repository.git("commit", "-qm", "a submodule")
    repository.git("rm", "-q", "--cached", "part")
    write(repository.folder, {"part/in.conf": ELSEWHERE})
    assert "part/in.conf" in run("check", "--changed-since", "HEAD").output


@pytest.mark.parametrize(
    ("revision", "why"),
    [
        ("HEAD@{99}", "git knows no revision HEAD@{99}"),
        ("HEAD@{upstream}", "no upstream configured"),
    ],
)
def test_why_git_finds_no_revision_is_told(revision: str, why: str, repository: Repository) -> None:
    result = run("check", "--changed-since", revision)
    assert result.exit_code == 2
    assert why in result.stderr


def test_a_commit_that_is_broken_is_not_called_unknown(repository: Repository) -> None:
    name = repository.git("rev-parse", "HEAD")
    repository.forget("HEAD")
    write(repository.folder, {f".git/objects/{name[:2]}/{name[2:]}": "garbage"})
    result = run("check", "--changed-since", "HEAD")
    assert result.exit_code == 2
    assert "git rev-parse: " in result.stderr
    assert "knows no revision" not in result.stderr


@pytest.mark.parametrize(
    "revision", ["--output=it-ran", "-c", "--ext-diff", "HEAD --ext-diff", ":/(((", "HEAD:nginx.conf", ""]
)
def test_a_revision_is_never_an_option(revision: str, repository: Repository) -> None:
    result = run("check", f"--changed-since={revision}")
    assert result.exit_code == 2
    assert "git knows no revision" in result.stderr
    assert not (repository.folder / "it-ran").exists()


def test_a_file_behind_a_link_is_changed_when_what_it_leads_to_is(repository: Repository, lint: Lint) -> None:
    server = "server {\n  listen 80;\n  location /api/chat {\n    proxy_pass http://app:8000;\n    proxy_buffering off;\n  }\n}\n"
    main = "events {}\nhttp { include enabled/*; }\n"
    write(repository.folder, {"nginx.conf": main, "available/chat": server})
    (repository.folder / "enabled").mkdir()
    (repository.folder / "enabled/chat").symlink_to("../available/chat")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "sites")
    assert run("check", "--changed-since", "HEAD").exit_code == 0
    write(repository.folder, {"available/chat": server.replace("    proxy_buffering off;\n", "")})
    result = run("check", "--changed-since", "HEAD")
    assert result.exit_code == 1
    assert "buffered-stream" in result.output


def test_python_m_imports_nothing_from_where_it_is_called(tmp_path: Path) -> None:
    modules = "click yaml msgspec regex typing json re dataclasses tomllib crossplane subprocess tempfile".split()
    write(tmp_path, {f"{name}.py": "print('the project runs')\n" for name in modules} | {"nginx.conf": SITE})
    command = [sys.executable, "-m", "infralint", "check", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=_environment())
    assert "the project runs" not in done.stdout + done.stderr
    assert '"path": "nginx.conf"' in done.stdout


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def test_check_opens_no_socket(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    terraform = (
        'resource "aws_lb" "a" {\n  name = "a"\n}\nmodule "far" {\n  source = "git::https://example.com/x.git"\n}\n'
    )
    files = {"nginx.conf": SITE, "main.tf": terraform, "vercel.json": "{}", "package.json": "{}"}
    assert lint(files)["status"] != 0


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not on this machine")
def test_no_file_outside_the_project_is_opened(tmp_path: Path) -> None:
    outside = write(
        tmp_path / "outside", {"secret.conf": SITE, "site/a.conf": SITE, "s.yaml": "streams: []", "b.json": "{}"}
    )
    files = {
        "nginx.conf": "events {}\nhttp { include sites/*.conf; include linked/*.conf; include ../outside/*.conf; }\n",
        "infra/main.tf": 'module "x" {\n  source = "../../outside"\n}\nlocals {\n  a = file("../../outside/secret.conf")\n}\n',
        "compose.yaml": COMPOSE,
        "package.json": '{"dependencies": {"next": "15.0.0"}}',
        "app/api/chat/route.ts": "import x from '../../../../outside/secret.conf'\nexport const POST = () => new Response(x)\n",
    }
    project = write(tmp_path / "project", files)
    (project / "sites").mkdir()
    (project / "sites/a.conf").symlink_to(outside / "secret.conf")
    (project / "linked").symlink_to(outside / "site")
    (project / "pyproject.toml").symlink_to(outside / "s.yaml")
    (project / ".infralint-baseline.json").symlink_to(outside / "b.json")
    calls = [trace_run(project, "check", "--no-baseline"), trace_run(project, "check")]
    (project / "infralint.yaml").symlink_to(outside / "s.yaml")
    calls.append(trace_run(project, "check"))
    opened = frozenset[str]().union(*(run.opened for run in calls))
    assert str(project / "nginx.conf") in opened
    assert {path for path in opened if path.startswith(str(outside))} == set()
    assert {program for run in calls for program in run.executed} == {sys.executable}
    assert [line for run in calls for line in run.sockets] == []
