"""What git knows of a project's past, asked so that nothing runs or is opened that the repository's own configuration names.

Only objects, names and the index are read: no working tree is compared by git, so no filter, monitor, hook, external
diff or submodule comes into play, and nothing is fetched. https://git-scm.com/docs/git#_environment_variables
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from infralint.project.git_folder import NoHistory, environment_for

__all__ = ["GITLINK", "LINK", "Blob", "NoHistory", "Repository", "open_repository"]

_OPTIONS = (
    "--no-pager",
    "--no-optional-locks",
    *("-c", "core.quotepath=off"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "protocol.allow=never"),
    *("-c", "submodule.recurse=false"),
    *("-c", "credential.helper="),
)
_ENVIRONMENT = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": ""}
SECONDS = 60.0
"""After which an answer is not waited for any longer: a pipe may lie where git reads a file."""
LINK = "120000"
"""The mode of a symbolic link, whose content is what it leads to."""
GITLINK = "160000"
"""The mode of a folder that is a commit of another repository: a submodule, whether its own folder is there or not."""
_FILES = frozenset(["100644", "100755", "100664", LINK])


class Blob(msgspec.Struct, frozen=True):
    """A file of a commit. size: bytes."""

    mode: str
    name: str
    size: int


class Repository(msgspec.Struct, frozen=True):
    """The repository that a project's root lies in; all paths are relative to that root."""

    root: Path
    environment: Mapping[str, str]

    def commit(self, revision: str) -> str:
        """The commit that a revision names; nothing that begins with a dash is taken for an option. Raises NoHistory."""
        arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        found = self._ask(*arguments, allowed=(0, 1), may_fail_silently=True)
        if not found:
            raise NoHistory(f"git knows no revision {revision}; in CI, fetch the history (fetch-depth: 0)")
        return found.decode().strip()

    def fork(self, commit: str) -> str:
        """The commit where this branch left another; the other itself where they share none that is here. Raises NoHistory.

        A branch that has no commit yet shares none. https://git-scm.com/docs/git-merge-base (exit status 1)
        """
        if not self._ask("rev-parse", "--verify", "--quiet", "HEAD", allowed=(0, 1), may_fail_silently=True):
            return commit
        shared = self._ask("merge-base", commit, "HEAD", allowed=(0, 1), may_fail_silently=True)
        return shared.decode().split("\n")[0] or commit

    def files(self, commit: str) -> dict[str, Blob]:
        """The files of a commit, and links. Raises NoHistory."""
        found: dict[str, Blob] = {}
        for line in _split(self._ask("ls-tree", "-r", "-l", "-z", commit)):
            facts, _, path = line.partition("\t")
            mode, _, name, size = facts.split()
            if mode in _FILES:
                found[path] = Blob(mode, name, int(size) if size.isdecimal() else 0)
        return found

    def index(self) -> dict[str, str]:
        """What is tracked now, with its mode. Raises NoHistory."""
        entries = (line.partition("\t") for line in _split(self._ask("ls-files", "--stage", "-z")))
        return {path: facts.partition(" ")[0] for facts, _, path in entries}

    def find_ignored(self, paths: Iterable[str]) -> set[str]:
        """Those of these files, of which none is tracked, that are ignored. Raises NoHistory."""
        asked = b"".join(b"./" + os.fsencode(path) + b"\0" for path in paths)
        found = self._ask("check-ignore", "--stdin", "-z", stdin=asked, allowed=(0, 1)) if asked else b""
        return {path.removeprefix("./") for path in _split(found)}

    def contents(self, names: Iterable[str]) -> Iterator[bytes]:
        """What blobs hold, in the order of their names. Raises NoHistory for one that is not in this clone."""
        asked = list(names)
        if not asked:
            return
        answer = self._ask("cat-file", "--batch", stdin="".join(f"{name}\n" for name in asked).encode())
        at = 0
        for _ in asked:
            end = answer.index(b"\n", at)
            *_, size = answer[at:end].split()
            if not size.isdigit():
                raise NoHistory(
                    "the old content of a changed file is not in this clone (a partial one?); fetch it first"
                )
            at = end + 1 + int(size) + 1
            yield answer[end + 1 : at - 1]

    def _ask(
        self, *arguments: str, stdin: bytes = b"", allowed: tuple[int, ...] = (0,), may_fail_silently: bool = False
    ) -> bytes:
        command = ["git", *_OPTIONS, "-C", str(self.root), *arguments]
        try:
            done = subprocess.run(
                command,
                input=stdin,
                capture_output=True,
                check=False,
                env={**self.environment, **_ENVIRONMENT},
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise NoHistory(f"git {arguments[0]} gave no answer in {SECONDS:g} seconds") from error
        except (OSError, ValueError) as error:
            raise NoHistory("git is not on this machine, and --changed-since asks it what changed") from error
        if done.returncode not in allowed and (done.stderr or not may_fail_silently):
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise NoHistory(f"git {arguments[0]}: {lines[0] if lines else 'failed'}")
        return done.stdout


@contextlib.contextmanager
def open_repository(root: Path) -> Iterator[Repository]:
    """The repository that a folder lies in. Raises NoHistory."""
    with environment_for(root) as environment:
        yield Repository(root, environment)


def _split(answer: bytes) -> list[str]:
    return [line for line in answer.decode("utf-8", "surrogateescape").split("\0") if line]
