"""What fails in a way that nobody foresaw: it is named, what else there is is judged, and the run ends with 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run, write

from infralint.model import Hop
from infralint.trace import crossings

SITE = "server {{ listen {port}; location /chat/{name} {{ proxy_pass http://127.0.0.1:9; proxy_buffering off; {time} }} }}\n"


def fails(*_arguments: object, **_named: object) -> None:
    raise TypeError("nobody foresaw this")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for port, name in ((80, "a"), (81, "b")):
        write(tmp_path, {f"{name}/nginx.conf": SITE.format(port=port, name=name, time="proxy_read_timeout 2s;")})
    return tmp_path


@pytest.mark.usefixtures("here")
def test_a_hop_whose_way_can_not_be_followed_is_named_and_the_others_are_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hints_of = crossings.hints_of
    monkeypatch.setattr(crossings, "hints_of", lambda hop: fails() if _is_of_a(hop) else hints_of(hop))
    result = run("check", "--no-cache")
    assert result.exit_code == 2
    assert "unreadable a/nginx.conf: a fault of infralint, please report it (code " in result.output
    assert "[short-idle-timeout] location /chat/b cuts the stream after 2 s" in result.output


def _is_of_a(hop: Hop) -> bool:
    return hop.where.path.startswith("a/")


@pytest.mark.usefixtures("here")
def test_what_fails_as_a_whole_ends_with_2_and_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infralint.engine.run.topology_of", fails)
    result = run("check", "--no-cache")
    assert result.exit_code == 2
    assert result.stderr.startswith("infralint: nothing is judged: a fault of infralint, please report it (code ")
    assert "Traceback" not in result.output + result.stderr
