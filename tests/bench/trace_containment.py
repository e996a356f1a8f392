"""What infralint opens, executes and connects to, traced with strace on the fixtures, a hostile project and folders given.

python tests/bench/trace_containment.py [folder ...]

Each folder is copied, made a git repository whose configuration names a command of its own, and judged in several
ways. Printed is what does not belong: a file outside of the project that is none of Python's, of its packages' or of
the system's libraries, a file that is changed without being asked for, a program other than git, and any socket.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tracing import SystemCalls, trace_run

ROOT = Path(__file__).parent.parent.parent
WAYS = (
    ("check", "."),
    ("check", "--diff", "."),
    ("check", "--changed-since", "HEAD", "."),
    ("check", "--jobs", "2", "--format", "html", "."),
    ("baseline", "--help"),
    ("explain", "buffered-stream"),
)
OF_THE_SYSTEM = re.compile(
    r"/usr/|/lib(64)?/|/etc/(ld\.so|localtime|locale\.alias|ssl/openssl\.cnf|gitconfig|passwd|mime\.types)"
    rf"|/proc/|/sys/|/dev/(null|urandom|shm)|{re.escape(os.path.expanduser('~'))}/\.(config/git|gitconfig)"
)
"""What Python, its packages and git read for themselves wherever they run."""
OWN_FOLDERS = {"INFRALINT_CACHE": "cache", "TMPDIR": "scratch"}
"""Folders beside a project that a run may write to, by the variables that name them."""
MINE = (str(ROOT), sys.prefix, sys.base_prefix)


def main() -> int:
    """Trace, and print what does not belong."""
    options = argparse.ArgumentParser()
    options.add_argument("folders", nargs="*", type=Path)
    chosen = options.parse_args()
    fixtures = [folder for folder in sorted((ROOT / "fixtures").iterdir()) if folder.is_dir()]
    runs = wrong = opened = git = 0
    with tempfile.TemporaryDirectory() as name:
        for number, folder in enumerate([*fixtures, *chosen.folders]):
            project = Path(os.path.realpath(name)) / str(number) / "project"
            shutil.copytree(folder, project, symlinks=True, ignore=shutil.ignore_patterns(".git"))
            make_hostile(project)
            environment = dict(os.environ) | {
                name: str(project.parent / folder) for name, folder in OWN_FOLDERS.items()
            }
            for folder_of_its_own in OWN_FOLDERS.values():
                (project.parent / folder_of_its_own).mkdir()
            for way in WAYS:
                calls = trace_run(project, *way, environment=environment)
                runs, opened = runs + 1, opened + len(calls.opened)
                git += sum(program.endswith("/git") for program in calls.executed)
                for complaint in complaints(calls, project):
                    print(f"{folder} {' '.join(way)}: {complaint}")
                    wrong += 1
            if (project.parent / "it-ran").exists():
                print(f"{folder}: a command that the repository names was executed")
                wrong += 1
            shutil.rmtree(project.parent)
    print(f"{runs} runs, {opened} files opened, git executed {git} times; {wrong} times something does not belong")
    return int(wrong > 0)


def make_hostile(project: Path) -> None:
    """Make a project a repository that names a command wherever it can, with links and references that lead out."""
    outside = project.parent / "outside"
    outside.mkdir()
    (outside / "secret.conf").write_text("server { location /api/chat { proxy_pass http://secret; } }\n")
    (outside / "main.tf").write_text('resource "aws_lb" "secret" {\n  name = "secret"\n}\n')
    for link in ("linked.conf", "linked.yaml", "linked.ts", ".infralint-baseline.json"):
        if not (project / link).exists():
            (project / link).symlink_to(outside / "secret.conf")
    (project / "linked").symlink_to(outside)
    (project / "out.conf").write_text("events {}\nhttp { include ../outside/*.conf; include linked/*.conf; }\n")
    (project / "out.tf").write_text(
        'module "out" {\n  source = "../outside"\n}\nlocals {\n  out = file("../outside/secret.conf")\n}\n'
    )
    (project / "docker-compose.out.yaml").write_text(
        "services:\n  out:\n    image: nginx\n    env_file: ../outside/secret.conf\n    volumes: ['../outside:/etc/nginx']\n"
    )
    command = project.parent / "run.sh"
    command.write_text(f"#!/bin/sh\ntouch {project.parent / 'it-ran'}\ncat\n")
    command.chmod(0o755)
    (project / ".gitattributes").write_text("* filter=mine diff=mine\n")
    identity = ("-c", "user.name=n", "-c", "user.email=n@example.com")
    for arguments in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", "-C", str(project), *arguments], check=True, capture_output=True)
    for key in ("core.fsmonitor", "filter.mine.clean", "filter.mine.smudge", "diff.mine.textconv", "diff.external"):
        subprocess.run(["git", "-C", str(project), "config", key, str(command)], check=True)
    for key in ("core.excludesFile", "core.attributesFile", "core.worktree", "include.path"):
        subprocess.run(["git", "-C", str(project), "config", key, str(outside / "secret.conf")], check=True)


def complaints(calls: SystemCalls, project: Path) -> Iterator[str]:
    """What a run does that it should not."""
    own_folders = tuple(f"{project.parent}/{folder}" for folder in OWN_FOLDERS.values())
    inside = (f"{project}/", *own_folders, *MINE)
    for path in sorted(calls.opened):
        if not f"{path}/".startswith(inside) and not OF_THE_SYSTEM.match(path) and "/" in path:
            yield f"opened {path}"
    for path in sorted(calls.written):
        if (
            not path.startswith(own_folders)
            and not re.match(r"/dev/(?:null|shm|tty)|/proc/", path)
            and "__pycache__" not in path
        ):
            yield f"changed {path}"
    for program in calls.executed:
        if program != sys.executable and not program.endswith("/git") and program != "/usr/bin/strace":
            yield f"executed {program}"
    yield from (f"socket {line[:200]}" for line in calls.sockets)


if __name__ == "__main__":
    sys.exit(main())
