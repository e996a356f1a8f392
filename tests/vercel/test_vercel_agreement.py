"""Globs, routes, runtimes and durations agree with the programs that decide them, as recorded in data/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import write
from yardstick import at_most

from infralint.model import Known, Unknown
from infralint.project import Project
from infralint.project.config import Settings
from infralint.sources.vercel import read
from infralint.sources.vercel.hops import VercelFunction
from infralint.text.minimatch import glob_matches

DATA = Path(__file__).parent / "data"
MINIMATCH = json.loads((DATA / "minimatch.json").read_text())
NEXT = json.loads((DATA / "next-build.json").read_text())
BUILDS = [
    pytest.param(case, bundler, id=f"{case['name']}-{bundler}")
    for case in NEXT["cases"]
    for bundler in case["outcomes"]
    if case["outcomes"][bundler]["builds"]
]
REFUSALS = [
    pytest.param(case, bundler, id=f"{case['name']}-{bundler}")
    for case in NEXT["cases"]
    for bundler in case["outcomes"]
    if not case["outcomes"][bundler]["builds"]
]
ASIDE = {"/api/t.test"}
"""Tests beside API routes are routes to Next.js, and none to infralint."""


@pytest.mark.parametrize("pattern", MINIMATCH["matches"])
def test_a_glob_matches_what_minimatch_matches(pattern: str) -> None:
    assert [path for path in MINIMATCH["paths"] if glob_matches(path, pattern)] == MINIMATCH["matches"][pattern]


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 128,
        "**/" * 85,
        "@(" * 85 + ")" * 85,
        "+(a|a)" * 40,
        "*(*(a))" * 30,
        "{a,b}" * 50,
        "!(" * 80,
        "?" * 256,
        "{" * 256,
        "[" * 256,
    ],
)
def test_no_pattern_takes_long(pattern: str) -> None:
    with at_most(500):
        glob_matches("a" * 120 + "/" + "a/" * 30 + "b", pattern)


def functions(folder: Path, files: dict[str, str], bundler: str) -> dict[str, VercelFunction]:
    """The functions of an application, by path."""
    script = "next build --webpack" if bundler == "webpack" else "next build"
    manifest = {"scripts": {"build": script}, "dependencies": {"next": NEXT["version"]}}
    write(folder, {**files, "package.json": json.dumps(manifest)})
    hops = read(Project(folder, Settings(), folder)).hops
    return {hop.paths[0]: hop for hop in hops if isinstance(hop, VercelFunction)}


@pytest.mark.parametrize(("case", "bundler"), BUILDS)
def test_routes_runtimes_and_durations_are_those_of_next_build(
    case: dict[str, Any], bundler: str, tmp_path: Path
) -> None:
    outcome = case["outcomes"][bundler]
    found = functions(tmp_path, case["files"], bundler)
    routes = set(outcome["routes"]) - ASIDE
    assert set(found) == routes
    edge = {path.removesuffix("/route") for path in outcome["edge"] if not path.endswith("/page")}
    assert {path for path, hop in found.items() if _value(hop.runtime) == "edge"} == edge
    durations = {path: seconds for path, seconds in outcome["durations"].items() if path in routes and seconds}
    written = {path: _value(hop.max_duration) for path, hop in found.items() if hop.written and path not in edge}
    assert {path: value for path, value in written.items() if value} == {
        path: value for path, value in durations.items() if path not in edge
    }


@pytest.mark.parametrize(("case", "bundler"), REFUSALS)
def test_what_next_build_refuses_is_not_told(case: dict[str, Any], bundler: str, tmp_path: Path) -> None:
    found = functions(tmp_path, case["files"], bundler)
    route = next(hop for path, hop in found.items() if path == "/api/x")
    settings = [route.runtime] + [route.max_duration] * route.written
    refused_at_run_time = case["name"] == "experimental-edge"
    assert refused_at_run_time or any(isinstance(setting, Unknown) for setting in settings)


def _value(setting: object) -> object:
    return setting.value if isinstance(setting, Known) else None
