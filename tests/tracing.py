"""What a run of infralint asks of the system, as strace sees it: files opened, programs executed, sockets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "open,openat,openat2,creat,execve,execveat,socket,connect"
    ",rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat"
)
NAMED = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"')
"""A name in a call, with the folder that it counts from, where a descriptor says which."""
WRITES = re.compile(r"O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)\b")


@dataclass(frozen=True)
class SystemCalls:
    """Of one run. opened: real paths of files that were read or listed; written: paths of those that were changed, made,
    moved or removed."""

    opened: frozenset[str]
    written: frozenset[str]
    executed: tuple[str, ...]
    sockets: tuple[str, ...]
    status: int


def trace_run(project: Path, *arguments: str, environment: dict[str, str] | None = None) -> SystemCalls:
    """Run infralint in a folder under strace, which must be there."""
    log = project.parent / f"{project.name}.strace"
    command = ["strace", "-f", "-y", "-qq", "-s", "4096", "-e", f"trace={CALLS}", "-o", str(log)]
    infralint = [sys.executable, "-P", "-m", "infralint", *arguments]
    done = subprocess.run(
        [*command, *infralint], cwd=project, capture_output=True, check=False, env=environment or dict(os.environ)
    )
    lines = [line.partition(" ")[2].strip() for line in log.read_text(errors="replace").splitlines()]
    lines = [line for line in lines if not line.startswith(("---", "+++"))]
    log.unlink()
    opened: set[str] = set()
    written: set[str] = set()
    executed: list[str] = []
    sockets: list[str] = []
    for line in lines:
        call = line.partition("(")[0]
        if call in ("socket", "connect"):
            sockets.append(line)
        elif call in ("execve", "execveat"):
            executed += re.findall(r'^\w+\((?:\w+, )?"([^"]*)"', line) if " = 0" in line else []
        elif call in ("open", "openat", "openat2") and not WRITES.search(line):
            opened |= set(re.findall(r"= \d+<([^>]*)>", line))
        elif not re.search(r"= -1 E", line):
            found = NAMED.findall(line.rpartition(" = ")[0])
            found = found[-1:] if call in ("link", "linkat", "symlink", "symlinkat") else found
            written |= {os.path.normpath(os.path.join(folder or project, name)) for folder, name in found}
    return SystemCalls(frozenset(opened), frozenset(written), tuple(executed), tuple(sockets), done.returncode)
