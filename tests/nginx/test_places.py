"""Lines of files that others include, or that are put where nginx' own file includes them: in which block they stand."""

from __future__ import annotations

import pytest
from conftest import Lint

APP = "location / { proxy_pass http://app:8000; proxy_buffering off; }"
SITE = f"server {{ listen 80; {APP} }}\n"
WHOLE = f"events {{}}\nhttp {{ {SITE} }}\n"


def placed(main: str) -> str:
    return f"events {{}}\nhttp {{ {main} }}\n"


@pytest.mark.parametrize(
    ("main", "content", "message"),
    [
        (
            "include c/a.conf;",
            "worker_processes 1;\n",
            '"worker_processes" directive is not allowed here: `include c/a.conf`',
        ),
        (
            "include c/*.conf;",
            f"{APP}\n",
            '"location" directive is not allowed here: `include c/*.conf` includes this file in',
        ),
        ("include c/*.conf;", "stream { }\n", '"stream" directive is not allowed here'),
        (
            f"server {{ {APP} include c/*.conf; }}",
            "upstream u { server a; }\n",
            '"upstream" directive is not allowed here',
        ),
        (f"server {{ {APP} include c/*.conf; }}", "map $uri $x { default 1; }\n", "includes this file in a server"),
        (
            f"server {{ {APP} include c/a.conf; }}",
            "proxy_pass http://a;\n",
            '"proxy_pass" directive is not allowed here',
        ),
        ("include c/a.conf;", WHOLE, '"events" directive is not allowed here'),
        (f"server {{ {APP} include c/*.conf; }}", "proxy_read_timeout 5m;\n", ""),
        ("include c/*.conf;", SITE, ""),
        ("include c/*.conf;", WHOLE, ""),  # it may be put in the place of the main file
        (f"server {{ include c/*.conf; {APP} }}", "{% if x %}upstream u { server a; }{% endif %}\n", ""),
    ],
)
def test_what_an_include_puts_where_nginx_does_not_take_it(main: str, content: str, message: str, lint: Lint) -> None:
    """Measured on nginx 1.22 and 1.31."""
    report = lint({"nginx.conf": placed(main), "c/a.conf": content})
    told = [entry["message"] for entry in report["unreadable"]]
    assert bool(told) is bool(message)
    assert all(message in text for text in told)


def test_a_file_stands_where_the_file_is_included_that_includes_it(lint: Lint) -> None:
    files = {"nginx.conf": placed(f"server {{ {APP} include a.inc; }}"), "a.inc": "include b.inc;\n"}
    [entry] = lint({**files, "b.inc": "map $uri $x { default 1; }\n"})["unreadable"]
    assert entry["location"]["path"] == "b.inc"
    assert "includes this file in a server" in entry["message"]


IN_HTTP = "/etc/nginx/conf.d/default.conf"
MAIN = "/etc/nginx/nginx.conf"


@pytest.mark.parametrize(
    ("content", "target", "message"),
    [
        (WHOLE, IN_HTTP, f'"events" directive is not allowed here: it is put at {IN_HTTP}'),
        (SITE, MAIN, f'"server" directive is not allowed here: it is put at {MAIN}'),
        (SITE, IN_HTTP, ""),
        (WHOLE, MAIN, ""),
        (WHOLE, "/opt/nginx.conf", ""),
    ],
)
def test_what_is_put_where_nginx_own_file_takes_it(content: str, target: str, message: str, lint: Lint) -> None:
    """Measured on nginx 1.22 and 1.31; https://hub.docker.com/_/nginx"""
    dockerfile = f"FROM nginx:1.29\nCOPY my.conf {target}\n"
    compose = f'services:\n  web:\n    image: nginx:1.29\n    volumes: ["./my.conf:{target}:ro"]\n'
    for name, text in {"Dockerfile": dockerfile, "compose.yaml": compose}.items():
        told = [entry["message"] for entry in lint({"my.conf": content, name: text})["unreadable"]]
        assert bool(told) is bool(message)
        assert all(message in said for said in told)


def test_the_main_file_of_another_image_decides_nothing(lint: Lint) -> None:
    other = {"a/nginx.conf": WHOLE, "a/Dockerfile": f"FROM nginx:1.29\nCOPY nginx.conf {MAIN}\n"}
    files = {"b/s.conf": STREAM, "b/Dockerfile": "FROM nginx:1.29\nCOPY s.conf /etc/nginx/conf.d/\n"}
    mount = f"volumes: ['./a/nginx.conf:{MAIN}']"
    assert lint({**other, **files})["unreadable"]
    elsewhere = f"services:\n  edge: {{ image: 'nginx:1.29', {mount} }}\n"
    assert lint({**other, **files, "compose.yaml": elsewhere})["unreadable"]
    for image in ("build: ./b", "image: acme/edge"):
        compose = f"services:\n  edge: {{ {image}, {mount} }}\n"
        assert not lint({**other, **files, "compose.yaml": compose})["unreadable"]


STREAM = "stream { server { listen 9000; proxy_pass 10.0.0.1:9000; } }\n"


@pytest.mark.parametrize(
    ("dockerfile", "is_refused"),
    [
        ("FROM nginx:1.29-alpine", True),
        ("FROM docker.io/library/nginx", True),
        ("FROM nginxinc/nginx-unprivileged:1.29", True),
        ("FROM alpine:3.20\nRUN apk add --no-cache nginx nginx-mod-stream", False),
        ("FROM linuxserver/nginx", False),
        ("FROM php:8-fpm-alpine AS base\nRUN apk add nginx\nFROM base", False),
        ("FROM nginx:1.29\nRUN sed -i 's#^events#include conf.d/*.conf;events#' /etc/nginx/nginx.conf", False),
    ],
)
def test_only_the_images_of_nginx_makers_include_confd_in_http(dockerfile: str, is_refused: bool, lint: Lint) -> None:
    """Alpine's nginx.conf includes it outside of all blocks:
    https://gitlab.alpinelinux.org/alpine/aports/-/blob/master/main/nginx/nginx.conf"""
    copied = {"Dockerfile": f"{dockerfile}\nCOPY stream.conf /etc/nginx/conf.d/\n"}
    assert bool(lint({"stream.conf": STREAM, **copied})["unreadable"]) is is_refused
    service = f"{{ build: ., volumes: ['./stream.conf:{IN_HTTP}'] }}"
    mounted = {"Dockerfile": f"{dockerfile}\n", "compose.yaml": f"services:\n  web: {service}\n"}
    assert bool(lint({"stream.conf": STREAM, **mounted})["unreadable"]) is is_refused


def test_a_command_may_start_nginx_with_any_file(lint: Lint) -> None:
    command = f'CMD ["nginx", "-c", "{IN_HTTP}", "-g", "daemon off;"]\n'
    assert not lint({"my.conf": WHOLE, "Dockerfile": f"FROM nginx\nCOPY my.conf {IN_HTTP}\n{command}"})["unreadable"]


def test_where_the_main_file_is_the_projects_its_includes_decide(lint: Lint) -> None:
    main = "events {}\nhttp { server { include /etc/nginx/conf.d/*.conf; } }\n"
    dockerfile = f"FROM nginx\nCOPY main.conf {MAIN}\nCOPY my.conf {IN_HTTP}\n"
    assert not lint({"main.conf": main, "my.conf": f"{APP}\n", "Dockerfile": dockerfile})["unreadable"]


@pytest.mark.parametrize(
    ("files", "is_refused"),
    [
        ({"nginx.conf": f"http {{ {SITE} }}\n"}, True),
        ({"nginx.conf": f"worker_processes 1;\nhttp {{ {SITE} }}\n"}, True),
        ({"my.conf": f"http {{ {SITE} }}\n", "Dockerfile": f"FROM nginx\nCOPY my.conf {MAIN}\n"}, True),
        ({"nginx.conf": WHOLE}, False),
        ({"nginx.conf": SITE}, False),
        ({"nginx.conf": f"include events.conf;\nhttp {{ {SITE} }}\n"}, False),
        ({"nginx.conf": "events {}\ninclude web/nginx.conf;\n", "web/nginx.conf": f"http {{ {SITE} }}\n"}, False),
        ({"web.conf": f"http {{ {SITE} }}\n"}, False),
        ({"nginx.conf.j2": f"{{{{ head }}}}\nhttp {{ {SITE} }}\n"}, False),
    ],
)
def test_a_main_file_without_events_is_refused(files: dict[str, str], is_refused: bool, lint: Lint) -> None:
    """Measured on nginx 1.22 and 1.31."""
    told = [entry["message"] for entry in lint(files)["unreadable"]]
    assert any('no "events" section in configuration' in text for text in told) is is_refused
