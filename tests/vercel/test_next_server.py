"""A Next.js server that the project runs itself: what it hands on, what it compresses, which headers reach whom."""

from __future__ import annotations

import pytest
from conftest import Lint, Report, problems
from yardstick import at_most

PACKAGE = '{ "dependencies": { "next": "16.4.6" } }'
FEED = {"web/lib/feed.ts": 'export const feed = () => new EventSource("/api/feed");\n'}
BACKEND = """from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


@app.get("/api/feed")
async def feed():
    return StreamingResponse(changes(), media_type="text/event-stream"{headers})
"""


def configured(text: str) -> dict[str, str]:
    return {"web/package.json": PACKAGE, "web/next.config.mjs": f'export default {{ output: "standalone", {text} }};\n'}


def middleware(body: str, matcher: str = "", before: str = "") -> dict[str, str]:
    config = f"export const config = {{ matcher: {matcher} }};\n" if matcher else ""
    text = f'import {{ NextResponse }} from "next/server";\n{before}\nexport function middleware(request) {{\n{body}\n}}\n{config}'
    return {**configured(""), "web/middleware.ts": text}


def test_conditions_far_out_are_not_looked_for(lint: Lint) -> None:
    deep = middleware('if (request.nextUrl.pathname === "/x") {' + "{\n" * 20_000 + PASS_ON + "}" * 20_000 + "}")
    with at_most(300):
        report = lint({**deep, **FEED})
    assert [problem.split(" ", 1)[1] for problem in held(report)] == ["warning compressed-stream"]


def held(report: Report) -> list[str]:
    return problems(report, "compressed-stream")


PASS_ON = 'return NextResponse.rewrite(new URL(request.nextUrl.pathname, "http://localhost:8000"));'


@pytest.mark.parametrize(
    "body",
    [
        PASS_ON,
        'return NextResponse.rewrite("http://localhost:8000" + request.nextUrl.pathname + request.nextUrl.search);',
        "return NextResponse.rewrite(`${process.env.API_URL}${request.nextUrl.pathname}`);",
        'const { pathname } = request.nextUrl;\nif (pathname.startsWith("/api")) { ' + PASS_ON + " }",
        'if (!request.nextUrl.pathname.startsWith("/api/")) return NextResponse.next();\n' + PASS_ON,
        'const path = request.nextUrl.pathname;\nif (["/a", "/api"].some((one) => path.startsWith(one))) ' + PASS_ON,
        "if (/^\\/api\\//.test(request.nextUrl.pathname)) { " + PASS_ON + " }",
        'if (request.headers.get("x-kind") === "feed") { ' + PASS_ON + " }",
        'const url = request.nextUrl.clone();\nurl.host = "api:8000";\nreturn NextResponse.rewrite(url);',
        'const url = new URL(request.url);\nurl.href = "http://api:8000/api/feed";\nreturn NextResponse.rewrite(url);',
        "const target = new URL(request.nextUrl.pathname.replace(/^\\/api/, \"/v1\"), process.env.API ?? 'http://api');\n"
        "return NextResponse.rewrite(target);",
        "const target = await resolve(request);\nreturn NextResponse.rewrite(new URL(target, process.env.API));",
    ],
)
def test_what_middleware_hands_on_is_compressed(body: str, lint: Lint) -> None:
    report = lint({**middleware(body), **FEED})
    assert [problem.split(" ", 1)[1] for problem in held(report)] == ["warning compressed-stream"]
    assert held(report)[0].startswith("web/middleware.ts:")


@pytest.mark.parametrize(
    "body",
    [
        "return NextResponse.next();",
        'return NextResponse.rewrite(new URL("/about", request.url));',
        'const url = request.nextUrl.clone();\nurl.pathname = "/en" + url.pathname;\nreturn NextResponse.rewrite(url);',
        'if (request.nextUrl.pathname === "/login") { ' + PASS_ON + " }",
        'if (request.nextUrl.pathname.startsWith("/api/")) return NextResponse.next();\n' + PASS_ON,
        'const path = request.nextUrl.pathname;\nif (["/a", "/b"].includes(path)) ' + PASS_ON,
        'if (request.nextUrl.pathname.startsWith("/api") && request.nextUrl.pathname !== "/api/feed") { '
        + PASS_ON
        + " }",
    ],
)
def test_middleware_that_hands_this_path_on_to_nobody_is_silent(body: str, lint: Lint) -> None:
    assert held(lint({**middleware(body), **FEED})) == []


@pytest.mark.parametrize(
    ("matcher", "taken"),
    [
        ('"/api/:path*"', True),
        ('["/login", "/api/:path*"]', True),
        ('["/((?!_next/static|favicon.ico).*)"]', True),
        ('[{ source: "/api/:path*", has: [{ type: "header", key: "x-kind" }] }]', True),
        ("makeMatcher()", True),
        ('"/apis/:path*"', False),
        ('["/((?!api|_next/static).*)"]', False),
    ],
)
def test_a_matcher_says_which_paths_come_to_middleware(matcher: str, taken: bool, lint: Lint) -> None:
    assert bool(held(lint({**middleware(PASS_ON, matcher), **FEED}))) is taken


def test_middleware_below_src_and_what_it_imports_is_read(lint: Lint) -> None:
    report = lint({
        **configured(""),
        **FEED,
        "web/src/proxy.ts": 'import { toBackend } from "./lib/backend";\nexport const proxy = (request) => toBackend(request);',
        "web/src/lib/backend.ts": f"export function toBackend(request) {{\n{PASS_ON}\n}}\n",
    })  # fmt: skip
    assert held(report) == ["web/src/lib/backend.ts:2 warning compressed-stream"]


@pytest.mark.parametrize(
    ("setting", "silent"),
    [
        ("compress: false", True),
        ('headers: () => [{ source: "/api/feed", headers: [{ key: "Content-Encoding", value: "none" }] }]', True),
        (
            'async headers() { return [{ source: "/api/:path*", headers: [{ key: "cache-control", value: "no-transform" }] }]; }',
            True,
        ),
        ('headers: () => [{ source: "/api/other", headers: [{ key: "Content-Encoding", value: "none" }] }]', False),
        ('headers: () => [{ source: "/api/feed", headers: [{ key: "Content-Encoding", value: "identity" }] }]', False),
        ('headers: () => [{ source: "/api/feed", headers: [{ key: "X-Accel-Buffering", value: "no" }] }]', False),
        ("compress: true", False),
    ],
)
def test_what_keeps_compression_off_what_middleware_hands_on(setting: str, silent: bool, lint: Lint) -> None:
    report = lint({**middleware(PASS_ON), **configured(setting), **FEED})
    assert bool(held(report)) is not silent


def test_whether_it_compresses_is_not_guessed(lint: Lint) -> None:
    report = lint({**middleware(PASS_ON), **configured("compress: process.env.GZIP === '1'"), **FEED})
    assert held(report) == []
    assert [entry["location"]["line"] for entry in report["unknown"]] == [1]
    assert "is no literal" in report["unknown"][0]["message"]


@pytest.mark.parametrize(
    "setting",
    [
        "headers: sharedHeaders",
        'headers: () => [{ source: "/api/:path*", headers: streamHeaders() }]',
        'headers: () => [{ source: "/api/:path*", has: [{ type: "host", value: "a.b" }],'
        ' headers: [{ key: "Content-Encoding", value: "none" }] }]',
    ],
)
def test_headers_that_can_not_be_read_are_not_taken_to_be_missing(setting: str, lint: Lint) -> None:
    report = lint({**middleware(PASS_ON), **configured(setting), **FEED})
    assert held(report) == []
    assert {entry["location"]["path"] for entry in report["unknown"]} == {"web/next.config.mjs"}


@pytest.mark.parametrize("stage", ["beforeFiles", "afterFiles", "fallback", ""])
def test_what_rewrites_hand_on_is_compressed_whatever_headers_say(stage: str, lint: Lint) -> None:
    """Measured with `next start` 16.4: `headers()` do not reach what `rewrites()` send to another server."""
    entry = '{ source: "/api/:path*", destination: "http://localhost:8000/api/:path*" }'
    listed = f"{{ {stage}: [{entry}] }}" if stage else f"[{entry}]"
    headers = '[{ source: "/:path*", headers: [{ key: "Content-Encoding", value: "none" }] }]'
    report = lint({**configured(f"rewrites: () => ({listed}), headers: () => ({headers})"), **FEED})
    assert held(report) == ["web/next.config.mjs:1 warning compressed-stream"]


@pytest.mark.parametrize(
    "destination",
    [
        '"http://localhost:8000/api/:path*"',
        "`${process.env.API_URL}/api/:path*`",
        "`${process.env.API_URL ?? 'http://localhost:8000'}/api/:path*`",
        "(process.env.API_URL || 'http://localhost:8000') + '/api/:path*'",
        "`${API}/api/:path*`",
        "`http://${process.env.HOST || 'localhost'}:${process.env.PORT || 8000}/api/:path*`",
    ],
)
def test_destinations_are_put_together(destination: str, lint: Lint) -> None:
    config = (
        'const API = process.env.API || "http://localhost:8000";\n'
        f'module.exports = {{ output: "standalone",\nrewrites: () => [{{ source: "/api/:path*", destination: {destination} }}] }};'
    )
    files = {"web/package.json": PACKAGE, "web/next.config.js": config, **FEED}
    assert held(lint(files)) == ["web/next.config.js:3 warning compressed-stream"]


def test_a_host_that_the_path_names_leads_nowhere_that_can_be_told(lint: Lint) -> None:
    """It is handed on all the same; no application here is taken to answer."""
    rewrites = 'rewrites: () => [{ source: "/api/:tenant", destination: "http://:tenant.backend/api/feed" }]'
    report = lint({**configured(rewrites), **FEED, "api/main.py": BACKEND.format(headers="")})
    found = next(finding for finding in report["findings"] if finding["check"] == "compressed-stream")
    assert "opens new EventSource" in found["stream"]["because"]


def test_a_route_of_its_own_is_served_before_a_rewrite_after_files(lint: Lint) -> None:
    files = {
        **configured('rewrites: () => [{ source: "/api/:path*", destination: "http://localhost:8000/:path*" }]'),
        **FEED,
        "web/app/api/feed/route.ts": "export const GET = () => Response.json([]);\n",
    }
    assert held(lint(files)) == []
    early = (
        'rewrites: () => ({ beforeFiles: [{ source: "/api/:path*", destination: "http://localhost:8000/:path*" }] })'
    )
    assert len(held(lint({**files, **configured(early)}))) == 1


@pytest.mark.parametrize(
    ("headers", "silent"),
    [
        ("", False),
        (', headers={"Cache-Control": "no-cache, no-transform"}', True),
        (', headers={"Content-Encoding": "none"}', True),
    ],
)
def test_what_the_backend_sends_counts(headers: str, silent: bool, lint: Lint) -> None:
    rewrites = 'rewrites: () => [{ source: "/api/:path*", destination: "http://localhost:8000/api/:path*" }]'
    report = lint({**configured(rewrites), "api/main.py": BACKEND.format(headers=headers)})
    assert bool(held(report)) is not silent
    if not silent:
        assert "api/main.py:9" in report["findings"][0]["stream"]["because"]


COMPOSE = """services:
  web: { build: ./web, ports: ["80:3000"] }
  api: { build: ./api }
"""


def test_a_rewrite_to_a_compose_service_leads_to_its_code(lint: Lint) -> None:
    """Who answers is certain there: that it does not ping is known, and its silence a warning."""
    rewrites = 'rewrites: () => [{ source: "/api/:path*", destination: "http://api:8000/api/:path*" }]'
    report = lint({**configured(rewrites), "api/main.py": BACKEND.format(headers=""), "compose.yaml": COMPOSE})
    assert sorted(problems(report)) == [
        "web/next.config.mjs:1 warning compressed-stream",
        "web/next.config.mjs:1 warning proxied-by-rewrite",
    ]


def test_who_answers_is_not_known_so_that_silence_is_worth_a_note(lint: Lint) -> None:
    report = lint({**middleware(PASS_ON), **configured("compress: false"), **FEED})
    assert problems(report) == ["web/middleware.ts:4 note proxied-by-rewrite"]


@pytest.mark.parametrize(("timeout", "said"), [("300_000", False), ("10_000", True)])
def test_a_proxy_timeout_is_heeded(timeout: str, said: bool, lint: Lint) -> None:
    files = {
        **middleware(PASS_ON),
        **configured(f"compress: false, experimental: {{ proxyTimeout: {timeout} }}"),
        **FEED,
    }
    report = lint(files)
    assert bool(problems(report, "proxied-by-rewrite")) is said


def test_a_chain_of_nginx_next_and_a_backend_is_one_way(lint: Lint) -> None:
    nginx = (
        "events {}\nhttp { server { listen 80; location / { proxy_pass http://web:3000; proxy_http_version 1.1;"
        " proxy_buffering off; proxy_read_timeout 1h; } } }\n"
    )
    compose = COMPOSE.replace('ports: ["80:3000"]', "expose: [3000]") + (
        '  edge: { image: "nginx:1.29", ports: ["80:80"], volumes: ["./nginx.conf:/etc/nginx/nginx.conf"] }\n'
    )
    rewrites = 'rewrites: () => [{ source: "/backend/:path*", destination: "http://api:8000/api/:path*" }]'
    files = {
        **configured(rewrites),
        "api/main.py": BACKEND.format(headers=""),
        "compose.yaml": compose,
        "nginx.conf": nginx,
    }
    report = lint(files)
    found = next(finding for finding in report["findings"] if finding["check"] == "compressed-stream")
    assert found["location"]["path"] == "web/next.config.mjs"
    assert found["severity"] == "warning"


ROUTE = """export async function GET() {
  const stream = new ReadableStream({ start(controller) { BEAT } });
  return new Response(stream, { headers: { "Content-Type": "text/event-stream"HEADERS } });
}
"""
NGINX = "events {}\nhttp { server { listen 80; location / { proxy_pass http://127.0.0.1:3000; } } }\n"


def behind_nginx(beat: str = "", headers: str = "", config: str = "", before: str = "") -> dict[str, str]:
    route = before + ROUTE.replace("BEAT", beat).replace("HEADERS", headers)
    return {**configured(config), "web/app/api/feed/route.ts": route, "nginx.conf": NGINX}


@pytest.mark.parametrize(
    ("headers", "config", "silent"),
    [
        ("", "", False),
        (', "X-Accel-Buffering": "no"', "", True),
        (', "X-Accel-Buffering": "off"', "", False),
        ("", 'headers: () => [{ source: "/api/:path*", headers: [{ key: "X-Accel-Buffering", value: "no" }] }]', True),
        ("", 'headers: () => [{ source: "/:path*{/}?", headers: [{ key: "x-accel-buffering", value: "no" }] }]', True),
        ("", 'headers: () => [{ source: "/sse/:path*", headers: [{ key: "X-Accel-Buffering", value: "no" }] }]', False),
    ],
)
def test_nginx_obeys_the_header_that_a_route_or_next_config_sends(
    headers: str, config: str, silent: bool, lint: Lint
) -> None:
    report = lint(behind_nginx(headers=headers, config=config))
    assert (problems(report, "buffered-stream") == []) is silent


def test_below_a_base_path_headers_are_sent_below_it(lint: Lint) -> None:
    config = '\nbasePath: "/docs",\nheaders: () => [{ source: "/api/:path*", headers: [{ key: "X-Accel-Buffering", value: "no" }] }]'
    assert problems(lint(behind_nginx(config=config)), "buffered-stream") == []


@pytest.mark.parametrize(
    ("config", "before"),
    [
        ('basePath: "/docs"', ""),
        ("basePath: base", 'const base = "/docs";'),
        ("basePath", "const name = 'docs';\nconst basePath = `/${name}`;"),
    ],
)
def test_a_route_is_asked_for_below_its_base_path_alone(config: str, before: str, lint: Lint) -> None:
    files = behind_nginx(config=config)
    files["web/next.config.mjs"] = before + "\n" + files["web/next.config.mjs"]
    report = lint(files)
    assert {finding["stream"]["path"] for finding in report["findings"]} == {"/docs/api/feed"}


def test_a_base_path_that_is_computed_is_not_known(lint: Lint) -> None:
    header = 'headers: () => [{ source: "/api/:path*", headers: [{ key: "X-Accel-Buffering", value: "no" }] }]'
    report = lint(behind_nginx(config=f"basePath: process.env.BASE,\n{header}"))
    assert {finding["stream"]["path"] for finding in report["findings"]} == {"**/api/feed"}
    assert problems(report, "buffered-stream") == []


def test_answers_of_the_ai_sdk_turn_buffering_off_by_themselves(lint: Lint) -> None:
    route = 'import {{ streamText }} from "ai";\nexport const POST = () => streamText({{}}).{}();\n'
    files = {**configured(""), "nginx.conf": NGINX}
    for method, silent in (("toUIMessageStreamResponse", True), ("toTextStreamResponse", False)):
        report = lint({**files, "web/app/api/feed/route.ts": route.format(method)})
        assert (problems(report, "buffered-stream") == []) is silent, method


@pytest.mark.parametrize(
    ("beat", "before", "silent"),
    [
        ('setInterval(() => controller.enqueue(": ping\\n\\n"), 15_000);', "", True),
        ('setInterval(() => send(": keep-alive\\n\\n"), 15 * 1000);', "", True),
        ('setInterval(() => controller.enqueue(encode(": hello")), EVERY);', "const EVERY = 20000;\n", True),
        ("setInterval(sendHeartbeat, 20000);", "", True),
        ('setInterval(() => controller.enqueue(": ping\\n\\n"), 45_000);', "", False),
        ("setInterval(async () => { for (const row of await rows()) controller.enqueue(row); }, 1000);", "", False),
        ('setInterval(() => controller.enqueue(": ping\\n\\n"), period());', "", False),
    ],
)
def test_pings_of_a_route_keep_nginx_from_hanging_up(beat: str, before: str, silent: bool, lint: Lint) -> None:
    report = lint(behind_nginx(beat=beat, before=before))
    assert (problems(report, "short-idle-timeout") == []) is silent


def test_a_custom_server_beside_next_keeps_its_sockets(lint: Lint) -> None:
    """Routes that both readers of the code know are one; what only the server's own code has stays."""
    server = (
        'import { createServer } from "http";\nimport { WebSocketServer } from "ws";\n'
        'const wss = new WebSocketServer({ server: createServer(), path: "/live" });\n'
    )
    report = lint({**behind_nginx(), "web/server.ts": server})
    streams = {finding["stream"]["path"] for finding in report["findings"]}
    assert "/live" in streams
    assert len(problems(report, "buffered-stream")) == 1
