"""What has the name of a file and can't be read as one: links to nothing, pipes, files that nobody may read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Lint, problems, run

from infralint.project import walking

SITE = "events {}\nhttp { server { location /api/chat { proxy_pass http://app; } } }\n"
UNMISTAKABLE = [
    "infra/main.tf",
    "infra/main.tf.json",
    "infra/terraform.tfvars",
    "web/vercel.json",
    "compose.yaml",
    "chart/Chart.yaml",
    "overlay/kustomization.yaml",
    "edge/nginx.conf",
    "web/package.json",
    "web/next.config.mjs",
    "api/pyproject.toml",
    "fly.toml",
    "apps/fly.staging.toml",
    "web/netlify.toml",
    "railway.toml",
    "railway.json",
    "amplify.yml",
    "heroku.yml",
    "render.yaml",
    ".env",
    "api/Dockerfile",
    "api/Dockerfile.prod",
    "serverless.yml",
    "copilot/api/manifest.yml",
    "copilot/environments/prod/manifest.yml",
    "edge/haproxy.cfg",
    "edge/Caddyfile",
    "edge/default.vcl",
    "live/terragrunt.hcl",
    "worker/wrangler.toml",
    "worker/wrangler.jsonc",
    "site/.htaccess",
]


OPTIONAL = [".env", "infra/terraform.tfvars"]
"""Files that compose and Terraform do without: a link to nothing is none."""


def link_to_nothing(path: Path) -> None:
    path.symlink_to("nothing")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


KINDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing": (link_to_nothing, "is a link to nothing"),
    "itself": (link_to_itself, "is a link that leads back to itself"),
    "pipe": (os.mkfifo, "is no regular file"),
}


PASSED_OVER = {(path, "nothing") for path in OPTIONAL}


def lay(folder: Path, path: str, make: Callable[[Path], None]) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    make(folder / path)


@pytest.mark.parametrize(
    ("path", "kind"), [(path, kind) for path in UNMISTAKABLE for kind in KINDS if (path, kind) not in PASSED_OVER]
)
def test_what_would_be_read_by_its_name_is_unreadable(path: str, kind: str, tmp_path: Path, lint: Lint) -> None:
    make, why = KINDS[kind]
    lay(tmp_path, path, make)
    report = lint({"site/nginx.conf": SITE})
    assert [(entry["location"]["path"], entry["message"]) for entry in report["unreadable"]] == [(path, why)]
    assert problems(report)
    assert report["status"] == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["k8s/ingress.yaml", "app/main.py", "web/server.mts"])
def test_what_may_be_a_manifest_or_code_is_named(path: str, kind: str, tmp_path: Path, lint: Lint) -> None:
    make, why = KINDS[kind]
    lay(tmp_path, path, make)
    report = lint({"site/nginx.conf": SITE})
    assert (report["unfollowed"], report["unreadable"]) == ([f"{path}: {why}"], [])


@pytest.mark.parametrize("path", ["notes.txt", "app/.#main.py", "data.json", "infra/terraform.tfvars.json", *OPTIONAL])
def test_what_is_nobodys_business_is_not_named(path: str, tmp_path: Path, lint: Lint) -> None:
    lay(tmp_path, path, link_to_nothing)
    report = lint({"site/nginx.conf": SITE})
    assert (report.get("unfollowed", []), report["unreadable"]) == ([], [])


def test_files_that_nobody_may_read_are_named_once(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def refuse(path: str, *options: int, **more: int) -> int:
        if os.path.basename(path) in ("locked.yaml", "values.yaml", "compose.yaml", "main.tf", "app.py"):
            raise PermissionError(13, "Permission denied", path)
        return opened(path, *options, **more)

    monkeypatch.setattr(walking.os, "open", refuse)
    report = lint(
        {
            "site/nginx.conf": SITE,
            "k8s/locked.yaml": "kind: Ingress\n",
            "chart/Chart.yaml": "apiVersion: v2\nname: chat\nversion: 0.1.0\n",
            "chart/values.yaml": "host: chat\n",
            "chart/templates/web.yaml": "kind: Service\n",
            "compose.yaml": "services: {}\n",
            "infra/main.tf": "locals {\n}\n",
            "api/requirements.txt": "fastapi\n",
            "api/app.py": "import fastapi\n",
        }
    )
    why = "can't be read: Permission denied"
    named = [(entry["location"]["path"], entry["message"]) for entry in report["unreadable"]]
    assert named == [("chart/values.yaml", why), ("compose.yaml", why), ("infra/main.tf", why)]
    assert report["unfollowed"] == [f"k8s/locked.yaml: {why}"]
    assert [entry["message"] for entry in report["unknown"]] == ["can't be read, and may stream: Permission denied"]
    assert problems(report)


def test_what_earlier_runs_remember_is_nobodys_configuration(lint: Lint) -> None:
    text = "server { location /api/chat { proxy_pass http://app; } }\n"
    report = lint(
        {".cache/infralint/0a1b.conf": text, "home/.cache/infralint/x/nginx.conf": text, "infralint/a.conf": text}
    )
    assert {problem.partition(":")[0] for problem in problems(report)} == {"infralint/a.conf"}


@pytest.mark.parametrize("command", [("check",), ("trace", "/a"), ("init",), ("baseline",)])
def test_a_working_folder_that_is_gone_is_one_sentence(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = run(*command)
    assert (result.exit_code, result.stderr) == (2, "infralint: the folder that this runs in is not there any more\n")


@pytest.mark.parametrize("name", ["infralint.yaml", ".infralint-baseline.json"])
def test_a_folder_that_is_called_like_one_of_our_files_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / "nginx.conf").write_text(SITE)
    monkeypatch.chdir(tmp_path)
    result = run("check")
    assert (result.exit_code, result.stderr) == (2, f"infralint: {name}: is a folder, where a file was expected\n")
