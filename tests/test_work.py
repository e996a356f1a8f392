"""Long work: in one process or several it says the same; and a terminal shows how far it is."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from conftest import run, write

from infralint.cli.progress import Bar
from infralint.engine.reading import read
from infralint.project import Project
from infralint.project.config import Settings
from infralint.project.work import FEWEST, Work

MODULE = """
variable "idle" {
  type = number
}
resource "aws_lb" "this" {
  name         = "web"
  idle_timeout = var.idle
}
"""
ROOT = """
terraform {
  backend "s3" {}
}
module "alb" {
  source = "../modules/alb"
  idle   = %s
}
"""


BALANCER = """
resource "aws_lb" "this" {
  load_balancer_type = "application"
}
"""
RULE = """
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTPS"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
resource "aws_lb_target_group" "app" {
  port     = 8000
  protocol = "HTTP"
}
resource "aws_lb_listener_rule" "app" {
  listener_arn = aws_lb_listener.https.arn
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
  condition {
    path_pattern { values = ["/api/*"] }
  }
}
"""


def roots(folder: Path) -> Path:
    """Enough roots for three processes: good ones, short ones, unknown ones and broken ones; some share a broken module."""
    values = ["300", "60", "var.none", "data.aws_x.y.z", "["]
    files: dict[str, str | bytes] = {
        f"root{number:02}/main.tf": ROOT % values[number % len(values)] for number in range(3 * FEWEST)
    }
    files["modules/alb/main.tf"] = MODULE
    files["modules/alb/broken.tf"] = "resource {"
    return write(folder, files)


def check_with(jobs: int, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A check in a process of its own, which can be copied: the one of a test may have threads."""
    program = command or ("-m", "infralint")
    words = [sys.executable, *program, "check", "--no-cache", "--jobs", str(jobs)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True)


def test_several_processes_say_what_one_says(tmp_path: Path) -> None:
    folder = write(roots(tmp_path), {"listeners/main.tf": BALANCER + RULE})
    one, three = check_with(1, folder), check_with(3, folder)
    assert one.returncode == three.returncode == 2
    assert (one.stdout, one.stderr) == (three.stdout, three.stderr)
    assert "fault of infralint" not in three.stdout
    assert one.stdout.count("unreadable modules/alb/broken.tf") == 1
    assert one.stdout.count("is not valid Terraform") == 1 + len(range(4, 3 * FEWEST, 5))
    assert "`idle_timeout = var.idle`" in one.stdout
    assert "var.none is not declared" in one.stdout


SPAWNING = """
import multiprocessing, sys
from infralint.cli import cli

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    sys.platform = "darwin"
    cli()
"""


def test_processes_that_start_from_nothing_say_it_too(tmp_path: Path) -> None:
    folder = roots(tmp_path / "here")
    script = write(tmp_path, {"spawning.py": SPAWNING}) / "spawning.py"
    said = [check_with(jobs, folder, str(script)) for jobs in (1, 3)]
    assert said[0].returncode == said[1].returncode == 2, said[1].stderr
    assert said[0].stdout == said[1].stdout
    assert "Read " in said[1].stdout


def test_jobs_is_a_number_from_one_on() -> None:
    result = run("check", "--jobs", "0")
    assert result.exit_code == 2
    assert "0 is not in the range x>=1" in result.output


def told(folder: Path, jobs: int = 1) -> list[tuple[str, int, int]]:
    heard: list[tuple[str, int, int]] = []
    project = Project(folder, Settings(), base=folder)
    project.work = Work(jobs, lambda *step: heard.append(step))
    read(project)
    return heard


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_step_is_told_and_the_end(tmp_path: Path, jobs: int) -> None:
    count = 3 * FEWEST
    heard = [(done, steps) for what, done, steps in told(roots(tmp_path), jobs) if what == "Terraform roots"]
    assert heard == [(done, count) for done in range(count + 1)]


def test_all_that_takes_long_tells_how_far_it_is() -> None:
    stack = Path(__file__).parents[1] / "fixtures/chat-stack"
    assert {what.partition(" of ")[0] for what, _, _ in told(stack)} == {
        "nginx files",
        "nginx servers",
        "Terraform roots",
        "Vercel and Next.js applications",
    }


def test_the_line_shows_what_is_done_and_goes_away_at_the_end() -> None:
    now = [0.0]
    screen = io.StringIO()
    bar = Bar(shown=True, patience=0.5, stream=screen, clock=lambda: now[0])
    work = Work(1, bar.tell)
    for _ in work.steps("Terraform roots", range(4)):
        now[0] += 0.3
    assert screen.getvalue().split("\r") == [
        "",
        "[############............] Terraform roots: 2 of 4\x1b[K",
        "[##################......] Terraform roots: 3 of 4\x1b[K",
        "\x1b[K",
    ]


def test_short_work_shows_nothing() -> None:
    screen = io.StringIO()
    bar = Bar(shown=True, patience=0.5, stream=screen, clock=lambda: 0.0)
    list(Work(1, bar.tell).steps("nginx files", range(100)))
    assert screen.getvalue() == ""


IMPATIENT = "import infralint.cli, infralint.cli.progress; infralint.cli.progress.PATIENCE = 0; infralint.cli.cli()"


@pytest.mark.parametrize(("options", "shown"), [((), True), (("--quiet",), False)])
def test_a_terminal_sees_it_and_a_pipe_never(tmp_path: Path, options: tuple[str, ...], shown: bool) -> None:
    folder = roots(tmp_path)
    command = [sys.executable, "-c", IMPATIENT, "check", "--jobs", "1", *options]
    piped = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    output, screen = on_terminal(command, folder)
    assert ("Terraform roots: " in screen) is shown
    assert "\x1b[K" not in piped.stderr
    assert output == piped.stdout


def on_terminal(command: list[str], folder: Path) -> tuple[str, str]:
    """What a program prints, and what a terminal shows of its standard error."""
    terminal, end = os.openpty()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=end, text=True)
    output, _ = process.communicate()
    os.write(end, b"(end)")
    os.close(end)
    screen = b""
    while not screen.endswith(b"(end)"):
        screen += os.read(terminal, 65536)
    os.close(terminal)
    return output, screen.decode()


BESIDE = """
import sys
import infralint.engine.reading, infralint.project.processes
from infralint.cli import cli

infralint.engine.reading.FEWEST = 0
start = infralint.project.processes.Processes.start
infralint.project.processes.Processes.start = lambda *given: print("a process more") or start(*given)
sys.argv += ["chat-stack", "kubernetes-chat", "-v"]
cli()
"""
"""Reads code in a process of its own, however little there is."""


def test_code_that_is_read_in_a_second_process_says_the_same() -> None:
    fixtures = Path(__file__).parents[1] / "fixtures"
    one, two = check_with(1, fixtures, "-c", BESIDE), check_with(2, fixtures, "-c", BESIDE)
    assert two.stdout.count("a process more\n") == 2
    assert (one.returncode, one.stdout) == (two.returncode, two.stdout.replace("a process more\n", ""))
    assert "chat-stack" in one.stdout


NOTHING_IS_LEFT = """
import os
from infralint.project.work import Work

first = os.getpid()

def end_early(number):
    if number == 20 and os.getpid() != first:
        os._exit(1)
    return number * (1 if os.getpid() == first else -1)

assert list(map(abs, Work(2).spread("roots", end_early, range(40)))) == list(range(40))
with Work(2).beside(lambda: end_early(20)) as result:
    assert result() == 20
with Work(2).beside(lambda: end_early(21)) as result:
    assert result() == -21
try:
    with Work(2).beside(lambda: os.kill(os.getpid(), 19)) as result:
        raise KeyboardInterrupt
except KeyboardInterrupt:
    pass
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("nothing is left")
"""


def test_what_a_process_leaves_is_done_by_the_first_and_none_outlives_its_work() -> None:
    done = subprocess.run([sys.executable, "-c", NOTHING_IS_LEFT], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("nothing is left\n", "")


NOBODY_WAITS = """
import signal, time
from infralint.project.work import Work

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
assert list(Work(2).spread("roots", abs, range(40))) == list(range(40))
with Work(2).beside(lambda: 21) as result:
    print(result())
    time.sleep(0.2)
"""


def test_processes_that_nobody_has_to_wait_for_cost_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", NOBODY_WAITS], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("21\n", "")


ORPHANED = """
import os, time
from infralint.project import processes
from infralint.project.work import Work

processes.WATCH = 0.02
with Work(2).beside(lambda: time.sleep(60)):
    os.kill(os.getpid(), 9)
"""


def test_a_process_ends_with_the_one_that_it_works_for() -> None:
    started = subprocess.Popen([sys.executable, "-c", ORPHANED], stdout=subprocess.PIPE)
    assert started.communicate(timeout=30) == (b"", None)  # once nobody is left who could write


def end_in_another(number: int, first: int) -> int:
    if os.getpid() != first:
        os._exit(1)
    return number


def test_processes_that_start_from_nothing_and_end_early_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    work = partial(end_in_another, first=os.getpid())
    assert list(Work(2).spread("roots", work, range(2 * FEWEST))) == list(range(2 * FEWEST))


def test_where_processes_can_not_be_had_one_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", none)
    assert list(Work(2).spread("roots", abs, range(2 * FEWEST))) == list(range(2 * FEWEST))
