"""What is built is what is needed: the wheel, in an environment of its own, runs the built-in checks and a user's pack."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import write
from readme import ROOT
from test_cli import CUSTOM, HELD


def call(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    return subprocess.run([*map(str, command)], cwd=cwd, env=clean, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("package")
    ignored = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    tree = shutil.copytree(ROOT, folder / "tree", ignore=ignored)
    done = call(sys.executable, "-m", "build", "--outdir", folder / "dist", tree)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist"


def test_the_wheel_has_all_and_nothing_called_checks(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"infralint"}
    assert {"infralint/py.typed", "infralint/schema.json", "infralint/report.schema.json"} <= set(names)
    for path in (ROOT / "checks").iterdir():
        if path.suffix in (".py", ".md"):
            assert f"infralint/checks/{path.name}" in names


def test_the_sdist_has_the_checks(built: Path) -> None:
    [archive] = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"checks/buffered_stream.py", "checks/buffered_stream.md", "LICENSE"} <= names


def test_the_installed_wheel_runs(built: Path, tmp_path: Path) -> None:
    [wheel] = built.glob("*.whl")
    bin_folder = tmp_path / "venv" / "bin"
    assert call(sys.executable, "-m", "venv", tmp_path / "venv").returncode == 0
    installed = call(bin_folder / "pip", "install", "-q", wheel)
    assert installed.returncode == 0, installed.stderr
    project = write(tmp_path / "project", {"nginx.conf": HELD, "lint/no_plain_backend.py": CUSTOM})
    done = call(bin_folder / "infralint", "check", "--checks", "lint", cwd=project)
    assert done.returncode == 1
    assert "error[buffered-stream]" in done.stdout
    assert "note[no-plain-backend]" in done.stdout
    assert call(bin_folder / "infralint", "explain", "buffered-stream").stdout.startswith("# buffered-stream")
    assert call(bin_folder / "python", "-c", "import checks", cwd=project).returncode == 1
