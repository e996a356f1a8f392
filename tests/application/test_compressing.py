"""Middleware that compresses: which routes it holds, and which it does not see, or leaves alone."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

EXPRESS = '{"dependencies": {"express": "5", "compression": "1"}}'
KOA = '{"dependencies": {"koa": "3", "koa-compress": "5", "@koa/router": "13"}}'
NEST = '{"dependencies": {"@nestjs/core": "11", "compression": "1"}}'
SSE = 'res.setHeader("Content-Type", "text/event-stream");'
STREAM = f"(req, res) => {{ {SSE} res.write(event); }}"

HELD = [
    ("below a mounted router", "app.use(compression()); app.use('/api', require('./chat'));"),
    ("with options", "app.use(compression({ threshold: 0 })); app.use(require('./chat'));"),
    ("held in a variable", "const squeeze = compression(); app.use(squeeze); app.use('/x', require('./chat'));"),
    ("in a list", "app.use([cors(), compression()]); app.use('/x', require('./chat'));"),
    ("for all paths", "app.use('/', compression()); app.use('/x', require('./chat'));"),
    ("for its path", "app.use('/x', compression()); app.use('/x', require('./chat'));"),
    ("in production", "if (process.env.NODE_ENV === 'production') app.use(compression()); app.use(require('./chat'));"),
    (
        "with the filter of its manual",
        "function asks(req, res) { if (req.headers['x-no-compression']) return false; return compression.filter(req, res); }"
        " app.use(compression({ filter: asks })); app.use('/api', require('./chat'));",
    ),
    (
        "with that filter written in place",
        "app.use(compression({ filter: (req, res) => !req.headers['x-no-compression'] && compression.filter(req, res) }));"
        " app.use('/api', require('./chat'));",
    ),
    ("behind middleware that is no router", "app.use(cors()); app.use(compression()); app.use(require('./chat'));"),
]
SEEN_BY_NOBODY = [
    ("mounted before", "app.use('/api', require('./chat')); app.use(compression());"),
    ("mounted before, without a path", "app.use(require('./chat')); app.use(compression()); app.use('/b', other);"),
    ("for another path", "app.use('/static', compression()); app.use('/api', require('./chat'));"),
    (
        "on another router",
        "const pages = express.Router(); pages.use(compression()); app.use('/api', require('./chat'));",
    ),
    ("filtered", "app.use(compression({ filter: spares })); app.use('/api', require('./chat'));"),
    (
        "filtered by path",
        "app.use(compression({ filter: (req, res) => !req.path.endsWith('/chat') && compression.filter(req, res) }));"
        " app.use('/api', require('./chat'));",
    ),
    (
        "filtered by type",
        "const spare = (req, res) => res.getHeader('Content-Type') !== 'text/event-stream' && compression.filter(req, res);"
        " app.use(compression({ filter: spare })); app.use('/api', require('./chat'));",
    ),
    ("not put to use", "const c = compression(); app.use('/api', require('./chat'));"),
]
HEAD = 'const express = require("express");\nconst compression = require("compression");\nconst app = express();\n'


def express(server: str, handler: str = STREAM) -> dict[str, str | bytes]:
    router = (
        f'const router = require("express").Router();\nrouter.post("/chat", {handler});\nmodule.exports = router;\n'
    )
    return {"package.json": EXPRESS, "server.js": f"{HEAD}{server}\napp.listen(3000);\n", "chat.js": router}


@pytest.mark.parametrize("server", [pytest.param(text, id=name) for name, text in HELD])
def test_express_holds_what_comes_after_its_compression(server: str, lint: Lint) -> None:
    report = lint(express(server))
    assert problems(report, "compressed-stream") == ["chat.js:2 warning compressed-stream"]
    [finding] = report["findings"]
    assert [related["location"]["line"] for related in finding["related"]] == [4]


@pytest.mark.parametrize("server", [pytest.param(text, id=name) for name, text in SEEN_BY_NOBODY])
def test_express_does_not_hold_what_its_compression_does_not_see(server: str, lint: Lint) -> None:
    assert problems(lint(express(server)), "compressed-stream") == []


@pytest.mark.parametrize(
    "handler",
    [
        f'(req, res) => {{ {SSE} res.setHeader("Cache-Control", "no-cache, no-transform"); }}',
        f"(req, res) => {{ {SSE} res.write(event); res.flush(); }}",
        f"(req, res) => {{ {SSE} res.write(event); res.flush?.(); }}",
        f"(req, res) => {{ {SSE} res.write(event); (res as any).flush(); }}".replace(" as any", ""),
        f'(req, res) => {{ {SSE} res.setHeader("Content-Encoding", "none"); }}',
        f'(req, res) => {{ {SSE} if (quick) res.setHeader("Cache-Control", "no-transform"); }}',
        '(req, res) => { res.setHeader("Content-Type", "application/x-ndjson"); res.write(event); }',
    ],
)
def test_express_leaves_alone_what_asks_for_it(handler: str, lint: Lint) -> None:
    report = lint(express("app.use(compression()); app.use('/api', require('./chat'));", handler))
    assert problems(report, "compressed-stream") == []


def test_the_headers_alone_are_no_pieces(lint: Lint) -> None:
    handler = f"(req, res) => {{ {SSE} res.flushHeaders(); res.write(event); }}"
    report = lint(express("app.use(compression()); app.use('/api', require('./chat'));", handler))
    assert problems(report, "compressed-stream") == ["chat.js:2 warning compressed-stream"]


def test_a_condition_that_nobody_can_tell_is_a_note(lint: Lint) -> None:
    report = lint(express("if (config.squeeze) app.use(compression()); app.use('/api', require('./chat'));"))
    assert problems(report, "compressed-stream") == ["chat.js:2 note compressed-stream"]


def test_a_helper_that_is_imported_may_flush(lint: Lint) -> None:
    files = express("app.use(compression()); app.use('/api', require('./chat'));")
    files["chat.js"] = (
        'const { send } = require("./send");\nconst router = require("express").Router();\n'
        f'router.post("/chat", (req, res) => {{ {SSE} send(res, "a"); }});\nmodule.exports = router;\n'
    )
    files["send.js"] = "exports.send = (res, text) => {\n  res.write(text);\n  res.flush();\n};\n"
    assert problems(lint(files), "compressed-stream") == []


def test_nest_holds_raw_answers_and_not_its_own_events(lint: Lint) -> None:
    controller = (
        'import { Controller, Get, Res, Sse } from "@nestjs/common";\n'
        '@Controller("chat")\nexport class ChatController {\n'
        '  @Sse("events")\n  events() { return this.chat.events(); }\n'
        f'  @Get("raw")\n  raw(@Res() res: Response) {{ {SSE} }}\n}}\n'
    )
    main = (
        'import { NestFactory } from "@nestjs/core";\nimport compression from "compression";\n'
        "const app = await NestFactory.create(AppModule);\napp.use(compression());\nawait app.listen(3000);\n"
    )
    report = lint({"package.json": NEST, "src/main.ts": main, "src/chat.controller.ts": controller})
    assert problems(report, "compressed-stream") == ["src/chat.controller.ts:7 warning compressed-stream"]


@pytest.mark.parametrize(
    ("handler", "is_held"),
    [
        ("ctx.body = events();", True),
        ("ctx.compress = false; ctx.body = events();", False),
        ('ctx.set("Cache-Control", "no-transform"); ctx.body = events();', False),
        ("ctx.respond = false; ctx.res.write(event);", False),
    ],
)
def test_koa_holds_the_streams_that_it_is_given(handler: str, is_held: bool, lint: Lint) -> None:
    app = (
        'const Koa = require("koa");\nconst Router = require("@koa/router");\nconst app = new Koa();\n'
        'app.use(require("koa-compress")());\nconst router = new Router();\n'
        f'router.get("/events", async (ctx) => {{ ctx.set("Content-Type", "text/event-stream"); {handler} }});\n'
        "app.use(router.routes());\n"
    )
    report = lint({"package.json": KOA, "app.js": app})
    assert problems(report, "compressed-stream") == (["app.js:6 warning compressed-stream"] if is_held else [])


def test_koa_holds_what_an_application_without_a_router_streams(lint: Lint) -> None:
    app = (
        'const Koa = require("koa");\nconst app = new Koa();\napp.use(require("koa-compress")());\n'
        'app.use(async (ctx) => { ctx.set("Content-Type", "text/event-stream"); ctx.body = events(); });\n'
    )
    report = lint({"package.json": KOA, "app.js": app})
    assert problems(report, "compressed-stream") == ["app.js:4 warning compressed-stream"]


FASTAPI = """\
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import StreamingResponse

app = FastAPI()
app.add_middleware(GZipMiddleware{options})


@app.get("/answers")
async def answers():
    return StreamingResponse(words(), media_type="{type}"{headers})
"""


@pytest.mark.parametrize(
    ("requirements", "content_type", "severity"),
    [
        ("fastapi==0.110.0", "text/event-stream", "warning"),
        ("fastapi>=0.100,<0.115", "text/event-stream", "warning"),
        ("starlette==0.45.3\nfastapi", "text/event-stream", "warning"),
        ("fastapi==0.115.12", "text/event-stream", ""),
        ("fastapi", "text/event-stream", ""),
        ("fastapi\nstarlette==0.47.1", "text/event-stream", ""),
        ("fastapi\nstarlette==0.47.1", "text/plain", "warning"),
        ("fastapi", "text/plain", "note"),
        ("fastapi\nstarlette>=1.5", "text/plain", ""),
    ],
)
def test_starlette_holds_by_its_version_and_the_type(
    requirements: str, content_type: str, severity: str, lint: Lint
) -> None:
    main = FASTAPI.format(options="", type=content_type, headers="")
    report = lint({"requirements.txt": requirements, "main.py": main})
    wanted = [f"main.py:11 {severity} compressed-stream"] if severity else []
    assert problems(report, "compressed-stream") == wanted


def test_a_lock_file_says_the_version(lint: Lint) -> None:
    files: dict[str, str | bytes] = {
        "pyproject.toml": '[project]\nname = "a"\ndependencies = ["fastapi>=0.100"]\n',
        "uv.lock": '[[package]]\nname = "starlette"\nversion = "0.41.3"\nsource = {}\n',
        "main.py": FASTAPI.format(options="", type="text/event-stream", headers=""),
    }
    assert problems(lint(files), "compressed-stream") == ["main.py:11 warning compressed-stream"]
    files["uv.lock"] = '[[package]]\nname = "starlette"\nversion = "0.48.0"\nsource = {}\n'
    assert problems(lint(files), "compressed-stream") == []


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ("", ', headers={"Content-Encoding": "identity"}'),
        (', exclude_content_types=("text/event-stream",)', ""),
    ],
)
def test_starlette_leaves_alone_what_it_is_told_to(options: str, headers: str, lint: Lint) -> None:
    main = FASTAPI.format(options=options, type="text/event-stream", headers=headers)
    assert problems(lint({"requirements.txt": "fastapi==0.110.0", "main.py": main}), "compressed-stream") == []


DJANGO = {
    "site/settings.py": 'ROOT_URLCONF = "site.urls"\nMIDDLEWARE = ["django.middleware.gzip.GZipMiddleware"]\n',
    "site/urls.py": 'from django.urls import path\nfrom talk.views import live\nurlpatterns = [path("live", live)]\n',
}


@pytest.mark.parametrize(
    ("requirements", "generator", "severity"),
    [
        ("django==5.2.1", "def", "warning"),
        ("django~=6.0.2", "def", "warning"),
        ("django", "def", "note"),
        ("django>=6.1", "def", ""),
        ("django==5.2.1", "async def", ""),
    ],
)
def test_django_holds_what_an_ordinary_generator_yields(
    requirements: str, generator: str, severity: str, lint: Lint
) -> None:
    views = (
        f"from django.http import StreamingHttpResponse\n{generator} lines():\n    yield event\n"
        "def live(request):\n    return StreamingHttpResponse(lines(), content_type='text/event-stream')\n"
    )
    report = lint({**DJANGO, "requirements.txt": requirements, "talk/views.py": views})
    wanted = [f"talk/views.py:5 {severity} compressed-stream"] if severity else []
    assert problems(report, "compressed-stream") == wanted


@pytest.mark.parametrize(
    ("pieces", "severity"),
    [
        ("requests.get(URL, stream=True).iter_content(chunk_size=None)", "warning"),
        ("answer.iter_lines()", "warning"),
        ("(line for line in source())", "warning"),
        ("answer.aiter_lines()", "note"),
        ("source()", "note"),
    ],
)
def test_django_holds_the_pieces_of_what_is_read_piece_by_piece(pieces: str, severity: str, lint: Lint) -> None:
    views = (
        "from django.http import StreamingHttpResponse\n\n\n"
        f"def live(request):\n    return StreamingHttpResponse({pieces}, content_type='text/event-stream')\n"
    )
    report = lint({**DJANGO, "requirements.txt": "django==5.2.1", "talk/views.py": views})
    assert problems(report, "compressed-stream") == [f"talk/views.py:5 {severity} compressed-stream"]


@pytest.mark.parametrize(
    ("configuration", "content_type", "is_held"),
    [
        ("", "text/event-stream", False),
        ("", "text/plain", True),
        ('app.config["COMPRESS_MIMETYPES"] = ["text/html", "text/event-stream"]', "text/event-stream", True),
        ('app.config["COMPRESS_MIMETYPES"] = ["text/html"]', "text/plain", False),
        ('app.config["COMPRESS_STREAMS"] = False', "text/plain", False),
    ],
)
def test_flask_compress_holds_the_types_that_it_lists(
    configuration: str, content_type: str, is_held: bool, lint: Lint
) -> None:
    app = (
        "from flask import Flask, Response\nfrom flask_compress import Compress\napp = Flask(__name__)\n"
        f"{configuration}\nCompress(app)\ndef words():\n    yield word\n"
        f'@app.get("/chat")\ndef chat():\n    return Response(words(), mimetype="{content_type}")\n'
    )
    report = lint({"requirements.txt": "flask\nflask-compress\n", "app.py": app})
    assert problems(report, "compressed-stream") == (["app.py:10 warning compressed-stream"] if is_held else [])


AXUM = """\
use axum::{response::sse::Sse, routing::get, Router};
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
async fn events() -> Sse<S> {
    Sse::new(ticks())
}
#[tokio::main]
async fn main() {
    let app = APP;
    axum::serve(listener, app).await.unwrap();
}
"""
ROUTED = 'Router::new().route("/events", get(events))'
LAYER = ".layer(CompressionLayer::new())"


@pytest.mark.parametrize(
    ("app", "severity"),
    [
        (f"{ROUTED}{LAYER}", "warning"),
        (f'{ROUTED}.route("/", get(home)).layer(ServiceBuilder::new().layer(trace()){LAYER})', "warning"),
        (f'Router::new().route("/", get(home)){LAYER}.route("/events", get(events))', ""),
        (f"Router::new().merge({ROUTED}){LAYER}", "note"),
        (f"{ROUTED}.layer(CompressionLayer::new().compress_when(NotForContentType::SSE))", ""),
        (f"{ROUTED}.layer(CompressionLayer::new().compress_when(when()))", "note"),
    ],
)
def test_tower_http_holds_the_events_of_the_routes_below_it(app: str, severity: str, lint: Lint) -> None:
    """https://github.com/tower-rs/tower-http/issues/419"""
    cargo = (
        '[package]\nname = "n"\n[dependencies]\naxum = "0.6"\ntower-http = { version = "0.4.3", features = ["full"] }\n'
    )
    report = lint({"Cargo.toml": cargo, "src/main.rs": AXUM.replace("APP", app)})
    found = [finding["severity"] for finding in report["findings"] if finding["check"] == "compressed-stream"]
    assert found == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("asked", "lock", "is_held"),
    [
        ("0.5.1", "", False),
        ("0.5", "0.5.1", True),
        ("0.4", "", True),
        ("0.6", "", False),
        ("=0.5.1", "", True),
        ("0.6", "0.5.1 0.6.2", False),
        ("0.5", "0.5.1 0.6.2", True),
        ("*", "0.5.1 0.6.2", False),
        ("*", "0.4.4 0.5.1", True),
    ],
)
def test_what_cargo_resolves_says_which_tower_http(asked: str, lock: str, is_held: bool, lint: Lint) -> None:
    files: dict[str, str | bytes] = {
        "Cargo.toml": f'[package]\nname = "n"\n[dependencies]\naxum = "0.7"\ntower-http = "{asked}"\n',
        "src/main.rs": AXUM.replace("APP", f"{ROUTED}{LAYER}"),
    }
    if lock:
        pins = (f'[[package]]\nname = "tower-http"\nversion = "{version}"\n' for version in lock.split())
        files["Cargo.lock"] = "\n".join(pins)
    assert bool(problems(lint(files), "compressed-stream")) is is_held
