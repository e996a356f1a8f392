"""Variables that are put together from others come to an end."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run, write
from yardstick import at_most

CHAT = "streams: [{path: /chat}]\n"


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trace(maps: str = "", sets: str = "", target: str = "http://$a") -> str:
    config = (
        f"events {{}}\nhttp {{\n{maps}server {{ listen 80; location /chat {{\n{sets}proxy_pass {target}; }} }} }}\n"
    )
    write(Path(), {"nginx.conf": config, "infralint.yaml": CHAT})
    return " ".join(run("trace", "/chat").stdout.split())


def test_a_text_that_doubles_sixty_times_is_not_put_together() -> None:
    with at_most(200):
        told = trace(sets="set $a aaaaaaaa;\n" + 'set $a "$a$a";\n' * 60)
    assert "? its text may be longer than 65536 characters" in told


def test_a_text_that_doubles_a_few_times_is_put_together() -> None:
    assert "app-app-app-app-" in trace(sets="set $a app-;\n" + 'set $a "$a$a";\n' * 2)


@pytest.mark.parametrize(
    "maps",
    [
        "".join(f"map $host $a{'a' * number} {{ default $a{'a' * (number + 1)}; }}\n" for number in range(60)),
        "map $host $a { default $b; }\nmap $host $b { default $a; }\n",
    ],
)
def test_variables_worked_out_from_many_others_are_not_known(maps: str) -> None:
    told = trace(maps=maps)
    assert "is worked out from itself, or from more than 20 others, one from another" in told
