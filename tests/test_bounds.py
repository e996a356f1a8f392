"""Any text of a hundred kilobytes is judged in two seconds, says what it gave up on, and keeps nothing else from being judged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Lint, problems, run, write
from yardstick import at_most, yardstick

from infralint.project import parse_trial

SIZE = 90_000
SITE = "events {}\nhttp { server { listen 80; location /api/chat { proxy_pass http://app:8000; } } }\n"
PIECES = (
    "\n| |{ |{\n|{#|{%|{{|${A:-|$|\\|;|; |\" |'\n|<% |<%= |%%a|@A|__A|map |map\n|geo $A |set $A\n|location |"
    "location a\n|upstream |server \n|cat \n|<<A |\n <|proxy_pass |server_name a|# configuration file a:\n|"
    "# configuration file |include a*;\n|server{}|listen 80;|location /a{}|location ~ a{}|location /a{|"
    "if ($a){}|map $a $b{}|rewrite a b;|proxy_set_header A b;|upstream a{server b;}|x_by_lua_block \n|"
    "x_by_lua_block {|content_by_lua_block { [=[ |--[[ |# infralint: ignore[ \n|/* infralint: ignore because x\n|"
    "# infralint: ignore[|# infralint: ignore because |# infralint   |"
    "# infralint: stream=sse x\n|# infralint: ignore[a] because b\n{\n"
).split("|")


def inside(text: str) -> str:
    return SITE.removesuffix("} }\n") + text + "\n} }\n"


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("name", ["nginx.conf", "nginx.yaml"])
def test_a_long_text_is_judged_in_time(name: str, piece: str, lint: Lint) -> None:
    text = inside(piece * (SIZE // len(piece)))
    if name.endswith("yaml"):
        text = "data:\n  a.conf: |\n" + "".join(f"    {line}\n" for line in text.split("\n")[:20_000])
    with at_most(200):
        report = lint({name: text, "rest/nginx.conf": SITE})
    assert problems(report, "buffered-stream")


@pytest.mark.parametrize("word", ["location", "upstream", "proxy_pass", "map", "listen"])
def test_a_word_with_nothing_but_blanks_behind_it_is_judged_in_time(word: str, lint: Lint) -> None:
    with at_most(200):
        report = lint({"nginx.conf": inside(word + " " * SIZE), "rest/nginx.conf": SITE})
    assert problems(report, "buffered-stream")


@pytest.mark.parametrize("opening", ["<% if $fast { -", "<% } else { ", "<% ", "{% if ", "{{ if "])
def test_a_long_step_of_a_template_is_judged_in_time(opening: str, lint: Lint) -> None:
    closing = {"<%": "%>", "{%": "%}", "{{": "}}"}[opening[:2]]
    with at_most(200):
        report = lint({"nginx.conf": inside(opening + "%" * SIZE + closing), "rest/nginx.conf": SITE})
    assert problems(report, "buffered-stream")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("generation: " + "1" * 60 + "x\n", "1:1: generation: expected a duration such as 90s or 5m"),
        ("generation: .inf\n", "1:1: generation: expected a duration"),
        ("generation: nan\n", "1:1: generation: expected a duration"),
        ("generation: ٣s\n", "1:1: generation: expected a duration"),
        ("generation: 9000000h\n", "1:1: generation: expected a duration"),
        (
            "streams:\n  - path: /x\n    silence: '1h 1'\n  - {path: /y, heartbeat: 1x}\n",
            "4:16: streams[1].heartbeat: expected",
        ),
        (
            "max_tokens: 1" + "0" * 400 + "\n",
            "1:1: max_tokens: at 50 tokens a second, one answer would take more than a year",
        ),
        ("max_tokens: 5\ntokens_per_second: 1e-320\n", "max_tokens: at"),
        ("max_tokens: 5\ntokens_per_second: nan\n", "2:1: tokens_per_second: expected"),
        ("? [a, b]\n: c\n", "a key must be text"),
        ("{a: b}: c\n", "a key must be text"),
        ("streams: " + "[" * 50_000, "is nested deeper than infralint reads"),
        ("streams:\n  - regex: '^/(?:(?:a|aa)+c|a{40})$'\n", "2:5: streams[0].regex: takes too long to match"),
        (
            "streams:\n  - regex: '^/((((a{9}){99}){99}){99})$'\n",
            "is not a regular expression: regular expression is too large",
        ),
        ("streams:\n  - regex: '('\n", "is not a regular expression: missing closing parenthesis"),
    ],
)
def test_settings_say_what_is_wrong_in_time(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"nginx.conf": SITE, "infralint.yaml": text})
    monkeypatch.chdir(tmp_path)
    with at_most(200):
        result = run("check")
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr) < 400


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("tool = 3 # [tool.infralint\n", 1, ""),
        ("[[tool]]\nx = 1 # [tool.infralint\n", 1, ""),
        ("[tool]\ninfralint = 3 # [tool.infralint\n", 2, "expected keys with values, got a whole number"),
        ("[tool.infralint]\ngeneration = inf\n", 2, "2:1: generation: expected a duration such as 90s or 5m, got inf"),
        ("[tool.infralint]\nmax_tokens = " + "9" * 5000 + "\n", 2, "is not TOML"),
        ("[tool.infralint]\nx = " + "[" * 5000 + "\n", 2, "is nested too deep"),
        ("[tool.infralint]\ngeneration = 1979-05-27\n", 2, "2:1: generation: expected"),
    ],
)
def test_a_pyproject_of_another_shape(
    text: str, status: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"nginx.conf": SITE, "pyproject.toml": text})
    monkeypatch.chdir(tmp_path)
    result = run("check")
    assert (result.exit_code, message in result.stderr) == (status, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "it is nested too deep"),
        ("[]", "Expected `object`, got `array`"),
        ("{}", "missing required field `version`"),
        ('{"version": 2, "findings": []}', "is of version 2, which this infralint does not read"),
        ('{"version": 1, "findings": [{"check": 1}]}', "got `int` - at `$.findings[0].check`"),
        ('{"version": 1, "findings": {"a": 1}}', "at `$.findings`"),
        ('{"version": ' + "9" * 5000 + "}", "is not a baseline of infralint"),
        ("\x00", "is not a baseline of infralint"),
    ],
)
def test_a_baseline_of_another_shape_is_named(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"nginx.conf": SITE, ".infralint-baseline.json": text})
    monkeypatch.chdir(tmp_path)
    result = run("check")
    assert result.exit_code == 2
    assert result.stderr.startswith("infralint: .infralint-baseline.json: ")
    assert message in result.stderr


RUST = """use axum::{routing::get, Router, response::sse::Sse};
pub fn router() -> Router { Router::new().route("/chat", get(events)) }
async fn events() -> Sse<S> { Sse::new(stream()).keep_alive(KeepAlive::default()) }
"""
GO = 'package main\n\nfunc main() { http.HandleFunc("/chat", chat) }\n'
LONG_SOURCES = {
    "src/fan.rs": RUST + "async { get(events); fn events() -> Sse<S> { Sse::new(stream())\n" * 1000,
    "src/mounts.rs": RUST
    + "async fn main() { let app = Router::new("
    + "    let app = Router::new(" * 300
    + ").merge(router());\n}",
    "src/deep.rs": RUST + "use a::" + "{b, c::\n" * 3000 + "d;\n",
    "arrows.go": GO + "// text/event-stream http.Flusher\n" + "->\n" * 8000,
    "blank.go": GO + " \n\n" * 10_000 + "\0 text/event-stream http.Flusher\n",
    "chain.py": "import fastapi\nx = (StreamingResponse(a, media_type='text/event-stream')\n"
    + ".a('text/event-stream')\n" * 1500
    + ")\n",
    "calls.py": "from fastapi.responses import StreamingResponse\ndef chat():\n"
    + "    return StreamingResponse(a, headers={'X-Accel-Buffering': 'no'}, b=" * 300,
    "app.py": "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n"
    "sio = socketio.AsyncServer()\nsub = socketio.ASGIApp(sio)\n# text/event-stream\nmount(" + "sub, " * 15_000 + ")\n",
    "many.py": "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n"
    "@app.get('/x')\ndef x():\n" + "    a = StreamingResponse(g()); b = 'text/event-stream'\n" * 1800,
    "marks.py": "from fastapi import FastAPI\napp = FastAPI()\n# text/event-stream\n" + '@app.post("/c)\n' * 5500,
    "routes.go": 'package a\nimport "github.com/gin-gonic/gin"\ntype Chat struct{}\n'
    'func Register(g *gin.RouterGroup) { chat := &Chat{}; g.GET("/stream", chat.Stream) }\n'
    "func (h *Chat) Stream(c *gin.Context) {\n"
    + '  c.Stream(func(w io.Writer)(bool { c.SSEvent("message", "hi"); return true })\n'
    * 100,
    "receiver.go": 'package a\nimport "net/http"\nfunc (s '
    + " \n" * 40_000
    + "*Server) room(w http.ResponseWriter, r *http.Request) {\n"
    + '  w.Header().Set("Content-Type", "text/event-stream")\n}\n'
    + 'func main() { s := &Server{}; http.HandleFunc("/room", s.room) }\n',
    "server.js": 'const app = require("express")()\napp.get("/a", (req, res) => 1)\n'
    + '.post("/c", (req, res) => { res.writeHead(200, { "Content-Type": "text/event-stream" }); })\n' * 900,
    "routes/web.php": "<?php\n"
    + "Route::prefix('talk')->group(function () { Route::get('/x', [ChatController::class, 'events']); })\n" * 900
    + "// response()->eventStream(\n",
    "next.config.js": "module.exports = {\n  async rewrites() "
    + "{" * 60_000
    + 'return [{ source: "/a", destination: "http://b/c" }] }',
    "pages/api/a.ts": "export default (req, res) => {" + "->\n" * 8000 + "res.write('text/event-stream') }\n",
    "a.Dockerfile": "FROM x\n" + "\n" * 60_000 + "EXPOSE 80\n",
}


@pytest.mark.parametrize("name", LONG_SOURCES)
def test_long_code_is_judged_in_time(name: str, lint: Lint) -> None:
    others = {
        "package.json": '{"dependencies": {"next": "15.0.0"}}',
        "Cargo.toml": '[package]\nname = "a"\n',
        "go.mod": "module a\n",
        "composer.json": '{"require": {"laravel/framework": "^12"}}',
        "ChatController.php": "<?php\nclass ChatController {\n"
        "  public function events() { return response()->eventStream(function () { yield 'a'; }); }\n}\n",
    }
    before, start = yardstick(), sum(os.times()[:4])
    report = lint({name: LONG_SOURCES[name], "rest/nginx.conf": SITE.replace("/api/chat", "/chat"), **others})
    taken = sum(os.times()[:4]) - start
    assert taken < parse_trial.SECONDS + 180 * max(before, yardstick()), (
        f"took {taken:.2f} s of the processor, with its trials"
    )
    assert report["status"] < 2
    assert problems(report, "buffered-stream")


@pytest.mark.parametrize("option", ["--config", "--baseline", "--checks"])
@pytest.mark.parametrize("value", ["", "x" * 3000, "/dev/null/x"])
def test_options_that_name_no_file_are_one_sentence(
    option: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"nginx.conf": SITE})
    monkeypatch.chdir(tmp_path)
    result = run("check", f"{option}={value}")
    assert result.exit_code == 2
    assert result.stderr.startswith(("infralint: ", "Usage: "))
    assert len(result.stderr) < 4000


@pytest.mark.parametrize("command", [("check", "--checks="), ("test-checks", "")])
def test_a_folder_of_checks_without_a_name_runs_nothing(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"nginx.conf": SITE, "main.py": "open('run', 'w')\n"})
    monkeypatch.chdir(tmp_path)
    result = run(*command)
    assert (result.exit_code, "an empty name is no folder" in result.stderr) == (2, True)
    assert not (tmp_path / "run").exists()


def test_a_path_that_no_file_can_have_is_none() -> None:
    result = run("check", "x" * 3000)
    assert result.exit_code == 2
    assert "no such file or folder" in result.stderr


def test_a_file_that_nginx_refuses_is_not_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locations = "location /sse { proxy_pass http://a; }\n" * 300
    write(tmp_path, {"nginx.conf": "events {}\nhttp { server { listen 80;\n" + locations + "} }\n"})
    monkeypatch.chdir(tmp_path)
    with at_most(200):
        result = run("check", "--diff")
    assert "can't be read as it stands" in result.stderr


def test_a_number_of_json_has_plain_digits(lint: Lint) -> None:
    report = lint({"vercel.json": '{"functions": {"a": {"maxDuration": 1\u0663}}}', "nginx.conf": SITE})
    [unreadable] = report["unreadable"]
    assert unreadable["message"].startswith("is not JSON: expected")
    assert problems(report, "buffered-stream")


def test_code_in_a_folder_whose_name_is_no_text_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"Cargo.toml": '[package]\nname = "a"\n', "nginx.conf": SITE})
    folder = os.fsencode(tmp_path) + b"/sr\xf6"
    os.mkdir(folder)
    with open(folder + b"/main.rs", "w") as file:
        file.write(RUST.replace("/chat", "/events"))
    result = run("check")
    assert "a fault of infralint" not in result.output
    assert "1 application file" in result.output


def test_a_mapped_folder_whose_name_is_too_long_is_not_there(lint: Lint) -> None:
    report = lint(
        {"infralint.yaml": "nginx:\n  include_paths: {/etc/nginx: " + "s(" * 2000 + "}\n", "nginx.conf": SITE}
    )
    assert "which is not in the project" in report["unreadable"][0]["message"]


MAPPED = "server { location /maps { proxy_pass http://$c1499; proxy_set_header Upgrade $c1200; } }\n"


@pytest.mark.parametrize(
    "files",
    [
        {"main.tf": 'resource "aws_lb" "a" {' + "/**/" * 5000 + "}\nlocals {" + "/* a */" * 5000 + "}\n"},
        {
            "cm.yaml": "kind: ConfigMap\nmetadata:\n"
            + "        \n" * 5000
            + "data:\n  a.conf: |\n"
            + SITE.replace("\n", "\n    ")
        },
        {
            "cm.yaml": "---\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a.conf: |\n"
            "    server { location / { proxy_pass http://a; } }\n" * 700
        },
        {
            "cm.yaml": "data:\n  a.conf: |\n"
            + "    # {{ .Values.x }}\n    server { location /sse { proxy_pass http://a; } }\n" * 1000
        },
        {
            "package.json": '{"dependencies": {"next": "15", "ai": "5"}}',
            "vercel.json": "{}",
            "app/page.tsx": 'import { Chat } from "../chat";\nexport default () => <Chat />;\n',
            "chat.tsx": '"use client";\nimport' + "\n " * 20_000 + '{ useChat } from "@ai-sdk/react";\n',
        },
        {"a.conf": "# infralint: ignore[buffered-stream] because it is so\n" + "{{" * 40_000 + "\n"},
        {
            "maps.conf": "".join(f"map $c{number} $c{number + 1} {{ default $c{number}; }}\n" for number in range(1500))
            + MAPPED
        },
        {
            "maps.conf": "".join(f"map $c{number} $c{number + 1} {{ ~(.*) $c{number}; }}\n" for number in range(1500))
            + MAPPED
        },
        {
            "compose.yaml": "services:\n  proxy: {image: 'traefik:v3.1', ports: ['80:80']}\n  api:\n    image: api\n"
            f"    labels:\n      - traefik.http.routers.api.rule=Host({'a' * 45_000} {' ' * 45_000}\n"
        },
    ],
    ids=[
        "comments in a block",
        "blank lines",
        "documents",
        "servers",
        "blanks behind import",
        "braces",
        "maps",
        "expressions",
        "a rule of Traefik",
    ],
)
def test_what_repeats_is_judged_in_time(files: dict[str, str], lint: Lint) -> None:
    with at_most(500):
        report = lint({**files, "rest/nginx.conf": SITE})
    assert problems(report, "buffered-stream")


@pytest.mark.parametrize(
    "actions", ["forward", "[forward]", "[{Type: forward, ForwardConfig: x}]", "[{Type: redirect, RedirectConfig: 3}]"]
)
def test_a_listener_of_another_shape_is_no_fault(actions: str, lint: Lint) -> None:
    template = (
        "Resources:\n  LB: {Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: {}}\n"
        "  L:\n    Type: AWS::ElasticLoadBalancingV2::Listener\n"
        f"    Properties: {{LoadBalancerArn: !Ref LB, Port: 80, Protocol: HTTP, DefaultActions: {actions}}}\n"
    )
    report = lint({"template.yaml": template, "nginx.conf": SITE})
    assert report["unreadable"] == []
    assert problems(report, "buffered-stream")


def test_a_template_that_is_no_text_is_unreadable(lint: Lint) -> None:
    template = "Resources:\n  LB:\n    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n\0"
    report = lint({"template.yaml": template, "nginx.conf": SITE})
    assert [entry["message"] for entry in report["unreadable"]] == ["is binary, not text"]
    assert problems(report, "buffered-stream")


def test_blocks_of_a_template_that_never_end_are_judged_in_time(lint: Lint) -> None:
    with at_most(500):
        report = lint({"nginx.conf": "{% if a %}\n" * 6000 + SITE})
    assert problems(report, "buffered-stream")
