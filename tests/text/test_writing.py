"""Files are replaced at once, and what a killed run left behind is known."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from conftest import Lint, run, write

from infralint.text.writing import create_file, is_leftover, prepare_file, replace_file

SITE = "server { location /api/chat { proxy_pass http://app; proxy_http_version 1.1; } }\n"


def test_a_file_is_replaced_with_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "a.conf"
    target.write_text("old")
    target.chmod(0o640)
    replace_file(target, "new")
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("new", 0o640)
    assert os.listdir(tmp_path) == ["a.conf"]


def test_a_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    replace_file(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_names_that_are_no_text_are_written_as_escapes(tmp_path: Path) -> None:
    replace_file(tmp_path / "a", "caf\udce9")
    assert (tmp_path / "a").read_text() == "caf\\udce9"


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    create_file(tmp_path / "a", "one")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "a", "two")
    assert ((tmp_path / "a").read_text(), os.listdir(tmp_path)) == ("one", ["a"])


def test_nothing_is_left_where_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        create_file(tmp_path / "folder", "x")
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("conf/.nginx.conf.ab12_cd3.infralint", True),
        ("conf/.nginx.conf.5e3aq7lb", True),
        ("conf/.other.conf.5e3aq7lb", False),
        ("conf/.nginx.conf.template", False),
        ("conf/.nginx.conf", False),
        ("conf/nginx.conf.5e3aq7lb", False),
        ("conf/nginx.conf.infralint", False),
        ("conf/.env.local", False),
    ],
)
def test_what_a_killed_run_left_behind(path: str, expected: bool) -> None:
    assert is_leftover(path, {"conf/nginx.conf", "conf/env"}) is expected


def test_leftovers_are_neither_judged_nor_kept(lint: Lint, tmp_path: Path) -> None:
    left = prepare_file(write(tmp_path, {"site.conf": SITE}) / "site.conf", SITE.encode())
    report = lint({"site.conf": SITE, ".site.conf.5e3aq7lb": SITE})
    assert {finding["location"]["path"] for finding in report["findings"]} == {"site.conf"}
    assert Path(left).exists()
    run("check", "--fix", ".")
    assert os.listdir(tmp_path) == ["site.conf"]


def test_a_first_configuration_is_not_written_through_a_link_that_leads_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"project/site.conf": SITE, "outside/keep.yaml": "keep: me\n"})
    (tmp_path / "project/infralint.yaml").symlink_to("../outside/keep.yaml")
    monkeypatch.chdir(tmp_path)
    result = run("init", "--force", "project")
    assert result.exit_code == 2
    assert "is a link that leads out of the project" in result.stderr
    assert (tmp_path / "outside/keep.yaml").read_text() == "keep: me\n"
