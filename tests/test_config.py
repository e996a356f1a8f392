"""infralint.yaml: what it says holds, and what is wrong with it is said well."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

NGINX = "events {}\nhttp { server {\nlocation / { proxy_pass http://app; proxy_buffering off; %s }\n} }\n"


def timeouts(report: dict) -> list[str]:
    return [one.split()[1] for one in problems(report, "short-idle-timeout")]


@pytest.mark.parametrize(
    ("config", "timeout", "severities"),
    [
        ("", "60s", ["warning"]),
        ("", "120s", []),
        ("generation: 5m\n", "120s", ["error"]),
        ("generation: 1m\n", "60s", []),
        ("max_tokens: 8000\ntokens_per_second: 40\n", "199s", ["error"]),
        ("max_tokens: 8000\ntokens_per_second: 40\n", "200s", []),
        ("heartbeat: 20s\n", "40s", []),
        ("heartbeat: 20s\n", "39s", ["error"]),
        ("streams: [{path: /chat, silence: 10m}]\n", "5m", ["error"]),
        ("streams: [{path: /chat, generation: 10m, heartbeat: 15}]\n", "60s", []),
        ("streams: [{path: /chat, silence: 1h30m}]\n", "5400s", []),
        ("streams: []\n", "1s", []),
        ("assume: 'off'\n", "60s", ["warning"]),
        ("ignore: [short-idle-timeout]\n", "1s", []),
        ("select: [buffered-stream]\n", "1s", []),
        ("exclude: ['*.conf']\n", "1s", []),
    ],
)
def test_what_a_stream_needs(config: str, timeout: str, severities: list[str], lint: Lint) -> None:
    report = lint({"nginx.conf": NGINX % f"proxy_read_timeout {timeout};", "infralint.yaml": config})
    assert timeouts(report) == severities


@pytest.mark.parametrize(
    "files",
    [
        {"infralint.yaml": "streams: []\n"},
        {".infralint.yaml": "streams: []\n"},
        {"pyproject.toml": "[tool.infralint]\nstreams = []\n"},
    ],
    ids=str,
)
def test_where_it_may_stand(files: dict[str, str], lint: Lint) -> None:
    assert lint({"nginx.conf": NGINX % "", **files})["findings"] == []


def test_the_nearest_configuration_rules_alone(lint: Lint) -> None:
    files: dict[str, str | bytes] = {
        "infralint.yaml": "streams: []\n",
        "a/infralint.yaml": "assume: note\n",
        "a/nginx.conf": NGINX % "",
    }
    assert timeouts(lint(files, paths=("a",))) == ["warning"]


def test_all_errors_at_once_each_with_its_place(lint: Lint) -> None:
    config = (
        "strems:\n  - path: /x\nassume: loud\ngeneration: soon\n"
        "streams:\n  - path: chat\n    knd: sse\n  - regex: '('\n    silence: -1\nnginx:\n  version: latest\n"
    )
    report = lint({"infralint.yaml": config, "nginx.conf": "events {}\n"})
    said = report["stderr"].splitlines()
    assert report["status"] == 2
    for expected in (
        "infralint.yaml:1:1: strems: unknown key; did you mean streams?",
        "infralint.yaml:3:1: assume: expected warning, note or off, got 'loud'",
        "infralint.yaml:4:1: generation: expected a duration such as 90s or 5m, got 'soon'",
        "infralint.yaml:6:5: streams[0].path: must begin with /, got 'chat'",
        "infralint.yaml:7:5: streams[0].knd: unknown key; did you mean kind?",
        "infralint.yaml:8:5: streams[1].regex: is not a regular expression",
        "infralint.yaml:9:5: streams[1].silence: expected a duration",
        "infralint.yaml:11:3: nginx.version: expected a version such as 1.27.3, got 'latest'",
    ):
        assert any(line.startswith(f"infralint: {expected}") for line in said), (expected, said)
    assert len(said) == 8


def test_each_item_of_a_wrong_type_is_named_where_it_stands(lint: Lint) -> None:
    config = "streams:\n  - one\n  - path: /x\n  - two\n  - path: /y\n    silence: [1]\n"
    report = lint({"infralint.yaml": config, "nginx.conf": "events {}\n"})
    assert [line.partition("infralint.yaml:")[2] for line in report["stderr"].splitlines()] == [
        "2:5: streams[0]: expected keys with values, got text; write `- path: /api/chat` below `streams:`",
        "4:5: streams[2]: expected keys with values, got text; write `- path: /api/chat` below `streams:`",
        "6:5: streams[3].silence: expected a number or text, got a list",
    ]


def test_a_list_that_is_none_says_how_it_is_written(lint: Lint) -> None:
    report = lint({"infralint.yaml": "chains: [edge.conf, inner.conf]\nexclude: old\n", "nginx.conf": "events {}\n"})
    assert [line.partition("infralint.yaml:")[2] for line in report["stderr"].splitlines()] == [
        "1:10: chains[0]: expected a list, got text; write `- [edge/nginx.conf, api]` below `chains:`",
        "1:21: chains[1]: expected a list, got text; write `- [edge/nginx.conf, api]` below `chains:`",
        "2:1: exclude: expected a list, got text; write `exclude: [examples]`",
    ]


def test_hundreds_of_wrong_items_are_an_error_too(lint: Lint) -> None:
    report = lint({"infralint.yaml": "streams:\n" + "- path\n" * 300, "nginx.conf": "events {}\n"})
    assert report["status"] == 2
    assert (
        "infralint.yaml:2:3: streams[0]: expected keys with values, got text; write `- path: /api/chat`"
        in report["stderr"]
    )
    assert (
        "infralint.yaml:101:3: streams[99]: expected keys with values, got text; write `- path: /api/chat`"
        in report["stderr"]
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("infralint.yaml", "streams: [\n", "infralint.yaml:2:1: is not YAML"),
        ("infralint.yaml", "- a\n", "infralint.yaml:1:1: expected keys with values, got a list"),
        ("pyproject.toml", "[tool.infralint]\nassume = \n", "pyproject.toml:2:10: is not TOML"),
        (
            "pyproject.toml",
            "[tool.infralint]\nasume = 'off'\n",
            "pyproject.toml:2:1: asume: unknown key; did you mean assume?",
        ),
        ("infralint.yaml", "streams: [{kind: sse}]\n", "infralint.yaml:1:11: streams[0]: needs either path or regex"),
        (
            "infralint.yaml",
            "ignore: [bufered-stream]\n",
            "no check is called bufered-stream; did you mean buffered-stream?",
        ),
        ("infralint.yaml", b"assume: \xff\n", "infralint.yaml: can't be read: not UTF-8 text"),
    ],
)
def test_a_broken_configuration_is_named(name: str, text: str, message: str, lint: Lint) -> None:
    report = lint({name: text, "nginx.conf": "events {}\n"})
    assert report["status"] == 2
    assert message in report["stderr"]


def test_options_win_over_the_file(lint: Lint) -> None:
    files: dict[str, str | bytes] = {
        "nginx.conf": NGINX % "",
        "infralint.yaml": "assume: 'off'\nfail_on: never\n",
        "other.yaml": "streams: []\n",
    }
    assert lint(files)["status"] == 0
    assert lint(files, "--fail-on", "warning")["status"] == 1
    assert lint(files, "--config", "other.yaml")["findings"] == []
    assert lint(files, "--nginx-version", "newest")["status"] == 2


STREAMS = """
events {}
http {
  server {
    listen 80; server_name a.test;
    location / { proxy_pass http://a; }
    location /api/ { proxy_pass http://a; }
    location ~ ^/v[12]/chat$ { proxy_pass http://a; }
  }
  server {
    listen 80; server_name b.test;
    location / { try_files $uri @app; }
    location @app { proxy_pass http://b; }
  }
}
"""


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("{path: /api/chat}", ["7 warning", "13 warning"]),
        ("{path: /api/chat, host: a.test}", ["7 error"]),
        ("{path: /v1/chat, host: a.test}", ["8 error"]),
        ("{path: /v3/chat, host: a.test}", ["6 error"]),
        ("{path: /x, host: b.test}", ["13 error"]),
        ("{path: /x, host: nobody.test}", ["6 warning"]),
        ("{path: '/api/*', host: a.test}", ["7 error"]),
        ("{regex: '^/v[12]/chat$', host: a.test}", ["8 error"]),
        ("{path: /api/chat, hops: [b.test]}", ["13 error"]),
        ("{path: /api/chat, kind: websocket, host: a.test}", []),
    ],
)
def test_a_declared_stream_is_judged_where_it_is_served(stream: str, expected: list[str], lint: Lint) -> None:
    report = lint(
        {
            "nginx.conf": STREAMS.lstrip("\n").replace("events", "\nevents", 1),
            "infralint.yaml": f"streams: [{stream}]\n",
        }
    )
    assert [
        one.partition(":")[2].removesuffix(" buffered-stream") for one in problems(report, "buffered-stream")
    ] == expected


@pytest.mark.parametrize(
    "text",
    ["a: &a [*a]\n", "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9) if n else 1}]\n" for n in range(9))],
)
def test_aliases_without_end_are_an_error(text: str, lint: Lint) -> None:
    report = lint({"nginx.conf": "events {}\n", "infralint.yaml": text})
    assert report["status"] == 2
    assert "its aliases stand for more than it can hold" in report["stderr"]


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("exclude", "'**/*a{}*/**/*b*'"),
        ("accept", "{{check: buffered-stream, path: 'nginx*{}'}}"),
        ("chains", "[nginx.conf, a{}]"),
        ("streams", "path: '/*/{}*/**'"),
    ],
)
def test_more_entries_than_are_taken_are_an_error(key: str, entry: str, lint: Lint) -> None:
    entries = [f"- {entry.format(number)}\n" for number in range(501)]
    report = lint({"nginx.conf": "events {}\n", "infralint.yaml": f"{key}:\n{''.join(entries)}"})
    assert report["status"] == 2
    assert f"infralint.yaml:1:1: {key}: has 501 entries; infralint takes at most 500" in report["stderr"]
    report = lint({"nginx.conf": "events {}\n", "infralint.yaml": f"{key}:\n{''.join(entries[:-1])}"})
    assert "entries" not in report["stderr"]
