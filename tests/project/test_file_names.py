"""What an index of names finds is what a look at each of them finds."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from infralint.project.names import FileNames

FILES = sorted(
    [
        "Dockerfile",
        "Dockerfile.prod",
        "api.Dockerfile",
        "compose.yaml",
        "deploy/docker-compose.prod.yml",
        "deploy/Compose.yaml",
        "fly.toml",
        "fly.staging.toml",
        "next.config.mjs",
        "requirements-dev.txt",
        "web/.env",
        "web/package.json",
        "web/app.json",
        "web/src/compose/index.ts",
    ]
)


@pytest.mark.parametrize(
    "patterns",
    [
        ("package.json",),
        ("Dockerfile", "Dockerfile.*", "*.Dockerfile"),
        ("Dockerfile*",),
        ("*compose*.yaml", "*compose*.y*ml"),
        ("fly.toml", "fly.*.toml"),
        ("next.config.*", "requirements*.txt"),
        ("[cC]ompose.yaml",),
        ("*.tf",),
        ("*",),
    ],
)
def test_names_by_globs(patterns: tuple[str, ...]) -> None:
    names = FileNames(FILES)
    wanted = [path for path in FILES if any(fnmatchcase(path.rpartition("/")[2], pattern) for pattern in patterns)]
    assert names.find_named(*patterns) == wanted
    assert names.has_named(*patterns) is bool(wanted)


def test_names_that_hold_a_word_in_whatever_case() -> None:
    found = FileNames(FILES).find_holding("compose", "dockerfile")
    wanted = [
        path for path in FILES if any(word in path.rpartition("/")[2].lower() for word in ("compose", "dockerfile"))
    ]
    assert [path for path, _ in found] == wanted
    assert all(path.endswith(name) for path, name in found)


def test_files_by_endings_and_folders() -> None:
    names = FileNames(FILES)
    assert names.find_ending("json", "toml", "rs") == [
        "fly.staging.toml",
        "fly.toml",
        "web/app.json",
        "web/package.json",
    ]
    assert names.by_folder["web"] == ["web/.env", "web/app.json", "web/package.json"]


def test_the_files_of_one_folder_are_those_of_the_table_of_all_folders() -> None:
    names = FileNames(sorted([*FILES, "web-app/a.ts", "web.ts", "web/src-old/a.ts", "web/src/a.ts", "web0/a.ts"]))
    for folder, files in names.by_folder.items():
        assert names.in_folder(folder) == files
    assert names.in_folder("web/src") == ["web/src/a.ts"]
    assert [names.in_folder(folder) for folder in ("we", "web/s", "zoo", "web/src/compose/index.ts")] == [
        [],
        [],
        [],
        [],
    ]
