"""Which handlers stream to their client, and which only look as if they did."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

VERCEL = {"vercel.json": '{ "framework": "nextjs" }'}

STREAMS = {
    "a helper that is called like fetch and takes no options of it": """
        const prefetch = (request) => new Response(new ReadableStream({ start() {} }));
        export async function POST(request) { return prefetch(request); }""",
    "streamText": """
        import { streamText } from "ai";
        export async function POST() { return streamText({}).toUIMessageStreamResponse(); }""",
    "a result in a variable": """
        import { streamObject } from "ai";
        export const POST = async () => { const result = streamObject({}); return result.toTextStreamResponse(); };""",
    "StreamingTextResponse": """
        import { OpenAIStream, StreamingTextResponse } from "ai";
        export async function POST() { return new StreamingTextResponse(OpenAIStream(await ask())); }""",
    "an alias": """
        import { createUIMessageStreamResponse as respond } from "ai";
        export async function POST() { return respond({ stream }); }""",
    "a ReadableStream": """
        export async function GET() { return new Response(new ReadableStream({ start() {} })); }""",
    "a ReadableStream in a variable, cast": """
        export async function GET() {
          const body = new ReadableStream({ start() {} }) as ReadableStream<Uint8Array>;
          return new NextResponse(body as any);
        }""",
    "one end of a TransformStream": """
        export async function GET() {
          const { readable, writable } = new TransformStream();
          return new Response(readable);
        }""",
    "pipeThrough": """
        export async function GET() {
          const answer = await chain.stream({ input: "x" });
          return new Response(answer.pipeThrough(new TextEncoderStream()));
        }""",
    "toReadableStream": """
        import OpenAI from "openai";
        export async function POST() {
          const answer = await new OpenAI().chat.completions.create({ stream: true });
          return new Response(answer.toReadableStream());
        }""",
    "a generator": """
        async function* tokens() { yield "x"; }
        export async function GET() { return new Response(tokens()); }""",
    "an upstream's body": """
        export async function POST(request) {
          const upstream = await fetch(URL, { method: "POST", body: JSON.stringify({ stream: true }) });
          return new Response(upstream.body, { headers: upstream.headers });
        }""",
    "an upstream's answer": """
        export async function POST(request) {
          return fetch(URL, { method: "POST", body: JSON.stringify({ model: "x", stream: true }) });
        }""",
    "events that a proxy asks for": """
        export async function POST(request) {
          const upstream = await fetch(URL, { method: "POST", body: request.body, headers: { accept: "text/event-stream" } });
          return new Response(upstream.body, { status: upstream.status });
        }""",
    "events that a proxy asks for by a header set": """
        export async function GET(request) {
          const headers = new Headers();
          headers.set("Accept", "application/json, text/event-stream");
          const { body } = await fetch(URL, { headers });
          return new Response(body);
        }""",
    "a header set on the way": """
        export async function GET(request) {
          const headers = new Headers();
          headers.set("content-type", "text/event-stream; charset=utf-8");
          return new Response(await source(), { headers });
        }""",
    "in one branch": """
        import { streamText } from "ai";
        export async function POST(request) {
          if (request.headers.get("accept") === "application/json") return Response.json({});
          return streamText({}).toTextStreamResponse();
        }""",
    "wrapped": """
        import { streamText } from "ai";
        const handler = async () => streamText({}).toTextStreamResponse();
        export const POST = withAuth(withRateLimit(handler));""",
    "exported by a list": """
        import { streamText } from "ai";
        async function handler() { return streamText({}).toTextStreamResponse(); }
        export { handler as GET, handler as POST };""",
    "MCP": """
        import { createMcpHandler } from "mcp-handler";
        const handler = createMcpHandler((server) => {});
        export { handler as GET, handler as POST };""",
    "MCP, events": """
        import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
        export async function POST(request) {
          const transport = new StreamableHTTPServerTransport({ enableJsonResponse: false });
          return transport.handleRequest(request);
        }""",
    "Hono": """
        import { Hono } from "hono";
        import { streamSSE } from "hono/streaming";
        import { handle } from "hono/vercel";
        const app = new Hono().basePath("/api");
        app.get("/events", (c) => streamSSE(c, async (stream) => { await stream.writeSSE({ data: "x" }); }));
        export const GET = handle(app);""",
    "a WebSocket": """
        import { experimental_upgradeWebSocket } from "@vercel/functions";
        export function GET() { return experimental_upgradeWebSocket((socket) => {}); }""",
    "X-Accel-Buffering": """
        export async function POST(request) {
          const headers = new Headers((await forward(request)).headers);
          headers.set("X-Accel-Buffering", "no");
          return new Response(await forward(request), { headers });
        }""",
    "a class of the file": """
        class Agent { respond() { return new Response(new ReadableStream({})); } }
        export async function POST() { return new Agent().respond(); }""",
}

SILENT = {
    "a client library's own fetch": """
        import { generateText } from "ai";
        import { createOpenAI } from "@ai-sdk/openai";
        const rewrite = (answer) => new Response(answer.body.pipeThrough(new TransformStream()), answer);
        const openai = createOpenAI({
          fetch: async (url, init) => { const answer = await fetch(url, init); return rewrite(answer); },
        });
        export async function POST() { return Response.json(await generateText({ model: openai("x") })); }""",
    "a fetch with a name of its own": """
        import { generateText } from "ai";
        const loggedFetch = async (input, options) => {
          const answer = await fetch(input, options);
          return new Response(answer.body.pipeThrough(new TransformStream()), { headers: answer.headers });
        };
        export async function POST() { return Response.json(await ask({ fetch: loggedFetch })); }""",
    "generateText": """
        import { generateText, streamText } from "ai";
        export async function POST() { return Response.json(await generateText({})); }""",
    "read to its end by for await": """
        import { streamText } from "ai";
        export async function POST() {
          let text = "";
          for await (const part of streamText({}).textStream) text += part;
          return Response.json({ text });
        }""",
    "read to its end by text()": """
        export async function POST() {
          const text = await new Response(new ReadableStream({ start() {} })).text();
          return Response.json({ text });
        }""",
    "stream: true, then json": """
        import OpenAI from "openai";
        export async function POST() {
          const answer = await new OpenAI().chat.completions.create({ stream: true });
          const parts = [];
          for await (const part of answer) parts.push(part);
          return Response.json(parts);
        }""",
    "events that are asked for and read here": """
        export async function POST() {
          const answer = await fetch(URL, { headers: { Accept: "text/event-stream" } });
          let text = "";
          for await (const part of answer.body) text += part;
          return Response.json({ text });
        }""",
    "whether the client accepts events": """
        export async function GET(request) {
          const image = await fetch(URL, { headers: { Accept: "image/png" } });
          if (request.headers.get("accept") === "text/event-stream") return Response.json({});
          return new Response(image.body);
        }""",
    "a request for events": """
        export async function GET() {
          const answer = await fetch(URL, { headers: { "Content-Type": "text/event-stream" } });
          return Response.json(await answer.json());
        }""",
    "a comparison": """
        export async function GET(request) {
          return Response.json({ sse: request.headers.get("accept")?.includes("text/event-stream") });
        }""",
    "a comment": """
        // return new Response(new ReadableStream({}), { headers: { "Content-Type": "text/event-stream" } });
        /* streamText({}).toTextStreamResponse() */
        export async function GET() { return Response.json({}); }""",
    "a string": """
        export async function GET() { return new Response("streamText({}).toTextStreamResponse()"); }""",
    "a download": """
        export async function GET() {
          const body = new ReadableStream({ start() {} });
          return new Response(body, { headers: { "Content-Type": "application/pdf" } });
        }""",
    "an attachment": """
        export async function GET() {
          const headers = { "Content-Disposition": "attachment" };
          return new Response(new ReadableStream({ start() {} }), { headers });
        }""",
    "an image passed on": """
        export async function GET() {
          const image = await fetch(URL);
          return new Response(image.body, { headers: { "Content-Type": image.headers.get("content-type") } });
        }""",
    "a file": """
        import { createReadStream } from "fs";
        import { Readable } from "stream";
        export async function GET() { return new Response(Readable.toWeb(createReadStream("x"))); }""",
    "a function that nobody calls": """
        import { streamText } from "ai";
        export function unused() { return streamText({}).toTextStreamResponse(); }
        export async function GET() { return Response.json({}); }""",
    "a type": """
        import type { StreamingTextResponse } from "ai";
        export async function GET(): Promise<StreamingTextResponse | Response> { return Response.json({}); }""",
    "an uploaded body": """
        export async function PUT(request) {
          await fetch(URL, { method: "PUT", body: request.body });
          return Response.json({});
        }""",
    "MCP, plain JSON": """
        import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
        export async function POST(request) {
          const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
          return transport.handleRequest(request);
        }""",
    "MCP, plain JSON by options of the file": """
        import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
        const options = { enableJsonResponse: true };
        export const POST = (request) => new StreamableHTTPServerTransport(options).handleRequest(request);""",
    "a namesake": """
        import { streamToResponse } from "./namesake";
        export async function GET() { return streamToResponse({}); }""",
}


@pytest.mark.parametrize("code", STREAMS.values(), ids=STREAMS)
def test_a_handler_that_streams_is_reported(code: str, lint: Lint) -> None:
    report = lint({**VERCEL, "app/api/x/route.ts": code})
    assert [one["check"] for one in report["findings"]] == ["serverless-stream"]
    assert report["findings"][0]["stream"]["evidence"] == "source"
    assert not report["unknown"]


@pytest.mark.parametrize("code", SILENT.values(), ids=SILENT)
def test_a_handler_that_does_not_stream_is_silent(code: str, lint: Lint) -> None:
    namesake = "export const streamToResponse = (value) => Response.json(value);"
    report = lint({**VERCEL, "app/api/chat/route.ts": code, "app/api/chat/namesake.ts": namesake})
    assert not report["findings"]
    assert not report["unknown"]
    assert report["status"] == 0


HELPER = """
import { streamText } from "ai";
export async function respond() { return streamText({}).toTextStreamResponse(); }
export default respond;
"""


@pytest.mark.parametrize(
    ("route", "files"),
    [
        ('import { respond } from "../../../lib/respond"; export const POST = respond;', {"lib/respond.ts": HELPER}),
        ('import { respond } from "../../../lib/respond.js"; export const POST = respond;', {"lib/respond.ts": HELPER}),
        ('import respond from "../../../lib"; export const POST = respond;', {"lib/index.ts": HELPER}),
        ('import * as lib from "../../../lib"; export const POST = () => lib.respond();', {"lib/index.ts": HELPER}),
        ('export { respond as POST } from "../../../lib";', {"lib/index.ts": HELPER}),
        ('export { POST } from "@/lib/respond";', {
            "tsconfig.json": '{ /* mine */ "compilerOptions": { "paths": { "@/*": ["./*"] } }, }',
            "lib/respond.ts": HELPER + "export { respond as POST };",
        }),
        ('export { POST } from "~/respond";', {
            "jsconfig.json": '{ "extends": "./tsconfig.base" }',
            "tsconfig.base.json": '{ "compilerOptions": { "baseUrl": "src", "paths": { "~/*": ["./*"] } } }',
            "src/respond.ts": HELPER + "export { respond as POST };",
        }),
        ('import { respond } from "@acme/llm"; export const POST = respond;', {
            "packages/llm/package.json": '{ "name": "@acme/llm", "main": "dist/index.js" }',
            "packages/llm/src/index.ts": HELPER,
        }),
        ('const { respond } = require("../../../lib"); export const POST = respond;', {"lib/index.ts": HELPER}),
        ('export * from "./handlers";', {"app/api/x/handlers.ts": HELPER + "export { respond as POST };"}),
        ('import { a } from "../../../lib/a"; export const POST = () => a();', {
            "lib/a.ts": 'import { b } from "./b"; export const a = () => b();',
            "lib/b.ts": 'import { a } from "./a"; import { respond } from "./c"; export const b = () => respond() ?? a();',
            "lib/c.ts": HELPER,
        }),
    ],
)  # fmt: skip
def test_imports_are_followed(route: str, files: dict[str, str], lint: Lint) -> None:
    report = lint({**VERCEL, "app/api/x/route.ts": route, **files})
    assert problems(report, "serverless-stream") == ["app/api/x/route.ts:1 warning serverless-stream"]


def test_the_evidence_names_the_line_in_the_helper(lint: Lint) -> None:
    route = 'import { respond } from "../../../lib/respond"; export const POST = respond;'
    report = lint({**VERCEL, "app/api/x/route.ts": route, "lib/respond.ts": HELPER})
    assert report["findings"][0]["stream"]["because"] == "lib/respond.ts:3 returns streamText(…).toTextStreamResponse()"


@pytest.mark.parametrize(
    ("code", "loud"),
    [
        ("return StreamingResponse(tokens(), media_type='text/event-stream')", True),
        ("return EventSourceResponse(tokens())", True),
        ("return Response(tokens(), mimetype='text/event-stream')", True),
        ("return StreamingResponse(rows(), media_type='text/csv')", False),
        ("return StreamingResponse(data, headers={'Content-Disposition': 'attachment'})", False),
        ("return {'type': 'text/event-stream'}  # StreamingResponse(tokens())", False),
    ],
)
def test_python_functions(code: str, loud: bool, lint: Lint) -> None:
    report = lint({"vercel.json": "{}", "api/index.py": f"app = FastAPI()\n@app.get('/')\ndef root():\n    {code}\n"})
    assert bool(report["findings"]) == loud


AXIOS = """
export default async function handler(req, res) {{
  const upstream = await axios.post(URL, {body}, {{ responseType: "stream"{options} }});
  upstream.data.pipe(res);
}}
"""


@pytest.mark.parametrize(
    ("body", "options", "loud"),
    [
        ("{ ...req.body, stream: true }", "", True),
        ("req.body", ', headers: { Accept: "text/event-stream" }', True),
        ("req.body", "", False),
        ("req.body", ', headers: { Accept: "application/pdf" }', False),
        ("{ ...req.body, stream: false }", "", False),
    ],
)
def test_what_axios_pipes_is_a_stream_only_if_one_was_asked_for(
    body: str, options: str, loud: bool, lint: Lint
) -> None:
    """`responseType: "stream"` alone fetches files too."""
    report = lint({**VERCEL, "pages/api/chat.js": AXIOS.format(body=body, options=options)})
    assert bool(report["findings"]) == loud


@pytest.mark.parametrize(("path", "loud"), [("chat", True), ("image-proxy", False), ("files/[id]", False)])
def test_a_stream_of_unknown_type_at_a_path_of_files_is_a_file(path: str, loud: bool, lint: Lint) -> None:
    code = (
        "export const maxDuration = 10;\nexport async function GET() { return new Response(new ReadableStream({})); }\n"
    )
    report = lint({**VERCEL, f"app/api/{path}/route.ts": code})
    assert bool(problems(report, "serverless-stream")) == loud
