"""A moto server and a world of our own, on free ports, ended with the tests that use them."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aws.world import Server, World
from infralint.cli import cli


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials of nobody, and nothing of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project to stand in."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "infralint.yaml").write_text("assume: warning\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    server = Server(world)
    yield server
    server.stop()


@pytest.fixture
def run(home: Path) -> Callable[..., Result]:
    """The command line, as a user calls it."""

    def run(*words: str, exit_code: int | None = None) -> Result:
        result = CliRunner().invoke(cli, ["audit", *words], catch_exceptions=False)
        if exit_code is not None:
            assert result.exit_code == exit_code, result.output
        return result

    return run


@pytest.fixture
def audit(run: Callable[..., Result], server: Server) -> Callable[..., Result]:
    """`infralint audit aws` on the world, in Ireland unless regions are given."""

    def audit(*words: str, exit_code: int | None = None) -> Result:
        regions = () if "--region" in words or "--all-regions" in words else ("--region", "eu-west-1")
        return run("aws", "--endpoint-url", server.url, *regions, *words, exit_code=exit_code)

    return audit


@pytest.fixture
def report(audit: Callable[..., Result]) -> Callable[..., dict[str, Any]]:
    """The JSON report of an audit."""

    def report(*words: str, exit_code: int | None = None) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(audit("--format", "json", *words, exit_code=exit_code).stdout)
        return parsed

    return report


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(moto_url: str) -> str:
    """An empty account of moto's."""
    urllib.request.urlopen(urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")).close()
    return moto_url
