"""One input: a random change to a seed, infralint's run on it, and whether all went as it must."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from unittest import mock
from xml.etree import ElementTree

from click.testing import CliRunner, Result

from infralint.cli import cli, projects
from infralint.engine.registry import Check, built_in_folder, load_checks
from infralint.project import guard
from infralint.reporters import REPORTERS

from .mutations import HOSTILE, mutate
from .seeds import TARGETS, Seed, seeds

CPU_LIMIT = 2.0
"""Seconds of CPU that an input under a hundred kilobytes may take."""
HANG_LIMIT = 10.0
"""Seconds of CPU after which a run is stopped."""
MEMORY_LIMIT = 1 << 30
"""Bytes that a process may hold at once."""

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
ORDERS = re.compile(r"(?m)^\s*::[A-Za-z-]+(?: [^\n]*?)?::|##(?:vso)?\[")
WAYS = (
    *((),) * 4,
    ("--strict",),
    ("--statistics",),
    ("--no-ignores",),
    ("--no-baseline",),
    ("--assume", "warning"),
    ("--assume", "off"),
    ("--nginx-version", "1.18.0"),
    ("--allow-empty",),
    ("--fix",),
)
"""Options that an input is sometimes judged with."""


BUILT_IN = load_checks(built_in_folder())
"""Loading the built-in checks takes longer than judging an input."""


def load_once(folder: Path) -> list[Check]:
    """The checks of a folder; the built-in ones are loaded once."""
    return BUILT_IN if folder == built_in_folder() else load_checks(folder)


@dataclass(frozen=True)
class Trial:
    """A project and a call."""

    files: Mapping[str, bytes]
    arguments: tuple[str, ...]

    @property
    def size(self) -> int:
        return sum(map(len, self.files.values()))

    def write(self, folder: Path) -> None:
        for name, data in self.files.items():
            path = folder / name
            with contextlib.suppress(OSError, ValueError):  # a name that no file can have
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)


@dataclass
class Course:
    """What became of a run. faults: trace by code of what the net under every unit of work caught."""

    cpu: float = 0
    peak: int = 0
    status: int | None = None
    output: str = ""
    errors: str = ""
    crash: str = ""
    stuck: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    warned: list[str] = field(default_factory=list)

    def failures(self, trial: Trial) -> Iterator[tuple[str, str]]:
        """What must not be: a name under which the same failure of other inputs falls, and what is to be known of it."""
        if self.stuck:
            yield f"hang {_last_place(self.stuck)}", self.stuck
        elif self.crash:
            yield f"traceback {_last_place(self.crash)}", self.crash
        elif self.status not in (0, 1, 2):
            yield f"status {self.status}", self.errors
        yield from ((f"fault {code}", trace) for code, trace in self.faults.items())
        yield from ((f"warning {text[:60]}", text) for text in self.warned)
        if self.cpu > CPU_LIMIT and not self.stuck and trial.size < 100_000:
            yield "slow", f"{self.cpu:.2f} s of CPU for {trial.size} bytes"
        if self.peak > MEMORY_LIMIT and trial.size < 100_000:
            yield "memory", f"{self.peak >> 20} MB for {trial.size} bytes"
        if self.status in (0, 1, 2) and not self.crash:
            yield from self._unsound(trial.arguments)

    def _unsound(self, arguments: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Output that its reader can't read, or that steers a terminal or a runner."""
        format_ = arguments[arguments.index("--format") + 1] if "--format" in arguments else "text"
        try:
            if format_ in ("json", "sarif", "gitlab", "rdjson", "ocsf") and self.output and "--diff" not in arguments:
                json.loads(self.output)
            if format_ in ("junit", "checkstyle", "svg") and self.output:
                ElementTree.fromstring(self.output)
        except (ValueError, ElementTree.ParseError) as error:
            yield f"output no {format_}", f"{error}\n{self.output[:2000]}"
        shown = self.errors if format_ == "github" or "--diff" in arguments else self.output + self.errors
        if unsafe := STEERING.search(shown) or ORDERS.search(shown):
            around = shown[max(0, unsafe.start() - 200) : unsafe.end() + 200]
            yield f"output unsafe in {format_}", f"{unsafe[0]!r} in {around!r}"


def _last_place(trace: str) -> str:
    """Where in infralint a trace ends, and in which error."""
    places = re.findall(r'File "[^"]*/((?:infralint|checks)/[^"]+)", line \d+, in (\w+)', trace)
    error = trace.strip().rsplit("\n", 1)[-1].partition(":")[0]
    return f"{error} {' '.join(places[-1])}" if places else error


class Stuck(BaseException):
    """A run that took so long that nobody waits for its end."""


def make_trial(target: str, number: str, folder: Path | None = None) -> Trial:
    """A target's trial of this number, the same every time. folder: holds more seeds."""
    dice = random.Random(f"{target} {number}")
    pool = seeds(folder)[target]
    seed = dice.choice(pool)
    files, arguments = dict(seed.files), seed.arguments
    if target == "options":
        arguments = _odd_arguments(dice)
    else:
        _change_files(dice, files, target, seed, pool)
    if target == "trace":
        arguments = ("trace", *_asked_way(dice), "--in", ".")
    elif dice.random() < 0.02:
        arguments = ("init", ".")
    if arguments[0] in ("check", "audit"):
        arguments = (*arguments, *_way(dice, arguments))
    return Trial(files, arguments)


def _change_files(
    dice: random.Random, files: dict[str, bytes], target: str, seed: Seed, pool: tuple[Seed, ...]
) -> None:
    carriers = seed.carriers(target)
    for path in dice.sample(carriers, min(len(carriers), 1 + (dice.random() < 0.2))):
        donors = [
            other.files[name] for other in dice.sample(pool, min(3, len(pool))) for name in other.carriers(target)
        ]
        files[path] = mutate(dice, files[path], donors, path.endswith(".json"))
        if dice.random() < 0.02:
            name = mutate(dice, path.encode(), donors)[:120].replace(b"\0", b"").replace(b"..", b"").lstrip(b"/")
            files[os.fsdecode(name) or "x"] = files.pop(path)


def _way(dice: random.Random, arguments: tuple[str, ...]) -> Iterator[str]:
    if dice.random() < 0.5:
        yield from ("--format", dice.choice(list(REPORTERS)))
    elif arguments[0] == "check" and dice.random() < 0.1:
        yield "--diff"
        return
    else:
        yield "-v"
    if arguments[0] == "check":
        yield from ("--jobs", "1", *dice.choice(WAYS))


def _asked_way(dice: random.Random) -> Iterator[str]:
    """Which stream's way is asked for, and how it is shown."""
    if dice.random() < 0.6:
        yield dice.choice(("/api/chat", "/", "/ws", "https://chat.example.com/api/chat?x=1", "//", "/%2e%2e/ü", "x"))
    if dice.random() < 0.3:
        yield from ("--kind", dice.choice(("sse", "websocket")))
    if dice.random() < 0.1:
        yield from ("--from", dice.choice(("nginx.conf", "*", "**/*.tf", "aws_lb.main", "[")))
    yield from ("--format", dice.choice(("text", "json", "mermaid", "svg", "html")))
    yield from dice.choice(((), ("--compact",), ("--explain",), ("-v",), ("--assume", "warning")))


def _odd_arguments(dice: random.Random) -> tuple[str, ...]:
    option, value = dice.choice(
        (
            ("--nginx-version", b"1.27.3"),
            ("--tf-var", b"idle=60"),
            ("--tf-var-file", b"main.tf"),
            ("--select", b"buffered-stream,short-idle-timeout"),
            ("--ignore", b"buffered-stream"),
            ("--changed-since", b"HEAD~1"),
            ("--config", b"infralint.yaml"),
            ("--baseline", b".infralint-baseline.json"),
            ("--output", b"sarif=out/report.sarif"),
            ("--checks", b"checks"),
            ("--assume", b"note"),
            ("", b"nginx.conf"),
        )
    )
    text = mutate(dice, value, HOSTILE)[:3000].replace(b"\0", b"0")
    decoded = os.fsdecode(text)
    if option in ("--output", "--checks"):
        decoded = decoded.replace("/", "_")  # nothing is written or run elsewhere
    return ("check", f"{option}={decoded}", ".") if option else ("check", "--", decoded)


def observe(trial: Trial, folder: Path) -> Course:
    """Run infralint on a trial laid out in an empty folder, in this process."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    trial.write(folder)
    course = Course()
    before = os.getcwd()
    os.chdir(folder)
    _forget_peak()
    start = time.process_time()
    try:
        with _faults_into(course), _stopped_after(HANG_LIMIT), warnings.catch_warnings(record=True) as warned:
            for category in (SyntaxWarning, RuntimeWarning, FutureWarning, UserWarning):
                warnings.simplefilter("always", category)
            with mock.patch.object(projects, "load_checks", load_once):
                _take(CliRunner().invoke(cli, list(trial.arguments)), course)
    except Stuck as stuck:
        course.stuck = "".join(traceback.format_exception(stuck))
    finally:
        course.cpu = time.process_time() - start
        course.peak = _peak()
        os.chdir(before)
    course.warned = [f"{warning.category.__name__}: {warning.message}" for warning in warned]
    return course


def _take(result: Result, course: Course) -> None:
    course.status, course.output, course.errors = result.exit_code, result.stdout, result.stderr
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        course.crash = "".join(traceback.format_exception(result.exception))


@contextlib.contextmanager
def _faults_into(course: Course) -> Iterator[None]:
    """Keep the trace of whatever the net catches, whether the report shows it or not."""
    code_of = guard.fault_code

    def keep(error: BaseException) -> str:
        code = code_of(error)
        course.faults[code] = "".join(traceback.format_exception(error))
        return code

    guard.fault_code = keep
    try:
        yield
    finally:
        guard.fault_code = code_of


@contextlib.contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Stuck(f"still running after {seconds:g} s of CPU")

    earlier = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, earlier)


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Bytes that this process has held at most since the peak was forgotten; 0 where nobody counts."""
    with contextlib.suppress(OSError):
        if found := re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text()):
            return int(found[1]) * 1024
    return 0


def judge(trial: Trial, folder: Path) -> list[tuple[str, str]]:
    """The failures of a trial; one that is only slow gets a second chance, on a machine that others use, too."""
    failures = list(observe(trial, folder).failures(trial))
    if any(name == "slow" for name, _ in failures):
        failures = list(observe(trial, folder).failures(trial))
    return failures


__all__ = ["TARGETS", "Course", "Trial", "judge", "make_trial", "observe"]
