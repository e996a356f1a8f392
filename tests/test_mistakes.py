"""Mistakes that would turn a failing project green are said."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import Lint, printed, problems, run, write
from test_adoption import NGINX, git

HELD = "server { listen 80; location /chat { proxy_pass http://a; %s } }\n"


def test_a_declared_stream_that_meets_nothing_is_said(lint: Lint) -> None:
    report = lint(
        {"n.conf": HELD % "", "infralint.yaml": "streams:\n  - path: /nowhere\n    host: x.test\n    hops: [nobody]\n"}
    )
    assert report["findings"] == []
    assert "the declared stream /nowhere meets no hop" in report["unknown"][0]["message"]
    assert lint({}, "--strict")["status"] == 2


def test_a_key_that_stands_twice_is_an_error(lint: Lint) -> None:
    report = lint({"n.conf": HELD % "", "infralint.yaml": "streams:\n  - path: /a\nstreams:\n  - path: /b\n"})
    assert (report["status"], report["stderr"]) == (2, "infralint: infralint.yaml:3:1: streams: stands twice\n")


@pytest.mark.parametrize("directive", ["proxy_buffering maybe;", "proxy_read_timeout 10x;"])
def test_a_value_that_nginx_refuses_is_unreadable(directive: str, lint: Lint) -> None:
    report = lint({"n.conf": HELD % directive})
    assert "is not a value that nginx takes" in report["unreadable"][0]["message"]
    assert report["status"] == 2


def test_what_is_only_assumed_is_not_edited(lint: Lint, tmp_path: Path) -> None:
    text = 'resource "aws_lb" "x" {\n  name = "x"\n}\n'
    report = lint({"main.tf": text, "infralint.yaml": "assume: warning\n"})
    assert problems(report) == ["main.tf:1 warning short-idle-timeout"]
    assert "not fixed: nothing says that a stream goes here" in run("check", "--fix").output
    assert (tmp_path / "main.tf").read_text() == text


def test_changed_lines_of_a_file_with_any_name(lint: Lint, tmp_path: Path) -> None:
    name = "conf d/höst (1).conf"
    lint({name: NGINX})
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "past")
    report = lint({name: NGINX.replace("location /sse {", "location /sse/v2 {")}, "--changed-since", "HEAD")
    assert problems(report) == [f"{name}:5 warning short-idle-timeout"]


SENT = """from fastapi import FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
"""


def test_a_streaming_file_that_can_not_be_parsed_is_named_and_the_run_is_not_clean(here: Path) -> None:
    write(here, {"requirements.txt": "fastapi\n", "app.py": SENT + "def broken(:\n  return (((\n"})
    result = run("check")
    assert ": can't be parsed as a whole, so what it streams may not be seen" in result.output
    assert "clean" not in result.output
    assert "nothing was judged and 1 thing could not be told" in result.output
    assert run("check", "--strict").exit_code == 2


def test_a_stream_that_meets_no_hop_and_a_module_outside_are_not_called_clean(here: Path) -> None:
    write(here, {"infralint.yaml": "streams: [{path: /chat}]\n", "main.tf": 'module "lb" {\n  source = "../alb"\n}\n'})
    result = run("check")
    assert "the declared stream /chat meets no hop that was read here" in result.output
    assert "../alb leads out of the project, which infralint does not leave" in result.output
    assert "terraform init" not in result.output
    assert result.output.endswith("nothing was judged and 2 things could not be told.\n")
    assert (result.exit_code, run("check", "--strict").exit_code) == (0, 2)
    assert printed("markdown").startswith("### infralint: nothing was judged and 2 things could not be told\n")


@pytest.mark.parametrize(
    "files",
    [
        {"compose.yaml": "services:\n  web:\n    image: nginx\n"},
        {"main.tf": 'resource "aws_s3_bucket" "logs" {}\n'},
        {"nginx.conf": "events {}\nhttp { server { listen 80; root /srv; } }\n"},
        {"vercel.json": "{}"},
        {"service.yaml": "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n"},
        {"package.json": '{"dependencies": {"express": "4"}}', "app.js": 'require("express")().get("/", (q, r) => r.send("x"))\n'},
    ],
    ids=lambda files: next(iter(files)),
)  # fmt: skip
def test_a_run_with_nothing_to_judge_is_not_called_clean(files: dict[str, str | bytes], here: Path) -> None:
    write(here, files)
    result = run("check")
    assert (result.exit_code, result.output.endswith(" with 0 hops to judge: nothing was judged.\n")) == (0, True)
    assert printed("markdown").startswith("### infralint: nothing was judged\n")
    assert "<h1>Nothing was judged</h1>" in printed("html")


EDGE = """events {}
http { server { location / {
  proxy_pass http://app:80; proxy_http_version 1.1; proxy_buffering off; proxy_read_timeout 600s;
} } }
"""
STACK: dict[str, str | bytes] = {
    "nginx.conf": EDGE,
    "compose.yaml": "services:\n  edge: { image: nginx, volumes: ['./nginx.conf:/etc/nginx/nginx.conf'] }\n  app: { build: ./app }\n",
}
PERL: dict[str, str | bytes] = {
    "app/app.pl": "use Mojolicious::Lite;\n",
    "app/Dockerfile": "FROM perl\nCMD perl app.pl\n",
}
RESTIFY: dict[str, str | bytes] = {
    "app/main.js": 'require("restify").createServer().get("/", handle)\n',
    "app/package.json": '{"dependencies": {"restify": "11"}}',
}
INGRESS = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: {{ name }} }\n"


@pytest.mark.parametrize(
    ("files", "unseen"),
    [
        (PERL, "app: code in Perl is not read (1 file)"),
        (RESTIFY, "app: code that uses Restify is not read"),
        ({"k8s/ingress.yaml": INGRESS}, "k8s/ingress.yaml: is a template, which has to be rendered first"),
        ({"k8s/kustomization.yaml": "resources: ['https://acme.com/base//k8s?ref=v1']\n"}, "which lies elsewhere and is not read"),
        ({"Caddyfile": ":80 {\n  reverse_proxy app:80\n}\n"}, "Caddy (Caddyfile)"),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_said_unasked_and_the_run_is_not_called_clean(
    files: dict[str, str | bytes], unseen: str, here: Path
) -> None:
    write(here, {**STACK, **files})
    result = run("check")
    assert unseen in result.output
    assert result.output.endswith(" with 1 hop to judge: nothing found.\n")
    assert unseen.split(" ")[0] in printed("markdown")
    assert unseen in printed("html")


def test_a_stack_that_was_seen_whole_is_clean(here: Path) -> None:
    write(here, STACK)
    assert run("check").output == "Read 1 compose file and 1 nginx file with 1 hop to judge: clean.\n"


def test_a_long_list_of_what_was_not_seen_is_cut(here: Path) -> None:
    write(here, {**STACK, **{f"k8s/{number}.yaml": INGRESS for number in range(7)}})
    shown = [line for line in run("check").output.splitlines() if line.startswith("  ")]
    assert shown[-2:] == [
        "  k8s/3.yaml: is a template, which has to be rendered first",
        "  and 3 more (`-v` names them)",
    ]
    assert len([line for line in run("check", "-v").output.splitlines() if "rendered first" in line]) == 7


SSE = "import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;\n"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"pom.xml": "<project/>\n", "Chat.java": SSE + "class Chat { SseEmitter chat( {{{\n"},
            "can't be parsed as a whole",
        ),
        ({"Chat.java": SSE + "class Chat { SseEmitter chat( {{{\n"}, "can't be parsed as a whole"),
        (
            {
                "mix.exs": "defmodule Chat do\nend\n",
                "lib/chat.ex": 'conn |> put_resp_content_type("text/event-stream")\n',
            },
            "the route that this answers was not found",
        ),
    ],
)
def test_code_that_streams_somewhere_is_something_to_read(
    files: dict[str, str | bytes], words: str, here: Path
) -> None:
    write(here, files)
    result = run("check")
    assert words in result.output
    assert "holds nothing to read" not in result.output
    assert " with 0 hops to judge: nothing was judged" in result.output


def test_what_was_not_seen_elsewhere_is_not_said_of_a_file_that_is_asked_for(here: Path) -> None:
    write(here, {**STACK, **PERL, "k8s/ingress.yaml": INGRESS})
    assert "Perl is not read" in run("check").output
    assert "Not followed" not in run("check", "nginx.conf").output
    write(
        here,
        {
            "app/main.js": 'require("@hapi/hapi"); s.route({handler: (r, h) => h.type("text/event-stream")})\n',
            "app/package.json": '{"dependencies": {"@hapi/hapi": "21"}}',
        },
    )
    said = "  app/main.js:1: answers with text/event-stream; the route that this answers was not found"
    assert all(
        said in run("check", *paths).output for paths in ((), ("app/main.js", "nginx.conf"), ("app", "nginx.conf"))
    )
    assert said not in run("check", "nginx.conf").output
    folder = run("check", "k8s", "--allow-empty").output
    assert ("k8s/ingress.yaml: is a template" in folder, "Perl" in folder) == (True, False)
