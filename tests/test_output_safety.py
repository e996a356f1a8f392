"""No name in a judged file steers a terminal, gives orders to a CI runner, or shows a secret, in any format."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import printed, run, write
from markdown_it import MarkdownIt

from infralint.reporters import REPORTERS

STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
ORDERS = re.compile(r"^\s*::[a-z]|##\[", re.MULTILINE)
ODD = "\x1b[31m\x07\u202e\x85\n::error::x\n##[error]x"
SITE = """events {{}}
http {{
  server {{
    server_name "{odd}";
    location "/api/chat/{odd}" {{ proxy_pass http://app; }}
  }}
}}
"""


def unsafe(text: str, format_: str) -> list[str]:
    orders = (
        ORDERS.findall(text)
        if format_ != "github"
        else re.findall(r"^(?!::(?:error|warning|notice) file=)", text[:-1], re.M)
    )
    return STEERING.findall(text) + orders


@pytest.mark.parametrize("format_", sorted(REPORTERS))
def test_odd_names_of_files_and_hops(format_: str, here: Path) -> None:
    write(
        here, {f"sites/{ODD.replace('/', '')}.conf": SITE.replace("{odd}", ODD).replace("{{", "{").replace("}}", "}")}
    )
    result = run("check", "--format", format_)
    assert result.exit_code == 1
    assert "buffered-stream" in result.stdout
    assert unsafe(result.stdout, format_) == []
    assert unsafe(result.stderr, "text") == []


@pytest.mark.parametrize("format_", sorted(REPORTERS))
def test_odd_names_of_what_can_not_be_read(format_: str, here: Path) -> None:
    write(here, {f"nginx{ODD}.conf": f"server {{\n  proxy_pass http://{ODD.strip()};\n", "nginx.conf": "http {"})
    result = run("check", "--format", format_)
    assert result.exit_code == 2
    assert unsafe(result.stdout, format_) == []


@pytest.mark.parametrize("format_", sorted(REPORTERS))
def test_no_password_leaves_in_a_report(format_: str, here: Path) -> None:
    address = 'set $other "https://x/?token=s3cr3tword";'
    location = f"location /api/chat {{ proxy_read_timeout 9s; proxy_pass http://shop:s3cr3tword@app; {address} }}"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ server {{ {location} }} }}\n"})
    result = run("check", "--format", format_, "--output", "sarif=report.sarif")
    assert result.exit_code == 2, "nginx takes what follows the user for a port, and refuses it"
    assert "s3cr3tword" not in result.stdout
    assert "s3cr3tword" not in (here / "report.sarif").read_text()


def test_a_machine_gets_the_names_as_they_are(here: Path) -> None:
    write(here, {f"a{ODD.replace('/', '')}.conf": SITE.replace("{odd}", "x").replace("{{", "{").replace("}}", "}")})
    report = json.loads(run("check", "--format", "json").stdout)
    assert report["findings"][0]["location"]["path"] == f"a{ODD}.conf"


def test_what_goes_wrong_with_a_call_is_shown_safely(here: Path) -> None:
    result = run("check", f"gone{ODD}")
    assert result.exit_code == 2
    assert "no such file or folder" in result.stderr
    assert unsafe(result.stderr, "text") == []


@pytest.mark.parametrize("marks", ["`", "``", "```", "` `` ", "\\`", "```` ` "])
def test_backticks_in_a_name_let_nothing_else_act_in_markdown(marks: str, here: Path) -> None:
    page = f"/api/chat/{marks}<img src=x>![i](http://x/y.png)[x](http://y){marks}"
    quoted = page.replace("\\", "\\\\")
    write(
        here, {"nginx.conf": f'events {{}}\nhttp {{ server {{ location "{quoted}" {{ proxy_pass http://app; }} }} }}\n'}
    )
    text = printed("markdown")
    assert "src=x" in text
    shown = MarkdownIt("commonmark").enable("table").render(text)
    assert "<img" not in shown
    assert 'href="http://y"' not in shown


COMMENTED = "events {}\nhttp { server {\n  # %s\n  location /api/chat { proxy_pass http://app; } } }\n"


@pytest.mark.parametrize(
    "order", ["##[error]x", "##vso[task.complete]x", "\n  set $x '\n  ::error::x';", "x\r::add-mask::x"]
)
def test_a_patch_holds_no_command_to_a_runner(order: str, here: Path) -> None:
    write(here, {"a.conf": COMMENTED % "Chat", "b.conf": COMMENTED % order})
    result = run("check", "--diff")
    assert result.exit_code == 2
    assert "b.conf: no patch is printed" in result.stderr
    assert "+++ b/a.conf" in result.stdout
    assert ORDERS.findall(result.stdout) == []


def test_a_name_in_a_patch_steers_nothing_and_git_takes_it(here: Path) -> None:
    name = "a\u202e##[error]\u2028.conf"
    write(here, {name: SITE.replace("{odd}", "x").replace("{{", "{").replace("}}", "}")})
    result = run("check", "--diff")
    assert unsafe(result.stdout, "text") == []
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "apply"], input=result.stdout_bytes, check=True)
    assert "proxy_buffering off;" in (here / name).read_text()


def test_a_long_name_is_not_broken_where_it_becomes_a_command(here: Path) -> None:
    write(here, {"nginx.conf": SITE.replace("{odd}", "x").replace("{{", "{").replace("}}", "}")})
    result = run("trace", f"/{'x' * 40}/::error::{'y' * 60}/::error::x")
    assert "error" in result.stdout
    assert re.findall(r"^\W*::error::", result.stdout, re.M) == []


def test_what_click_says_of_a_call_is_shown_safely(here: Path) -> None:
    for call in (["init", ODD], ["schema", ODD], ["check", "--tf-var-file", ODD], [ODD]):
        assert unsafe(run(*call).stderr, "text") == []
