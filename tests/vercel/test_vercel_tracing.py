"""How far a handler's code is followed, and how much work that is."""

from __future__ import annotations

from collections import Counter

import pytest
from conftest import Lint, problems

from infralint.sources.vercel import javascript
from infralint.sources.vercel.streaming import FunctionStreams

VERCEL = {"vercel.json": '{ "framework": "nextjs" }'}
STREAM = 'import { streamText } from "ai";\nexport const answer = () => streamText({}).toTextStreamResponse();\n'


def test_code_that_many_routes_share_is_searched_once(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: Counter[str] = Counter()
    original = FunctionStreams._search

    def counted(self, module, nodes):  # type: ignore[no-untyped-def]
        searched[module.path] += 1
        return original(self, module, nodes)

    monkeypatch.setattr(FunctionStreams, "_search", counted)
    tools = range(20)
    registry = "".join(f'import {{ tool{one} }} from "./tool{one}";\n' for one in tools)
    registry += (
        f"const tools = [{', '.join(f'tool{one}' for one in tools)}];\nexport const run = (one) => tools[one]();\n"
    )
    route = 'import { run } from "../../lib/registry";\nexport const GET = () => Response.json(run(1));\n'
    report = lint({
        **VERCEL,
        "lib/registry.ts": registry,
        **{f"lib/tool{one}.ts": f"export const tool{one} = () => ({{ stream: true }});" for one in tools},
        **{f"app/r{one}/route.ts": route for one in range(30)},
    })  # fmt: skip
    assert not report["findings"]
    assert {path: searched[path] for path in searched if "tool" in path} == {f"lib/tool{one}.ts": 1 for one in tools}
    assert searched["lib/registry.ts"] == 2


def test_files_that_can_not_send_a_stream_are_not_parsed(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    original = javascript._parse
    monkeypatch.setattr(javascript, "_parse", lambda path, content: parsed.append(path) or original(path, content))
    imports = 'import { rows } from "../../lib/rows";\nimport { answer } from "../../lib/answer";\n'
    report = lint({
        **VERCEL,
        "app/a/route.ts": f"{imports}export const GET = () => (rows() ? answer() : null);",
        "app/b/route.ts": 'import { rows } from "../../lib/rows";\nexport const GET = () => Response.json(rows());',
        "lib/rows.ts": "// a stream of rows\nexport const rows = () => [1, 2];",
        "lib/answer.ts": STREAM,
    })  # fmt: skip
    assert problems(report) == ["app/a/route.ts:3 warning serverless-stream"]
    assert sorted(parsed) == ["app/a/route.ts", "lib/answer.ts"]


CHAIN = {f"lib/l{one}.ts": f'export {{ answer }} from "./l{one + 1}";' for one in range(1, 5)} | {"lib/l5.ts": STREAM}


@pytest.mark.parametrize(("near", "far"), [("a", "b"), ("b", "a")])
def test_a_route_that_reaches_a_stream_hides_none_that_does_not(near: str, far: str, lint: Lint) -> None:
    """The fifth import is followed no more, whichever route is read first."""
    route = 'export {{ answer as POST }} from "../../lib/l{}";'
    files = {f"app/{near}/route.ts": route.format(2), f"app/{far}/route.ts": route.format(1)}
    assert problems(lint({**VERCEL, **CHAIN, **files})) == [f"app/{near}/route.ts:1 warning serverless-stream"]


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_modules_that_import_one_another_are_told_alike_from_every_side(first: str, second: str, lint: Lint) -> None:
    circle = {
        f"lib/{one}.ts": f'import {{ {other} }} from "./{other}";\nimport {{ answer }} from "./answer";\n'
        f"export const {one} = (n) => (n ? {other}(n - 1) : {ending});\n"
        for one, other, ending in ((first, second, "answer()"), (second, first, "null"))
    }
    routes = {
        f"app/{one}/route.ts": f'import {{ {one} }} from "../../lib/{one}";\nexport const GET = () => {one}(3);'
        for one in "ab"
    }
    report = lint({**VERCEL, **circle, **routes, "lib/answer.ts": STREAM})
    assert problems(report) == [f"app/{one}/route.ts:2 warning serverless-stream" for one in "ab"]


def test_the_stream_of_fewest_imports_is_shown(lint: Lint) -> None:
    imports = 'import { one } from "../../lib/far";\nimport { answer } from "../../lib/near";\n'
    route = f"{imports}export const GET = () => one() ?? answer();"
    far = 'export { answer as one } from "./deep";'
    report = lint({**VERCEL, "app/a/route.ts": route, "lib/far.ts": far, "lib/deep.ts": STREAM, "lib/near.ts": STREAM})
    assert "lib/near.ts:2" in report["findings"][0]["stream"]["because"]


@pytest.mark.parametrize(
    "code",
    [
        'const { answer } = await import("@/lib/chat"); return answer();',
        'const { answer: reply } = await import("../../lib/chat"); return reply();',
        'const chat = await import("@/lib/chat"); return chat.answer();',
        'return (await import("@/lib/chat")).answer();',
        'const { answer } = (await import("@/lib/chat")).default; return answer();',
        'return import("@/lib/chat").then(({ answer }) => answer());',
        'return import("@/lib/chat").then((chat) => chat.answer());',
        'return import(/* webpackChunkName: "chat" */ "@/lib/chat").then(function (chat) { return chat.answer(); });',
        "const { answer } = await import(`@/lib/chat`); return answer();",
        'const { answer } = require("../../lib/chat"); return answer();',
        'return require("../../lib/chat").answer();',
        'const { tokens } = await import("@/lib/chat"); return new Response(tokens());',
        'const { createUIMessageStreamResponse } = await import("ai"); return createUIMessageStreamResponse({});',
        'switch (x) { case 1: { const { run } = await import("@/lib/quiet"); return run(); }\n'
        'default: { const { answer } = await import("@/lib/chat"); return answer(); } }',
    ],
)
def test_a_module_that_is_loaded_on_the_way_is_followed(code: str, lint: Lint) -> None:
    report = lint({
        **VERCEL,
        "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }',
        "lib/chat.ts": STREAM + "export async function* tokens() { yield 1; }\nexport default { answer };\n",
        "lib/quiet.ts": "export const run = () => Response.json({});",
        "app/a/route.ts": f"export async function POST(x) {{ {code} }}\n",
    })  # fmt: skip
    assert problems(report) == ["app/a/route.ts:1 warning serverless-stream"]


@pytest.mark.parametrize(
    "code",
    [
        'const { title } = await import("../../lib/chat"); return Response.json(title());',
        'return Response.json((await import("../../lib/chat")).title());',
        'return import("../../lib/chat").then((chat) => Response.json(chat.title()));',
        "const { answer } = await import(`../../lib/${x}`); return answer();",
        "const { answer } = await import(x); return answer();",
        '// await import("../../lib/chat")\nreturn Response.json("import(\'../../lib/chat\').answer()");',
    ],
)
def test_of_a_loaded_module_only_what_is_taken_is_followed(code: str, lint: Lint) -> None:
    chat = STREAM + "export const title = () => 'stream';\n"
    report = lint({
        **VERCEL,
        "lib/chat.ts": chat,
        "app/a/route.ts": f"export async function POST(x) {{ {code} }}\n",
    })  # fmt: skip
    assert not report["findings"]
    assert not report["unknown"]


def test_two_functions_may_load_different_modules_under_one_name(lint: Lint) -> None:
    loads = 'export const {} = async () => {{ const {{ run }} = await import("../../lib/{}"); return run(); }};\n'
    files = {"lib/chat.ts": STREAM + "export { answer as run };", "lib/quiet.ts": "export const run = () => null;"}
    report = lint({
        **VERCEL,
        **files,
        "app/a/route.ts": loads.format("GET", "quiet") + loads.format("POST", "chat"),
        "app/b/route.ts": loads.format("GET", "quiet") + loads.format("unused", "chat"),
    })  # fmt: skip
    assert problems(report) == ["app/a/route.ts:1 warning serverless-stream"]
