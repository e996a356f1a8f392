"""Globs as glob(3) and .gitignore read them."""

from __future__ import annotations

import shutil
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from conftest import write
from yardstick import at_most

from infralint.text.globs import Exclusions, matches_path, matches_text, name_matcher


@pytest.mark.parametrize(
    ("pattern", "taken", "left"),
    [
        ("conf.d/*.conf", ["conf.d/a.conf"], ["conf.d/a.conf.bak", "conf.d/x/a.conf", "conf.d/.a.conf"]),
        ("conf.d/.*", ["conf.d/.a.conf"], ["conf.d/a.conf"]),
        ("*/x", ["a/x"], ["x", "a/b/x", ".a/x"]),
        ("a?c", ["abc"], ["ac", "a/c", "abbc"]),
        ("[a-c]x[!1]", ["axb"], ["dxb", "ax1"]),
        ("[[:digit:]]-*", ["1-a"], ["a-a"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("a[", ["a["], ["a"]),
        (r"a\*", ["a*"], ["ab"]),
        ("**.conf", ["a.conf"], ["a/b.conf"]),
        ("{a,b}", ["{a,b}"], ["a"]),
    ],
)
def test_glob_as_the_c_library_has_it(pattern: str, taken: list[str], left: list[str]) -> None:
    assert [path for path in taken if not matches_path(path, pattern)] == []
    assert [path for path in left if matches_path(path, pattern)] == []


def test_stars_take_no_exponential_time() -> None:
    with at_most(200):
        assert not matches_path("a" * 5000, "*a" * 500 + "b")


FILES = (
    "nginx.conf a.conf deploy/nginx.conf deploy/old/nginx.conf deploy/old/keep.conf x/infra/main.tf infra/main.tf"
    " infra/deep/er/main.tf examples/a/nginx.conf x/examples/nginx.conf build/out.conf x/build docs/a.conf docs/b/a.conf #odd"
).split()


FILES_SET = frozenset(FILES)


@pytest.mark.parametrize(
    "patterns",
    [
        ["examples"],
        ["examples/"],
        ["/examples"],
        ["*.conf"],
        ["/*.conf"],
        ["deploy/*.conf"],
        ["deploy/**"],
        ["**/infra/**"],
        ["**/infra"],
        ["/infra"],
        ["infra/**/main.tf"],
        ["a/**/b"],
        ["deploy/old/*", "!deploy/old/keep.conf"],
        ["deploy/old", "!deploy/old/keep.conf"],
        ["*.conf", "!nginx.conf"],
        ["build/"],
        ["docs/a.conf"],
        ["docs/*/a.conf"],
        ["d?cs", "[ab].conf"],
        ["# a comment", "\\#odd"],
        ["  docs  "],
        ["**"],
        ["nothing/of/the/kind"],
    ],
)
def test_exclusions_are_gits(patterns: list[str], tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(FILES, "x"))
    write(tmp_path, {".gitignore": "\n".join(pattern.strip() for pattern in patterns)})
    exclusions = Exclusions(patterns)
    assert {path for path in FILES if exclusions.covers(path)} == _ignored(tmp_path)


def _ignored(folder: Path) -> set[str]:
    git = shutil.which("git")
    assert git
    subprocess.run([git, "init", "-q", folder], check=True)
    listed = [git, "-C", folder, "ls-files", "--others", "--ignored", "--exclude-standard", "-z"]
    return FILES_SET & {
        name for name in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0") if name
    }


def test_a_leading_dot_and_slash_mean_the_root() -> None:
    exclusions = Exclusions(["./infra"])
    assert exclusions.covers("infra/main.tf")
    assert not exclusions.covers("x/infra/main.tf")


def test_patterns_that_name_nothing_are_known() -> None:
    exclusions = Exclusions(["examples", "exmaples", "*.conf"])
    assert exclusions.covers("examples/nginx.conf")
    assert exclusions.unused == ["exmaples"]


@pytest.mark.parametrize(
    ("text", "pattern", "is_match"),
    [
        ("prod-alb", "prod-*", True),
        ("app/prod/alb", "app/*", True),
        (".hidden", "*", True),
        ("alb-1", "alb-[0-9]", True),
        ("alb-x", "alb-[!0-9]", True),
        ("alb", "alb-*", False),
        ("ALB", "alb", False),
        ("", "*", True),
    ],
)
def test_a_text_is_matched_as_a_whole_with_slashes(text: str, pattern: str, is_match: bool) -> None:
    assert matches_text(text, pattern) is is_match


def test_names_are_told_apart_by_several_patterns() -> None:
    matches = name_matcher("Dockerfile*", "*.Dockerfile")
    assert [
        name for name in ("Dockerfile", "Dockerfile.prod", "a.Dockerfile", "a.dockerfile.md", "file") if matches(name)
    ] == [
        "Dockerfile",
        "Dockerfile.prod",
        "a.Dockerfile",
    ]


@pytest.mark.parametrize(
    "pattern", ["*", "a*", "*ba", "ab*ba", "*compose*.yaml", "*compose*.y*ml", "a**b", "a*b*b", "a[bc]*"]
)
def test_names_match_as_in_a_shell_however_many_stars_stand_in_a_pattern(pattern: str) -> None:
    names = [
        "",
        "a",
        "ab",
        "aba",
        "abba",
        "abb",
        "ba",
        "compose.yaml",
        "compose.yml",
        "my-compose.prod.yaml",
        "composeyaml",
        "yaml.compose",
    ]
    assert list(filter(name_matcher(pattern), names)) == [name for name in names if fnmatchcase(name, pattern)]


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("nginx.conf", "nginx.conf", True),
        ("a/b/nginx.conf", "*/nginx.conf", True),
        ("aba", "ab*ba", False),
        ("abba", "ab*ba", True),
        ("axbxc", "a*b*c", True),
        ("axcxb", "a*b*c", False),
        ("abc", "a*bc*c", False),
        ("", "**", True),
        ("a*c", "a\\*c", True),
        ("abc", "a\\*c", False),
        ("a\0c", "a\0c", True),
        ("abc", "a\0c", False),
    ],
)
def test_literals_stand_in_their_order(text: str, pattern: str, fits: bool) -> None:
    assert matches_text(text, pattern) is fits
