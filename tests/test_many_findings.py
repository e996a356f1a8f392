"""Many findings, as a person reads them: loudest first, by cause, summed up; or a line each."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run, write

LONG = "proxy_http_version 1.1; proxy_buffering off;"


def site(*locations: str, head: str = "") -> str:
    inner = "".join(f"    {location}\n" for location in locations)
    return f"events {{}}\nhttp {{\n  {head}\n  server {{\n    listen 80;\n{inner}  }}\n}}\n"


def silent(name: str, *settings: str) -> str:
    return f"location {name} {{ proxy_pass http://app; {LONG} {' '.join(settings)} }}"


def heads(*options: str) -> list[str]:
    """The first line of each block of a finding."""
    lines = run("check", *options).stdout.splitlines()
    return [line for line in lines if line.startswith(("error[", "warning[", "note["))]


def test_one_default_that_nobody_sets_is_one_block_however_many_files_lack_it(here: Path) -> None:
    write(here, {f"sites/{number}.conf": site(silent(f"/sse/{number}")) for number in range(7)})
    output = run("check", "--select", "short-idle-timeout").stdout
    assert output.count("warning[short-idle-timeout]") == 1
    assert "= 7 findings, one cause: applies to location /sse/0 (sites/0.conf:6:5), " in output
    assert "and 4 more (`-v` names them)\n" in output
    assert "location /sse/6 (sites/6.conf:6:5)\n" in run("check", "--select", "short-idle-timeout", "-v").stdout
    assert "7 warnings." in output


def test_one_line_that_many_files_hold_is_one_block(here: Path) -> None:
    write(here, {f"sites/{number}.conf": site(silent("/sse", "proxy_read_timeout 9s;")) for number in range(3)})
    output = run("check", "--select", "short-idle-timeout").stdout
    assert output.count("warning[short-idle-timeout]") == 1
    column = site(silent("/sse", "proxy_read_timeout 9s;")).splitlines()[5].index("proxy_read_timeout") + 1
    first, second, third = (f"location /sse (sites/{number}.conf:6:{column})" for number in range(3))
    assert f"= 3 findings, one cause: applies to {first}, {second} and {third}\n" in output
    annotations = run("check", "--select", "short-idle-timeout", "--format", "github").stdout
    assert annotations.count("::warning file=") == 3, "a pull request shows those of its own files alone"


def test_two_values_are_two_causes(here: Path) -> None:
    first, second = silent("/sse/a", "proxy_read_timeout 9s;"), silent("/sse/b", "proxy_read_timeout 8s;")
    write(here, {"nginx.conf": site(first, second)})
    assert len(heads("--select", "short-idle-timeout")) == 2


def test_one_line_that_hurts_streams_of_both_kinds_is_one_block(here: Path) -> None:
    upgrade = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
    text = site(silent("/sse"), silent("/ws", upgrade))
    write(here, {"nginx.conf": f"worker_shutdown_timeout 9s;\n{text}"})
    output = run("check", "--select", "stream-cut-on-reload").stdout
    assert output.count("[stream-cut-on-reload]") == 1
    assert "= 2 findings, one cause: applies to " in output


def test_the_loudest_stand_first(here: Path) -> None:
    held = "# infralint: stream=sse\n    location /held { proxy_pass http://app; proxy_http_version 1.0; }"
    write(here, {"a.conf": site(silent("/sse")), "b.conf": site(held)})
    found = [head.partition("[")[0] for head in heads()]
    assert found == sorted(found, key=["error", "warning", "note"].index)
    assert {"error", "warning"} <= set(found)


def test_a_few_findings_need_no_table_and_many_have_one(here: Path) -> None:
    write(here, {"nginx.conf": site(silent("/sse/1"))})
    assert " errors  warnings" not in run("check").stdout
    write(here, {"nginx.conf": site(*(silent(f"/sse/{number}") for number in range(12)))})
    output = run("check").stdout
    assert "      -        12      -  short-idle-timeout  1 file\n" in output
    assert output.index(" errors  warnings") > output.index("warning[short-idle-timeout]")


def test_quiet_is_a_line_a_finding(here: Path) -> None:
    write(
        here,
        {
            "nginx.conf": site(silent("/sse/1"), silent("/sse/2")),
            "broken.conf": "server {\n    proxy_pass http://app;\n",
        },
    )
    lines = run("check", "-q").stdout.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["nginx.conf:6:5", "nginx.conf:7:5", "broken.conf:1"]
    assert lines[0].startswith("nginx.conf:6:5: warning[short-idle-timeout] location /sse/1 cuts the stream after 60 s")
    assert lines[2].startswith("broken.conf:1: unreadable ")


def test_quiet_says_equal_lines_once(here: Path) -> None:
    write(here, {"nginx.conf": f"worker_shutdown_timeout 9s;\n{site(silent('/sse/1'), silent('/sse/2'))}"})
    assert len(run("check", "-q", "--select", "stream-cut-on-reload").stdout.splitlines()) == 1


def test_quiet_and_clean_is_nothing(here: Path) -> None:
    write(here, {"nginx.conf": site(silent("/sse", "proxy_read_timeout 1h;"))})
    assert run("check", "-q").stdout == ""


@pytest.mark.parametrize(
    ("grouping", "titles"),
    [
        ("file", ["── a.conf: 2 findings", "── b.conf: 1 finding"]),
        ("check", ["── short-idle-timeout: 3 findings"]),
        ("stream", ["── SSE /sse/1: 2 findings", "── SSE /sse/2: 1 finding"]),
        (
            "hop",
            [
                "── location /sse/1 (a.conf:6:5): 1 finding",
                "── location /sse/2 (a.conf:7:5): 1 finding",
                "── location /sse/1 (b.conf:6:5): 1 finding",
            ],
        ),
    ],
)
def test_findings_stand_together_as_asked(grouping: str, titles: list[str], here: Path) -> None:
    write(here, {"a.conf": site(silent("/sse/1"), silent("/sse/2")), "b.conf": site(silent("/sse/1"))})
    output = run("check", "--group-by", grouping, "--select", "short-idle-timeout").stdout
    assert [line for line in output.splitlines() if line.startswith("── ")] == titles
    assert output.endswith(": 3 warnings.\n")


def test_an_expression_does_not_run_into_the_host_before_it(here: Path) -> None:
    location = "location ~ ^/(chat|tools)/ { proxy_pass http://app; proxy_buffering off; }"
    write(here, {"nginx.conf": f"events {{}}\nhttp {{ server {{ server_name chat.example.com; {location} }} }}\n"})
    assert "stream: SSE chat.example.com ^/(chat|tools)/, because" in run("check").output
