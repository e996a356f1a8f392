"""What stopped people on their first day with infralint, each as they met it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import run, write

SITE = "events {}\nhttp { server { listen 80; location /ws { proxy_pass http://app; proxy_buffering off; } } }\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    subprocess.run(["git", "init", "-q"], check=True)
    return folder


def read() -> list[str]:
    paths: dict[str, list[str]] = json.loads(run("check", "--format", "json", "--allow-empty").stdout)["read"]
    return sorted(path for found in paths.values() for path in found)


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("**/infra/**", ["app/nginx.conf"]),
        ("infra/", ["app/nginx.conf"]),
        ("./infra", ["app/infra/nginx.conf", "app/nginx.conf"]),
        ("/infra", ["app/infra/nginx.conf", "app/nginx.conf"]),
        ("app/infra/nginx.conf", ["app/nginx.conf", "infra/nginx.conf"]),
    ],
)
def test_a_pattern_excludes_what_gitignore_would(pattern: str, left: list[str], here: Path) -> None:
    files = dict.fromkeys(("infra/nginx.conf", "app/infra/nginx.conf", "app/nginx.conf"), SITE)
    write(here, {**files, "infralint.yaml": f"exclude: ['{pattern}']\n"})
    assert read() == left


def test_a_pattern_that_excludes_nothing_is_said(here: Path) -> None:
    write(here, {"nginx.conf": SITE, "infralint.yaml": "exclude: ['infar/**']\n"})
    assert "exclude: `infar/**` names no file or folder of the project" in run("check").output


def test_what_infralint_yaml_says_in_vain_is_told_with_its_line(here: Path) -> None:
    settings = "streams:\n  - path: /x\n    hops: [ngnix.conf]\n  - path: /ws\nexclude:\n  - infar\n"
    accept = "accept:\n  - {check: buffered-stream, path: nginx.conf}\n"
    write(here, {"nginx.conf": SITE, "infralint.yaml": settings + accept})
    printed = run("check").output
    assert "infralint.yaml:2:5: streams: the declared stream /x meets no hop that was read here" in printed
    assert "nothing here is called ngnix.conf; did you mean nginx.conf?" in printed
    assert "infralint.yaml:6:5: exclude: `infar`" in printed
    assert " --> infralint.yaml:8:5\n" in printed


def test_two_faults_of_a_file_are_one_file_that_is_unreadable(here: Path) -> None:
    write(here, {"nginx.conf": SITE, "infralint.yaml": "chains: [[nginx.conf, api]]\nentry: web\n"})
    for form in ("text", "markdown"):
        printed = run("check", "--format", form).output
        assert ("1 file unreadable" in printed, "2 files" in printed) == (True, False)


def test_a_file_that_a_finding_cites_holds_something(here: Path) -> None:
    compose = (
        "services:\n  web:\n    image: nginx:1.27\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf']\n"
        "  ui: {image: 'ghcr.io/open-webui/open-webui:main'}\n"
    )
    site = "events {}\nhttp { server { listen 80; location / { proxy_pass http://ui:8080; } } }\n"
    write(here, {"docker-compose.yml": compose, "nginx.conf": site})
    output = run("check", "docker-compose.yml").output
    assert "because docker-compose.yml:5 runs Open WebUI" in output
    assert "Nothing to read" not in output


def test_a_file_outside_of_any_repository_is_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {f"{number}.conf": SITE for number in range(9)})
    result = run("check", "-v", "3.conf")
    assert [line for line in result.output.splitlines() if line.startswith("read ")] == ["read 3.conf"]


def test_a_repository_without_infrastructure_passes_a_roll_out_and_says_so(here: Path) -> None:
    write(here, {"README.md": "hello\n", "main.py": "print(1)\n"})
    result = run("check", "--allow-empty")
    assert (result.exit_code, result.output) == (0, "Nothing to read in: .\nRead nothing: nothing was judged.\n")


def test_a_hook_says_nothing_of_changed_files_that_hold_nothing(here: Path) -> None:
    """It names every file that was changed; a person who names one is told."""
    write(here, {"nginx.conf": SITE, "values.yaml": "a: 1\n"})
    assert "Nothing to read" not in run("check", "--allow-empty", "values.yaml", "nginx.conf").output
    assert "Nothing to read in: values.yaml\n" in run("check", "values.yaml", "nginx.conf").output


def test_a_named_path_that_holds_nothing_is_an_error(here: Path) -> None:
    write(here, {"README.md": "hello\n"})
    result = run("check", "README.md")
    assert result.exit_code == 2
    assert "README.md: holds nothing to read" in result.output


def test_a_patch_says_what_it_leaves_and_why(here: Path) -> None:
    held = SITE.replace("proxy_buffering off;", "proxy_buffering off; proxy_read_timeout $later;")
    write(here, {"nginx.conf": held.replace("/ws", "/sse"), "other.conf": SITE.replace("/ws", "/sse/a")})
    result = run("check", "--diff", "--select", "short-idle-timeout")
    assert result.exit_code in (0, 1, 2)
    assert "+" in result.stdout
    assert "Would fix 1 finding in the folder project, and leave 0." in result.stderr
    both = run("check", "--diff", "--assume", "warning")
    left = [line for line in both.stderr.splitlines() if " is left: " in line]
    assert all(line.rpartition(" is left: ")[2] for line in left)


def test_drift_has_a_manual_and_can_be_named() -> None:
    assert run("explain", "drift").output.startswith("# drift\n")
    assert run("check", "--select", "drift", "--help").exit_code == 0


@pytest.mark.parametrize("text", ["{}", '{"version": 1, "regions": []}', '{"version": 1, "findings": [], "read": {}}'])
def test_what_is_no_snapshot_is_not_read_as_an_empty_account(text: str, here: Path) -> None:
    write(here, {"snapshot.json": text})
    result = run("audit", "snapshot", "snapshot.json")
    assert result.exit_code == 2
    assert result.output.startswith("infralint: snapshot.json: ")
    assert result.output.count("\n") == 1


def test_streams_of_one_application_are_no_error_at_another(here: Path) -> None:
    application = (
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n\n\n"
        "@app.get('/answers')\ndef events():\n    return StreamingResponse(iter([]), media_type='text/event-stream')\n"
    )
    other = "events {}\nhttp { server { listen 80; location /answers { proxy_pass http://elsewhere; } } }\n"
    write(here, {"a/main.py": application, "a/requirements.txt": "fastapi\n", "b/nginx.conf": other})
    before = json.loads(run("check", "--format", "json").stdout)["summary"]["error"]
    run("init")
    after = json.loads(run("check", "--format", "json").stdout)["summary"]["error"]
    assert after == before == 0


@pytest.mark.parametrize("script", ["tools/backup.py", "lint/our_check.py", "scripts/release.js"])
def test_a_loose_script_is_no_backend_that_streams_nothing(script: str, here: Path) -> None:
    """It says nothing of what stands behind the nginx beside it: that is told as loudly as without it."""
    write(here, {"nginx.conf": SITE.replace("/ws", "/answers")})
    before = run("check").output
    assert "warning[short-idle-timeout]" in before
    write(here, {script: "print(1)\n" if script.endswith(".py") else "console.log(1)\n"})
    assert run("check").output == before


def test_code_that_is_no_ones_to_read_can_be_left_out_as_advised(here: Path) -> None:
    app = "const app = require('express')()\napp.get('/chat', (req, res) => { res.write('a'); res.write('b') })\n"
    write(
        here,
        {
            "package.json": '{"dependencies": {"express": "4"}}',
            "lib/vendor.js": f"{app}const data = '{'x' * 20_001}'\n",
            "compose.yaml": "services: {web: {image: nginx}}\n",
        },
    )
    [advice] = re.findall(r"`(exclude: \[[^`]+\])` in infralint.yaml", run("check").output)
    assert advice == "exclude: [lib/vendor.js]"
    write(here, {"infralint.yaml": advice})
    assert "vendor.js" not in run("check").output
