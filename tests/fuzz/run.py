"""Random inputs for as long as one likes; what fails is kept.

python tests/fuzz/run.py [--minutes 60] [--seed 1] [--targets nginx,terraform] [--seeds folder] [--keep folder]

Each kind of failure gets a folder under --keep (fuzz-failures): the input as a project, how infralint was
called, and the trace. `--again TARGET:NUMBER` runs one input again, `--here folder` what lies in a folder.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fuzz.seeds import seeds
from fuzz.trials import MEMORY_LIMIT, TARGETS, Trial, judge, make_trial

BATCH = 300
"""Inputs that one process takes before another follows it."""
PATIENCE = 90
"""Seconds without news after which a process is killed: it is stuck where no signal reaches it."""


@dataclass
class Tally:
    """What a long run has seen."""

    keep: Path
    inputs: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, target: str, number: str, failures: list[tuple[str, str]], trial: Trial) -> None:
        self.inputs[target] += 1
        for kind, text in failures:
            self.kinds[kind] += 1
            if self.kinds[kind] <= 3:
                self._store(f"{kind}-{self.kinds[kind]}", target, number, trial, text)
                print(f"{target}:{number}: {kind}", flush=True)

    def _store(self, name: str, target: str, number: str, trial: Trial, text: str) -> None:
        folder = self.keep / re.sub(r"[^\w.-]+", "-", f"{target}-{name}")[:100]
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "project").mkdir(parents=True)
        trial.write(folder / "project")
        call = f"{target}:{number}\ninfralint {list(trial.arguments)!r}\n\n{text}\n"
        (folder / "REPORT.txt").write_text(call, encoding="utf-8", errors="backslashreplace")

    def __str__(self) -> str:
        by_target = ", ".join(f"{target} {number}" for target, number in sorted(self.inputs.items()))
        lines = [f"{self.inputs.total()} inputs ({by_target})", f"{self.kinds.total()} failures"]
        return "\n".join([*lines, *(f"  {number} x {kind}" for kind, number in self.kinds.most_common())])


def main() -> int:
    """Run until the time is over, and print what failed."""
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--seed", default="1")
    options.add_argument("--targets", default=",".join(TARGETS))
    options.add_argument("--seeds", type=Path)
    options.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    options.add_argument("--again", metavar="TARGET:NUMBER")
    options.add_argument("--here", type=Path)
    chosen = options.parse_args()
    if chosen.again or chosen.here:
        return _run_again(chosen)
    tally = Tally(chosen.keep)
    targets = chosen.targets.split(",")
    seeds(chosen.seeds)
    end = time.monotonic() + 60 * chosen.minutes
    first = 0
    while time.monotonic() < end:
        for target in targets:
            done = 0
            while done < BATCH and time.monotonic() < end:
                done += _run_batch(target, chosen, range(first + done, first + BATCH), tally, end)
        first += BATCH
    print(tally)
    return int(tally.kinds.total() > 0)


def _run_again(chosen: argparse.Namespace) -> int:
    if chosen.here:
        files = {
            path.relative_to(chosen.here).as_posix(): path.read_bytes()
            for path in chosen.here.rglob("*")
            if path.is_file()
        }
        trial = Trial(files, ("check", "."))
    else:
        target, _, number = chosen.again.partition(":")
        trial = make_trial(target, number, chosen.seeds)
    with tempfile.TemporaryDirectory() as folder:
        failures = judge(trial, Path(folder) / "project")
    print(*(f"{kind}\n{text}" for kind, text in failures), sep="\n")
    return int(bool(failures))


def _run_batch(target: str, chosen: argparse.Namespace, numbers: range, tally: Tally, end: float) -> int:
    """Trials in a process of their own; how many were made until it ended, or was ended."""
    reader, writer = os.pipe()
    scratch = tempfile.mkdtemp(prefix="fuzz-")
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(target, chosen, numbers, writer, Path(scratch), end)
    os.close(writer)
    done = 0
    for line in _lines(reader, child):
        number = f"{chosen.seed}-{numbers[done]}"
        failures = [(kind, text) for kind, text in json.loads(line)]
        tally.add(target, number, failures, make_trial(target, number, chosen.seeds))
        done += 1
    status = os.waitpid(child, 0)[1]
    os.close(reader)
    shutil.rmtree(scratch, ignore_errors=True)
    if status != 0 and done < len(numbers):
        number = f"{chosen.seed}-{numbers[done]}"
        how = (
            "killed after no news"
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            else f"ended with {status}"
        )
        tally.add(target, number, [(f"process {how}", how)], make_trial(target, number, chosen.seeds))
        done += 1
    return max(done, 1)


def _work(target: str, chosen: argparse.Namespace, numbers: range, writer: int, scratch: Path, end: float) -> None:
    """The child: one line of failures for each number."""
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (3 * MEMORY_LIMIT, 3 * MEMORY_LIMIT))
        for number in numbers:
            if time.monotonic() > end:
                break
            failures = judge(make_trial(target, f"{chosen.seed}-{number}", chosen.seeds), scratch / "project")
            os.write(writer, f"{json.dumps(failures)}\n".encode())
        status = 0
    finally:
        os._exit(status)


def _lines(reader: int, child: int) -> Iterator[str]:
    """What a child writes, line by line; one that says nothing for too long is killed."""
    waiting = b""
    while True:
        ready, _, _ = select.select([reader], [], [], PATIENCE)
        if not ready:
            os.kill(child, signal.SIGKILL)
            return
        more = os.read(reader, 65536)
        if not more:
            return
        *lines, waiting = (waiting + more).split(b"\n")
        yield from (line.decode() for line in lines)


if __name__ == "__main__":
    sys.exit(main())
