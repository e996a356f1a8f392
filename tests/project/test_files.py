"""What a project's folder may hold: links, pipes and devices are never followed out, waited for, or passed over in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Lint, problems, run, write

from infralint.project import CantRead, Project, find_root
from infralint.project.config import Settings

STREAM = "location /api/chat { proxy_pass http://app:8000; }\n"
SITE = f"server {{\n  listen 80;\n  {STREAM}}}\n"
MAIN = "events {}\nhttp {\n  include sites/*.conf;\n}\n"


def messages(report: dict) -> dict[str, str]:
    return {entry["location"]["path"]: entry["message"] for entry in report["unreadable"]}


OUT = "is a link that leads out of the project; infralint does not follow it"


def test_what_a_glob_takes_and_is_no_file_is_said(tmp_path: Path, lint: Lint) -> None:
    write(tmp_path, {"nginx.conf": MAIN, "sites/good.conf": SITE})
    write(tmp_path.parent / f"{tmp_path.name}-out", {"a.conf": SITE})
    (tmp_path / "sites/dangling.conf").symlink_to("/nowhere/at/all")
    (tmp_path / "sites/round.conf").symlink_to("round.conf")
    (tmp_path / "sites/device.conf").symlink_to("/dev/zero")
    (tmp_path / "sites/out.conf").symlink_to(tmp_path.parent / f"{tmp_path.name}-out/a.conf")
    os.mkfifo(tmp_path / "sites/pipe.conf")
    report = lint({})
    assert report["status"] == 2
    assert messages(report) == {
        "sites/dangling.conf": "is a link to nothing",
        "sites/device.conf": "is no regular file",
        "sites/out.conf": OUT,
        "sites/pipe.conf": "is no regular file",
        "sites/round.conf": "is a link that leads back to itself",
    }


def test_an_nginx_conf_that_is_no_file_is_said_and_the_rest_is_judged(tmp_path: Path, lint: Lint) -> None:
    write(tmp_path, {"rest/nginx.conf": f"events {{}}\nhttp {{ {SITE} }}\n", "a/x": "", "b/x": ""})
    os.mkfifo(tmp_path / "nginx.conf")
    (tmp_path / "a/nginx.conf").symlink_to("/dev/zero")
    (tmp_path / "b/nginx.conf").symlink_to("nowhere")
    report = lint({})
    assert sorted(messages(report)) == ["a/nginx.conf", "b/nginx.conf", "nginx.conf"]
    assert report["status"] == 2
    assert problems(report, "buffered-stream")


def test_other_pipes_and_links_to_nothing_are_nobodys_business(tmp_path: Path, lint: Lint) -> None:
    write(tmp_path, {"nginx.conf": f"events {{}}\nhttp {{ {SITE} }}\n"})
    os.mkfifo(tmp_path / "socket")
    (tmp_path / "current").symlink_to("nowhere")
    assert lint({})["unreadable"] == []


def test_a_linked_folder_of_the_project_is_looked_into_by_an_include(tmp_path: Path, lint: Lint) -> None:
    write(tmp_path, {"nginx.conf": MAIN, "available/chat.conf": SITE})
    (tmp_path / "sites").symlink_to("available")
    report = lint({})
    assert report["unreadable"] == []
    assert {problem.split(":")[0] for problem in problems(report, "buffered-stream")} == {"available/chat.conf"}


def test_a_linked_folder_that_leads_out_is_said(tmp_path: Path, lint: Lint) -> None:
    outside = write(tmp_path.parent / f"{tmp_path.name}-out", {"a.conf": SITE})
    write(tmp_path, {"nginx.conf": MAIN})
    (tmp_path / "sites").symlink_to(outside)
    report = lint({})
    assert messages(report) == {"sites": OUT}
    assert report["status"] == 2
    assert report["unknown"]


def test_a_glob_that_leads_out_of_the_project_is_told(lint: Lint) -> None:
    report = lint({"nginx.conf": "events {}\nhttp { server { listen 80; include ../../etc/*.conf; } }\n"})
    assert "takes files that lie outside of the project" in str(report["unknown"])


def test_a_folder_that_cannot_be_listed_is_said(tmp_path: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"nginx.conf": f"events {{}}\nhttp {{ {SITE} }}\n", "closed/nginx.conf": SITE})
    real = os.scandir

    def closed(path: object) -> object:
        if Path(str(path)).name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr("os.scandir", closed)
    report = lint({})
    assert messages(report) == {"closed": "can't be listed: Permission denied"}


@pytest.mark.parametrize("path", ["../outside.txt", "link/outside.txt", "/etc/hostname"])
def test_no_path_leads_out(path: str, tmp_path: Path) -> None:
    write(tmp_path, {"outside.txt": "x", "project/x": ""})
    (tmp_path / "project/link").symlink_to("..")
    with pytest.raises(CantRead, match="leads out of the project"):
        Project(tmp_path / "project", Settings()).text(path)


class TestSettings:
    """Where settings and baselines may lie."""

    def test_a_pipe_above_the_project_rules_nothing(self, tmp_path: Path, lint: Lint) -> None:
        os.mkfifo(tmp_path / "pyproject.toml")
        os.mkfifo(tmp_path / "infralint.yaml")
        report = lint({"project/nginx.conf": f"events {{}}\nhttp {{ {SITE} }}\n"}, paths=("project",))
        assert report["unreadable"] == []
        assert find_root(tmp_path / "project") == tmp_path / "project"

    def test_a_pyproject_that_is_a_device_is_named(self, tmp_path: Path, lint: Lint) -> None:
        (tmp_path / "pyproject.toml").symlink_to("/dev/zero")
        [entry] = lint({"nginx.conf": f"events {{}}\nhttp {{ {SITE} }}\n"})["unreadable"]
        assert (entry["location"]["path"], entry["message"]) == ("pyproject.toml", "is no regular file")

    @pytest.mark.parametrize("name", ["infralint.yaml", ".infralint-baseline.json"])
    @pytest.mark.parametrize(
        ("target", "reason"),
        [("nowhere", "is a link to nothing"), ("../elsewhere", OUT), ("/dev/zero", OUT), ("", "is no regular file")],
    )
    def test_settings_and_baselines_are_regular_files_of_the_project(
        self, name: str, target: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project = write(tmp_path, {"elsewhere": "{}", "project/nginx.conf": SITE}) / "project"
        os.mkfifo(project / name) if not target else (project / name).symlink_to(target)
        monkeypatch.chdir(project)
        result = run("check")
        assert result.exit_code == 2
        assert f"infralint: {name}: {reason}" in result.stderr

    def test_a_link_inside_the_project_is_followed(self, tmp_path: Path, lint: Lint) -> None:
        write(tmp_path, {"nginx.conf": f"events {{}}\nhttp {{ {SITE} }}\n", "config/streams.yaml": "streams: []\n"})
        (tmp_path / "infralint.yaml").symlink_to("config/streams.yaml")
        report = lint({})
        assert (report["status"], report["findings"]) == (0, [])


def test_an_exclusion_that_names_nothing_is_said(lint: Lint) -> None:
    report = lint({"nginx.conf": SITE, "infralint.yaml": "exclude: [exmaples, node_modules/, '**/.venv']\n"})
    [unknown] = report["unknown"]
    assert "exclude: `exmaples` names no file or folder of the project" in unknown["message"]


@pytest.mark.parametrize("pattern", ["**/infra/**", "./infra", "/infra", "infra/"])
def test_exclusions_are_read_as_in_gitignore(pattern: str, lint: Lint) -> None:
    report = lint({"infra/nginx.conf": SITE, "nginx.conf": SITE, "infralint.yaml": f"exclude: ['{pattern}']\n"})
    assert {problem.split(":")[0] for problem in problems(report)} == {"nginx.conf"}
    assert report["unknown"] == []
