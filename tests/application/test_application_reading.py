"""Which applications there are, what of them was read, who serves them, and what their browsers open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infralint.platforms.libraries import LIBRARIES
from infralint.sources.application import Application, applications
from infralint.sources.application.languages import LANGUAGES, NOT_IN
from infralint.sources.application.products import PRODUCTS, image_name, products_of_image
from infralint.sources.application.rulebook import all_rules

FASTAPI = (
    "from fastapi import FastAPI\n"
    "from fastapi.responses import StreamingResponse\n"
    "app = FastAPI()\n"
    '@app.get("/events")\n'
    "def events():\n"
    '    return StreamingResponse(words(), media_type="text/event-stream")\n'
)


def read(files: dict[str, str]) -> dict[str, Application]:
    found = applications(sorted(files), lambda path: files[path].encode(), lambda path: f"shown/{path}")
    return {application.folder: application for application in found}


def test_an_application_is_the_nearest_folder_with_a_manifest_and_places_are_shown() -> None:
    found = read(
        {
            "backend/requirements.txt": "fastapi\n",
            "backend/src/main.py": FASTAPI,
            "web/package.json": '{"name": "page"}',
            "web/src/page.js": 'new EventSource("/events");',
            "tool.py": "print(1)\n",
        }
    )
    assert list(found) == ["", "backend", "web"]
    [route] = found["backend"].routes
    assert str(route.where) == "shown/backend/src/main.py:6"
    assert route.because == "shown/backend/src/main.py:6 returns StreamingResponse(…)"
    assert found["web"].name == "page"
    assert found[""].routes == ()


@pytest.mark.parametrize(
    "path",
    [
        "tests/app.py",
        "node_modules/a/app.py",
        "examples/chat/app.py",
        "vendor/app.py",
        "src/__tests__/app.py",
        "docs/app.py",
        "build/app.py",
        "test_app.py",
    ],
)
def test_what_is_not_deployed_is_left_out(path: str) -> None:
    found = read({"requirements.txt": "fastapi\n", "main.py": "print(1)\n", path: FASTAPI})
    assert [application.routes for application in found.values()] == [()]
    assert found[""].read == "whole"


def test_what_is_not_read_is_named() -> None:
    found = read(
        {
            "a/Dockerfile": "FROM scratch\n",
            "a/main.cpp": "int main() {}\n",
            "b/requirements.txt": "cherrypy\n",
            "b/main.py": "from cherrypy import quickstart\n",
            "c/requirements.txt": "cherrypy\n",
            "c/main.py": "print(1)\n",
            "d/package.json": '{"dependencies": {"express": "5"}}',
            "d/lonely.js": 'export const events = (req, res) => res.setHeader("Content-Type", "text/event-stream");',
        }
    )
    assert (found["a"].read, [*map(str, found["a"].reasons)]) == ("not", ["shown/a: code in C++ is not read (1 file)"])
    assert (found["b"].read, [*map(str, found["b"].reasons)]) == (
        "partly",
        ["shown/b: code that uses CherryPy is not read"],
    )

    assert found["c"].read == "whole", "a dependency that no code names says nothing"
    [reason] = found["d"].reasons
    assert (
        str(reason) == "shown/d/lonely.js:1: answers with text/event-stream; the route that this answers was not found"
    )


def test_a_framework_of_another_kind_of_manifest_is_named() -> None:
    crate = {"Cargo.toml": '[dependencies]\nrama = "0.2"\n', "src/main.rs": "use rama::http::Response;\nfn main() {}\n"}
    [application] = read(crate).values()
    assert (application.read, [*map(str, application.reasons)]) == (
        "partly",
        ["shown: code that uses Rama is not read"],
    )


def test_a_file_that_cannot_be_read_makes_it_partly_read() -> None:
    def text(path: str) -> bytes:
        if path == "lost.py":
            raise OSError("no permission")
        return b"print(1)\n"

    [found] = applications(["lost.py", "main.py"], text)
    assert (found.read, [*map(str, found.reasons)]) == ("partly", ["lost.py: can't be read: no permission"])


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ("def broken(:\n  StreamingResponse(\n", "broken.py"),
        ("\x00\xff StreamingResponse", "odd.py"),
        ("app.get('/x', (req, res) => { res.write(", "cut.js"),
        ("a" * 30_000 + "EventSource", "bundle.js"),
        ("StreamingResponse(" * 3000, "deep.py"),
        ("", "empty.py"),
    ],
)
def test_broken_files_break_nothing(content: str, path: str) -> None:
    found = read({"requirements.txt": "fastapi\n", path: content, "main.py": FASTAPI})
    assert [route.path for route in found[""].routes] == ["/events"]


def test_circles_of_imports_and_mounts_end() -> None:
    found = read(
        {
            "requirements.txt": "fastapi\n",
            "a.py": "from b import router as other\n"
            + FASTAPI.replace("FastAPI()", "APIRouter()").replace("app", "router")
            + "from fastapi import APIRouter\nrouter.include_router(other, prefix='/b')\n",
            "b.py": "from a import router as first\nfrom fastapi import APIRouter\nrouter = APIRouter()\n"
            "router.include_router(first, prefix='/a')\n",
        }
    )
    [route] = found[""].routes
    assert route.path_known == "tail"
    assert route.path.endswith("/events")


def test_how_it_is_started_says_ports_and_what_the_server_does() -> None:
    found = read(
        {
            "requirements.txt": "flask\ngunicorn\n",
            "app.py": "from flask import Flask\napp = Flask(__name__)\n",
            "Dockerfile": "FROM python\nEXPOSE 9000\n"
            'CMD ["gunicorn", "-w", "4", "--timeout", "45", "-b", "0.0.0.0:9000", "app:app"]\n',
        }
    )[""]
    assert found.ports == (9000,)
    facts = {fact.name: fact.value for fact in found.servers}
    assert facts == {"command": "gunicorn", "workers": 4.0, "timeout": 45.0, "worker_class": "sync"}
    assert {str(fact.where) for fact in found.servers} == {"shown/Dockerfile:3"}


def test_settings_of_node_and_of_uvicorn() -> None:
    found = read(
        {
            "a/package.json": '{"dependencies": {"express": "5"}}',
            "a/server.js": "server.keepAliveTimeout = 65 * 1000;\nserver.listen(process.env.PORT || 4000);\n",
            "b/requirements.txt": "fastapi\nuvicorn\n",
            "b/main.py": 'from fastapi import FastAPI\napp = FastAPI()\n@app.websocket("/ws")\nasync def ws(socket): ...\n',
            "b/Procfile": "web: uvicorn main:app --port 8001 --ws-ping-interval 40 --timeout-keep-alive 75\n",
        }
    )
    facts = {fact.name: fact.value for fact in found["a"].servers}
    assert facts == {"keepAliveTimeout": 65.0}
    assert found["a"].ports == (4000,)
    assert found["b"].ports == (8001,)
    assert {fact.name: fact.value for fact in found["b"].servers}["timeout_keep_alive"] == 75.0
    assert [route.heartbeat for route in found["b"].routes] == [40.0]


@pytest.mark.parametrize(
    ("code", "path", "host"),
    [
        ('new EventSource("/api/events?x=1")', "/api/events", None),
        ("new EventSource(`/api/rooms/${room}/events`)", "/api/rooms/*/events", None),
        ('new WebSocket("wss://live.example.org/ws")', "/ws", "live.example.org"),
        ("new WebSocket(`${scheme}://${window.location.host}/ws`)", "/ws", None),
        ("new WebSocket(`ws://${location.hostname}:8000/ws`)", "/ws", None),
        ('new WebSocket(API + "/ws")', "**/ws", None),
        ("new WebSocket(address)", None, None),
        ('import { useChat } from "@ai-sdk/react"; useChat({ api: "/api/talk" })', "/api/talk", None),
        ('import { useChat } from "@ai-sdk/react"; useChat()', "/api/chat", None),
        ('import { io } from "socket.io-client"; io()', "/socket.io/", None),
        ('import { createConsumer } from "@rails/actioncable"; createConsumer()', "/cable", None),
        ('new HubConnectionBuilder().withUrl("/hubs/chat").build()', "/hubs/chat", None),
        ('async function ask() { const a = await fetch("/api/ask"); const r = a.body.getReader(); }', "/api/ask", None),
    ],
)
def test_what_a_browser_opens(code: str, path: str | None, host: str | None) -> None:
    [call] = read({"package.json": "{}", "src/page.ts": code})[""].clients
    assert (call.path, call.host) == (path, host)


def test_a_request_that_is_read_at_once_opens_no_stream() -> None:
    assert (
        read({"package.json": "{}", "src/page.ts": 'const a = await (await fetch("/api/ask")).json();'})[""].clients
        == ()
    )


def test_components_of_vue_and_svelte_are_read_where_they_lie() -> None:
    page = (
        '<template>\n<p>hello</p>\n</template>\n<script setup>\nconst events = new EventSource("/live");\n</script>\n'
    )
    [call] = read({"package.json": "{}", "src/Page.vue": page})[""].clients
    assert (call.path, call.where.line) == ("/live", 5)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_each_grammar_knows_the_kinds_that_are_asked_of_it(language: object) -> None:
    from ast_grep_py import SgRoot

    for grammar in set(language.endings.values()):  # type: ignore[attr-defined]
        words = (language.calls, language.members, language.assignments, language.pairs, language.functions)  # type: ignore[attr-defined]
        for kind in {
            *(kind for group in words for kind in group),
            *language.classes,
            *language.strings,
            *language.identifiers,
        }:  # type: ignore[attr-defined]
            if kind not in NOT_IN.get(grammar, ()):
                SgRoot("", grammar).root().find_all({"rule": {"kind": kind}})


def test_libraries_and_products_name_their_pages() -> None:
    assert all(library.page.startswith("https://") for library in LIBRARIES.values())
    assert all(product.page.startswith("https://") and product.streams for product in PRODUCTS)
    used = {
        shape.library
        for rules in all_rules()
        for shape in (*rules.streams, *rules.sockets, *rules.routes, *rules.marks)
    }
    assert used - {""} <= set(LIBRARIES)


def test_products_by_image() -> None:
    assert image_name("ghcr.io/open-webui/open-webui:main@sha256:1") == "open-webui/open-webui"
    assert [product.name for product in products_of_image("ollama/ollama:latest")] == ["Ollama"]
    assert [product.name for product in products_of_image("registry.local:5000/vllm/vllm-openai:v0.9")] == ["vLLM"]
    assert list(products_of_image("nginx:1.27")) == []
    assert [product.name for product in products_of_image("lscr.io/linuxserver/sonarr:latest")] == ["Sonarr"]


def test_no_rule_stands_without_the_package_data() -> None:
    folder = Path(__file__).parents[2] / "infralint/sources/application/rules"
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert re.search(r'"infralint\.sources\.application\.rules" = \["\*\.yaml"\]', text)
    assert len(list(folder.glob("*.yaml"))) == len(all_rules())


def test_a_server_that_an_image_only_installs_is_not_the_one_that_runs() -> None:
    docker = 'FROM python:3.13\nRUN apt-get update && pip install "gunicorn==22.0.0"\nCMD ["python", "manage.py", "runserver"]\n'
    files = {"requirements.txt": "django\n", "Dockerfile": docker, "manage.py": "import django\n"}
    [found] = applications(files, lambda path: files[path].encode())
    assert found.servers == ()


def test_ports_of_other_programs_that_scripts_start_are_not_its_own() -> None:
    script = "docker run -d -p 5432:5432 postgres\npsql -h localhost -p 5433\nuvicorn main:app --port 8001\n"
    found = read({"requirements.txt": "fastapi\n", "main.py": "import fastapi\n", "start.sh": script})[""]
    assert found.ports == (8001,)


@pytest.mark.parametrize(
    ("line", "ports"),
    [
        ("const search = connect({ host, port: process.env.SEARCH_PORT || 9200 });", (4000,)),
        ("const cache = createClient({ port: config.port ?? 6379 });", (4000,)),
        ("const port = process.env.SERVER_PORT || 4001;", (4001, 4000)),
        ("const port = Number(process.env.PORT ?? 4001);", (4001, 4000)),
    ],
)
def test_ports_that_a_client_asks_are_not_its_own(line: str, ports: tuple[int, ...]) -> None:
    code = f"{line}\napp.listen(4000);\n"
    found = read({"package.json": '{"dependencies": {"express": "5"}}', "server.js": code})[""]
    assert set(found.ports) == set(ports)


STREAM = """\
import asyncio
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from events import consume
app = FastAPI()
@app.get("/events")
async def events():
    return StreamingResponse(consume(), media_type="text/event-stream")
"""


@pytest.mark.parametrize(
    ("line", "heartbeat"),
    [
        ('yield ": heartbeat\\n\\n"', 30),
        ('yield sse("ping", {})', 30),
        ("yield {'event': 'keep-alive', 'data': ''}", 30),
        ("""yield f"data: {json.dumps({'type': 'heartbeat'})}\\n\\n\"""", 30),
        ('await asyncio.sleep(20); yield ": ping\\n\\n"', 20),
        ('await asyncio.sleep(20); yield ": \\n\\n"', 20),
        ('await asyncio.sleep(0.1); yield sse("heartbeat", {})', 30),
        ('yield ": connected\\n\\n"', None),
        ('yield "data: shipping\\n\\n"', None),
        ('yield sse("token", {})', None),
    ],
)
def test_pings_of_a_generator_in_another_file(line: str, heartbeat: float | None) -> None:
    generator = f"import asyncio, json\nasync def consume():\n    while True:\n        {line}\n"
    [route] = read({"requirements.txt": "fastapi\n", "main.py": STREAM, "events.py": generator})[""].routes
    assert route.heartbeat == heartbeat


EXPRESS = "const app = require('express')();\napp.get('/s', (req, res) => { res.setHeader('Content-Type', 'text/event-stream') });\n"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("b.jsx", "export const Hello = () => <p>&#128075;</p>\n"),
        ("b.tsx", "export const Hello = () => <p>&#128075; <b>&#8592;</b></p>\n"),
        ("b.ts", "const f = (items: import('@/types').Item[] | undefined) => items\n"),
        ("b.ts", 'const all = new Map<string, Array<import("./types").Item[]>>()\n'),
    ],
)
def test_what_only_the_grammar_takes_for_an_error_is_none(path: str, code: str) -> None:
    package = '{"dependencies": {"express": "4"}}'
    found = read({"package.json": package, path: EXPRESS + code})[""]
    assert found.read == "whole", found.reasons
    assert [route.path for route in found.routes] == ["/s"]


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("b.py", FASTAPI + "\ndef broken(:\n  return (((\n", "can't be parsed"),
        ("b.js", EXPRESS + "app.get('/t', (req, res) => { res.write(1 2) })\n", "shown/b.js:3: can't be parsed"),
        ("b.py", FASTAPI + f"DATA = '{'x' * 20_001}'\n", "or has a line of more than 20,000"),
        ("b.js", EXPRESS + "x = a\n" + ".get('/x', h)\n" * 400, "what begins in line 3 nests, or chains calls"),
        (
            "b.rs",
            "use axum::response::sse::{Event, KeepAlive, Sse};\nfn s() -> Sse<X> { Sse::new(x) }\nfn f() { Router::new()\n"
            + ".merge(a)\n" * 400
            + "; }",
            "nests, or chains",
        ),
    ],
)
def test_what_was_not_seen_of_a_file_that_streams_is_said(path: str, content: str, reason: str) -> None:
    found = read({"requirements.txt": "fastapi\n", "main.py": FASTAPI, path: content})[""]
    assert found.read == "partly"
    assert any(reason in str(entry) for entry in found.reasons), found.reasons


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("b.py", "def broken(:\n"),
        ("b.py", f"DATA = '{'x' * 20_001}'\n"),
        ("dist/b.js", EXPRESS + "a" * 20_001),
        ("b.min.js", EXPRESS + "a" * 20_001),
        ("b.jsx", "new EventSource('/s');\nexport default () => <p>Save & Send</p>;\n"),
        ("b.js", EXPRESS + "x = a\n" + ".get('/x', h)\n" * 150),
    ],
)
def test_files_without_a_stream_and_bundles_are_passed_over_in_silence(path: str, content: str) -> None:
    found = read({"requirements.txt": "fastapi\n", "main.py": FASTAPI, path: content})[""]
    assert (found.read, found.reasons) == ("whole", ())


def test_routers_that_are_mounted_in_each_other_many_times_come_to_an_end() -> None:
    names = [f"r{number}" for number in range(24)]
    made = [f"{name} = APIRouter()\n" for name in names]
    mounted = [
        f"{outer}.include_router({inner}, prefix='/{inner}')\n"
        for at, outer in enumerate(names)
        for inner in names[at + 1 :]
    ]
    text = "".join(
        [
            "from fastapi import APIRouter, FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n",
            *made,
            *mounted,
            "app.include_router(r0)\n",
            "@r23.get('/x')\ndef x(): return StreamingResponse(g(), media_type='text/event-stream')\n",
        ]
    )
    routes = read({"requirements.txt": "fastapi\n", "main.py": text})[""].routes
    assert 1 < len(routes) <= 201
    assert any(route.path_known == "tail" for route in routes), "that there are more is said"


@pytest.mark.parametrize(
    ("written", "path", "known"),
    [
        ("f'/{a}'", "**", "tail"),
        ("f'/a/{b}/c'", "/a/*/c", "whole"),
        ("f'/a/{b}x{c}'", "/a/*x*", "whole"),
        ("f'/a/{b}{c}/{d}'", "/a/*/*", "whole"),
        ("f'/{a}/b/{c}'", "**/b/*", "tail"),
        ("f'/" + "{a}" * 4000 + "'", "**", "tail"),
        ("f'/a/" + "{b}" * 4000 + "'", "/a/*", "whole"),
    ],
)
def test_a_path_with_computed_parts(written: str, path: str, known: str) -> None:
    text = FASTAPI.replace("'/events'", written).replace('"/events"', written)
    assert written in text
    [route] = read({"requirements.txt": "fastapi\n", "main.py": text})[""].routes
    assert (route.path, route.path_known) == (path, known)


def passed_on_in_circles(count: int) -> dict[str, str]:
    files = {
        f"m{number}.js": f'export * from "./m{(number + 1) % count}";\nexport * from "./m{(number * 7 + 2) % count}";\n'
        for number in range(count)
    }
    files["m5.js"] += 'export function chat(req, res) { res.setHeader("Content-Type", "text/event-stream"); }\n'
    return files


def passed_on_in_a_row(count: int) -> dict[str, str]:
    files = {f"m{number}.js": f'export {{ chat }} from "./m{number + 1}";\n' for number in range(count)}
    files[f"m{count}.js"] = 'export function chat(req, res) { res.setHeader("Content-Type", "text/event-stream"); }\n'
    return files


@pytest.mark.parametrize("files", [passed_on_in_circles(20), passed_on_in_a_row(5)])
def test_a_handler_that_files_pass_on(files: dict[str, str]) -> None:
    server = 'import express from "express";\nimport { chat } from "./m0";\nconst app = express();\napp.get("/chat", chat);\n'
    found = read({"package.json": '{"dependencies": {"express": "5"}}', "server.js": server, **files})[""]
    assert [route.path for route in found.routes] == ["/chat"]


def test_what_is_passed_on_too_often_is_said() -> None:
    server = 'import express from "express";\nimport { chat } from "./m0";\nconst app = express();\napp.get("/chat", chat);\n'
    files = passed_on_in_a_row(1200)
    found = read({"package.json": '{"dependencies": {"express": "5"}}', "server.js": server, **files})[""]
    assert not found.routes
    assert {str(reason.where).partition(":")[0] for reason in found.reasons} == {"shown/m1200.js"}


def included_in_a_row(count: int) -> dict[str, str]:
    files = {
        f"a{number}/urls.py": "from django.urls import include, path\n"
        f'urlpatterns = [path("{number}/", include("a{number + 1}.urls"))]\n'
        for number in range(count)
    }
    files[f"a{count}/urls.py"] = (
        "from django.urls import path\nfrom . import views\nurlpatterns = [path('events', views.view)]\n"
    )
    view = "from django.http import StreamingHttpResponse\ndef view(request): return StreamingHttpResponse(words())\n"
    settings = 'ROOT_URLCONF = "a0.urls"\n'
    return {"requirements.txt": "django\n", "settings.py": settings, f"a{count}/views.py": view, **files}


@pytest.mark.parametrize(("count", "path"), [(3, "/0/1/2/events"), (1200, "events")])
def test_urls_that_include_each_other(count: int, path: str) -> None:
    [route] = read(included_in_a_row(count))[""].routes
    assert route.path.endswith(path)
    assert route.path_known == ("tail" if count > 100 else "whole")


@pytest.mark.parametrize(("count", "known"), [(5, "whole"), (500, "tail")])
def test_one_name_that_is_set_again_and_again(count: int, known: str) -> None:
    code = FASTAPI.replace("app = FastAPI()\n", "app = FastAPI()\n" + "app = app\n" * count)
    [route] = read({"main.py": code})[""].routes
    assert route.path_known == known


@pytest.mark.parametrize(("count", "is_said"), [(390, False), (410, True)])
def test_uses_that_were_not_looked_at_are_said(count: int, is_said: bool) -> None:
    code = FASTAPI.partition("@app")[0] + "def answer():\n    return StreamingResponse(words())\n"
    routes = "".join(f'@app.get("/{number}")\ndef events{number}():\n    return answer()\n' for number in range(count))
    found = read({"main.py": code + routes})[""]
    assert len(found.routes) == min(count, 400)
    assert any("leads to more" in reason.why for reason in found.reasons) == is_said


@pytest.mark.parametrize("uses", ["@router.get('/{0}')\ndef f{0}(): return 1\n", "note(router)\n"])
def test_a_router_that_is_used_very_often_is_mounted_or_that_is_said(uses: str) -> None:
    router = FASTAPI.replace("FastAPI()", "APIRouter()").replace("@app", "@router").replace("app = ", "router = ")
    often = router + "".join(uses.format(number) for number in range(500))
    main = "from fastapi import FastAPI\nfrom talk import router\napp = FastAPI()\napp.include_router(router, prefix='/api')\n"
    found = read({"main.py": main, "talk.py": often.replace("import FastAPI", "import APIRouter")})[""]
    [route] = found.routes
    assert (route.path_known == "whole") != any("leads to more" in reason.why for reason in found.reasons)
    assert route.path.startswith("/api/") == uses.startswith("@")


def test_functions_at_the_same_place_of_two_files_are_two() -> None:
    first = f"{'from two import b':<50}\ndef a():\n    return b()"
    second = f"{'from sse_starlette import EventSourceResponse':<50}\ndef b():\n    return EventSourceResponse(words())"
    first = first.replace("b()", "b(" + " " * (len(second) - len(first)) + ")")
    assert len(first) == len(second)
    main = "from fastapi import FastAPI\nfrom one import a\napp = FastAPI()\n@app.get('/x')\ndef x():\n    return a()\n"
    found = read({"requirements.txt": "fastapi\nsse-starlette\n", "main.py": main, "one.py": first, "two.py": second})
    assert [route.path for route in found[""].routes] == ["/x"]


@pytest.mark.parametrize(("imported", "path"), [("", "**"), ("import old.Paths;", "/chat")])
def test_a_constant_of_a_class_that_several_folders_hold(imported: str, path: str) -> None:
    """A folder may be called like no expression and no package; the one that is imported is meant."""
    feed = (
        f"package a;\n{imported}\n@RestController\nclass Feed {{\n@GetMapping(Paths.CHAT)\n"
        "SseEmitter feed() { return new SseEmitter(0L); }\n}\n"
    )
    found = read(
        {
            "pom.xml": "<project><artifactId>spring-boot-starter-web</artifactId></project>",
            "src/main/java/a/Feed.java": feed,
            "src/c++/Paths.java": 'class Paths { static final String CHAT = "/other"; }',
            "src/Old (v1/Paths.java": 'class Paths { static final String CHAT = "/older"; }',
            "src/main/java/old/Paths.java": 'class Paths { static final String CHAT = "/chat"; }',
        }
    )
    assert [route.path for route in found[""].routes] == [path]


@pytest.mark.parametrize(
    ("called", "routes", "is_said"),
    [
        ("await thumbnail(id)", 0, True),
        ("await stream_answer(id)", 1, False),
        ("await mine(id)", 0, False),
        ("await words(id)", 1, False),
    ],
)
def test_what_is_only_declared_may_be_a_file(called: str, routes: int, is_said: bool) -> None:
    """A function of the project is looked at itself, another whose name says nothing of streams is could not tell."""
    text = (
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\n"
        "from other import thumbnail, stream_answer\nfrom here import mine, words\napp = FastAPI()\n"
        f'@app.get("/x/{{id}}")\nasync def answer(id: str) -> StreamingResponse:\n    return {called}\n'
    )
    here = (
        "from fastapi.responses import StreamingResponse\n"
        'async def mine(id):\n    return StreamingResponse(io.BytesIO(b""), media_type="image/png")\n'
        'async def words(id):\n    return StreamingResponse(lines(), media_type="text/event-stream")\n'
    )
    found = read({"requirements.txt": "fastapi\n", "main.py": text, "here.py": here})[""]
    reasons = [reason.why for reason in found.reasons if reason.where.path == "shown/main.py"]
    why = "returns StreamingResponse; whether that streams or sends a file was not found"
    assert (len(found.routes), reasons) == (routes, [why] if is_said else [])
