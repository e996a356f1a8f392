"""How long a trace takes beyond reading: one path, a hundred paths, and every stream, on a project of many nginx servers.

    python tests/bench/bench_trace.py [--sites 2000] [--rounds 5]

Times are medians of whole calls in one process, each with a fresh project; the ways are also drawn as text.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))

from bench_nginx import tree

from infralint.engine.registry import built_in_folder, load_checks
from infralint.engine.run import read
from infralint.engine.tracing import Question, trace
from infralint.project import Project
from infralint.project.config import Settings
from infralint.reporters.trace_text import TraceShown
from infralint.reporters.traces import render_trace


def measure(folder: Path, question: Question) -> tuple[float, float]:
    """Seconds of reading, and seconds of what follows."""
    checks = list(load_checks(built_in_folder()))
    project = Project(folder, Settings())
    start = time.perf_counter()
    readings = read(project)
    between = time.perf_counter()
    render_trace("text", trace(project, readings, checks, question), TraceShown())
    return between - start, time.perf_counter() - between


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--sites", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    hundred = tuple(f"/api/chat/{number}" for number in range(100))
    host = f"app{chosen.sites // 2}.example.com"
    questions = {
        "one path": Question(("/api/chat/1",), host),
        "a hundred paths": Question(hundred, host),
        "every stream": Question(),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = tree(Path(name), chosen.sites)
        for label, question in questions.items():
            times = [measure(folder, question) for _ in range(chosen.rounds + 1)][1:]
            reading, tracing = (median(column) for column in zip(*times, strict=True))
            print(f"{label}: reading {reading * 1000:.0f} ms, then {tracing * 1000:.0f} ms")


if __name__ == "__main__":
    main()
