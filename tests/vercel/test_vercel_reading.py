"""What is read of a Vercel project, what can't be told, and what does not stand in the way."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from conftest import Lint, problems, run, write

STREAM = 'import { streamText } from "ai";\nexport const POST = () => streamText({}).toTextStreamResponse();\n'
VERCEL = {"vercel.json": '{ "framework": "nextjs" }'}
NEXT = {"package.json": '{ "dependencies": { "next": "16.4.6" } }'}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('{\n  "fluid": true,\n}', 3, "trailing comma"),
        ('{\n  // why\n  "fluid": true\n}', 2, "JSON has no comments"),
        ('{\n  "fluid" true\n}', 2, 'expected ":" after the key "fluid"'),
        ("{\n  'fluid': true\n}", 2, "single quote"),
        ('{\n  "regions": ["fra1"\n}', 3, 'expected "," or "]"'),
        ('{ "fluid": yes }', 1, "expected a value, got 'yes'"),
        ('{ "name": "a\nb" }', 1, "this string is not closed"),
        ("", 1, "the end of the file"),
        ("[]", 1, "is not a JSON object"),
        ("[" * 5000, 1, "nested deeper than"),
    ],
)
def test_a_broken_vercel_json_is_unreadable_and_says_where(text: str, line: int, message: str, lint: Lint) -> None:
    report = lint({"vercel.json": text, "app/api/chat/route.ts": STREAM})
    assert [(one["location"]["path"], one["location"]["line"]) for one in report["unreadable"]] == [
        ("vercel.json", line)
    ]
    assert message in report["unreadable"][0]["message"]
    assert report["status"] == 2


def test_one_broken_file_never_hides_the_others(lint: Lint) -> None:
    report = lint({
        "apps/a/vercel.json": "{",
        "apps/b/vercel.json": '{ "framework": "nextjs" }',
        "apps/b/app/api/chat/route.ts": STREAM,
    })  # fmt: skip
    assert problems(report) == ["apps/b/app/api/chat/route.ts:2 warning serverless-stream"]
    assert report["status"] == 2


def test_a_route_with_a_syntax_error_can_not_be_told(lint: Lint) -> None:
    report = lint({**VERCEL, "app/api/chat/route.ts": STREAM + "export const x = = 3;\n"})
    assert not report["findings"]
    assert "does not parse (line 3)" in report["unknown"][0]["message"]
    assert report["status"] == 0
    assert lint({**VERCEL, "app/api/chat/route.ts": STREAM + "export const x = = 3;\n"}, "--strict")["status"] == 2


def test_python_with_a_syntax_error_can_not_be_told(lint: Lint) -> None:
    report = lint({"vercel.json": "{}", "api/index.py": "def app(:\n"})
    assert "does not parse (line 1)" in report["unknown"][0]["message"]


def test_a_bundle_is_no_source(lint: Lint) -> None:
    bundle = "var a=1;" * 200_000 + STREAM
    report = lint({**VERCEL, "app/api/chat/route.ts": bundle, "app/api/user/route.ts": 'export * from "../dist.js";'})
    assert [one["location"]["path"] for one in report["unknown"]] == ["app/api/chat/route.ts"]
    assert "bundle" in report["unknown"][0]["message"]
    assert "skipped app/api/chat/route.ts: a bundle" in run("check", "-v", ".").stdout
    assert "skipped" not in run("check", ".").stdout


def test_imported_files_of_10_mb_are_passed_over(lint: Lint) -> None:
    route = 'import "../../../big.js";\n' + STREAM
    report = lint({**VERCEL, "app/api/chat/route.ts": route, "big.js": b"x = 1;\n" * 1_600_000})
    assert problems(report) == ["app/api/chat/route.ts:3 warning serverless-stream"]


def test_links_out_of_the_project_are_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = write(tmp_path / "project", {**VERCEL, "app/page.js": "export default () => null;"})
    write(tmp_path / "outside", {"route.ts": STREAM})
    (project / "app/api/chat").mkdir(parents=True)
    os.symlink(tmp_path / "outside/route.ts", project / "app/api/chat/route.ts")
    os.symlink(project, project / "app/loop")
    monkeypatch.chdir(project)
    assert '"findings": []' in run("check", "--format", "json", ".").stdout.replace("\n", " ")


def test_imports_that_lead_out_of_the_project_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"outside.ts": STREAM})
    route = 'export { POST } from "../../../../outside";'
    project = write(tmp_path / "project", {**VERCEL, "infralint.yaml": "{}", "app/api/chat/route.ts": route})
    monkeypatch.chdir(project)
    assert run("check", ".").exit_code == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("export const runtime = process.env.EDGE ? 'edge' : 'nodejs';", "process.env.EDGE ? 'edge' : 'nodejs'"),
        ("export const maxDuration = 60 * 5;", "60 * 5"),
        ("const D = 300;\nexport const maxDuration = D;", "D is 300 in app/api/chat/route.ts:3"),
        ('import { D } from "../../../lib/limits";\nexport const maxDuration = D;', "D is 300 in lib/limits.ts:1"),
        ("const maxDuration = 300;\nexport { maxDuration };", "exported by a list"),
        ('export { maxDuration } from "../../../lib/limits";', "re-exported"),
        ("export const maxDuration = '300';", "'300'"),
        ("export const runtime = 'nodejs20.x';", "'nodejs20.x'"),
    ],
)
def test_what_is_no_literal_is_not_told_and_says_what_to_write(code: str, words: str, lint: Lint) -> None:
    limits = "export const D = 300;\nexport const maxDuration = 300;\n"
    report = lint({**VERCEL, "app/api/chat/route.ts": STREAM + code, "lib/limits.ts": limits})
    assert not report["findings"]
    assert [words in one["message"] for one in report["unknown"]] == [True]


@pytest.mark.parametrize(
    ("vercel", "code", "line"),
    [
        (
            '{ "framework": "nextjs", "functions": { "app/api/**/*": { "maxDuration": 300 } } }',
            "",
            "vercel.json:1 note",
        ),
        (
            '{ "framework": "nextjs", "functions": { "app/api/**/*": { "maxDuration": 300 } } }',
            "export const maxDuration = 30;",
            "app/api/chat/route.ts:3 warning",
        ),
        ('{ "framework": "nextjs", "fluid": true }', "", "app/api/chat/route.ts:2 note"),
        ('{ "framework": "nextjs", "fluid": false }', "", "app/api/chat/route.ts:2 warning"),
        ('{ "framework": "nextjs" }', "", "app/api/chat/route.ts:2 warning"),
    ],
)
def test_which_duration_rules_a_next_route(vercel: str, code: str, line: str, lint: Lint) -> None:
    report = lint({"vercel.json": vercel, "app/api/chat/route.ts": STREAM + code})
    assert problems(report) == [f"{line} serverless-stream"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("vercel: { fluid: true }", ["note"]),
        ("vercel: { fluid: false, plan: hobby }", ["warning"]),
        ("vercel: { runtime_policy: require-edge }", ["error"]),
        ("vercel: { runtime_policy: require-node, fluid: true }", ["note"]),
        ("vercel: { fluid: true }\ngeneration: 10m", ["error"]),
        ("streams: []", []),
    ],
)
def test_infralint_yaml_says_what_the_repository_does_not(settings: str, expected: list[str], lint: Lint) -> None:
    report = lint({**VERCEL, "infralint.yaml": settings, "app/api/chat/route.ts": STREAM})
    assert [one["severity"] for one in report["findings"]] == expected


def test_require_node_is_an_error_on_edge(lint: Lint) -> None:
    route = STREAM + 'export const runtime = "edge";'
    policy = "vercel: { runtime_policy: require-node }"
    report = lint({**VERCEL, "infralint.yaml": policy, "app/api/chat/route.ts": route})
    assert problems(report) == ["app/api/chat/route.ts:3 error edge-stream-limits"]


def test_without_vercel_json_the_deployment_is_assumed(lint: Lint) -> None:
    files = {
        **NEXT,
        "infralint.yaml": "generation: 10m",
        "app/api/chat/route.ts": STREAM + "export const maxDuration = 60;",
    }
    report = lint(files)
    assert [one["severity"] for one in report["findings"]] == ["warning"]
    assert "assumed" in report["findings"][0]["message"]
    for name in ("netlify.toml", "fly.toml", "wrangler.jsonc", "Procfile"):
        assert not lint({**files, name: ""})["findings"]
        Path(name).unlink()


def test_declared_streams_reach_functions_through_rewrites(lint: Lint) -> None:
    report = lint({
        "vercel.json": '{ "rewrites": [{ "source": "/v1/:path*", "destination": "/api/:path*" }] }',
        "infralint.yaml": "streams:\n  - path: /v1/chat\n    duration: 5m\n",
        "api/chat.js": "export const config = { maxDuration: 60 };\nexport default handler;\n",
        "api/other.js": "export default handler;\n",
    })  # fmt: skip
    assert problems(report) == ["api/chat.js:1 error serverless-stream"]


def test_an_aws_style_handler_holds_its_response_back(lint: Lint) -> None:
    report = lint({
        "vercel.json": '{ "build": { "env": { "NODEJS_AWS_HANDLER_NAME": "handler" } } }',
        "api/chat.js": 'import { streamText } from "ai";\nexport default () => streamText({}).toTextStreamResponse();\n',
    })  # fmt: skip
    assert problems(report) == ["vercel.json:1 error serverless-stream"]


def test_other_forms_and_frameworks_are_named_as_seen(lint: Lint) -> None:
    result = lint({
        "apps/a/vercel.ts": "export default {};",
        "apps/b/package.json": '{ "dependencies": { "astro": "5", "@astrojs/vercel": "8" } }',
        "apps/c/vercel.json": "{}",
        "apps/c/package.json": '{ "dependencies": { "hono": "4" } }',
    })  # fmt: skip
    assert not result["findings"]
    text = run("check", ".").stdout
    for words in ("apps/a/vercel.ts", "Astro on Vercel", "Hono on Vercel"):
        assert words in text


def seen(lint: Lint, files: dict[str, str]) -> list[str]:
    """The frameworks on Vercel that the summary names as not read."""
    assert not lint(files)["findings"]
    lines = run("check", ".").stdout.splitlines()
    start = "Seen, and not read yet: "
    named = next((line.removeprefix(start) for line in lines if line.startswith(start)), "")
    return [one for one in re.split(r", | and |\.$", named) if one.endswith(" on Vercel")]


EXPRESS = {"package.json": '{ "dependencies": { "express": "5" } }'}
SSE = "app.get('/', (req, res) => res.setHeader('Content-Type', 'text/event-stream'));"


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({**EXPRESS, "src/index.ts": SSE}, "Express"),
        ({"package.json": '{ "dependencies": { "fastify": "5" } }', "server.js": SSE}, "Fastify"),
        ({"package.json": '{ "dependencies": { "koa": "3" } }', "app.mjs": SSE}, "Koa"),
        ({"package.json": '{ "dependencies": { "elysia": "1" } }', "index.ts": SSE}, "Elysia"),
        (
            {"package.json": '{ "dependencies": { "@nestjs/core": "11", "express": "5" } }', "src/main.ts": SSE},
            "NestJS",
        ),
        ({"requirements.txt": "uvicorn\nfastapi[standard]==0.115\n", "main.py": ""}, "FastAPI"),
        ({"pyproject.toml": '[project]\ndependencies = ["Flask>=3"]\n', "app.py": ""}, "Flask"),
        ({"requirements.txt": "Django\n", "manage.py": ""}, "Django"),
        ({"vercel.json": '{ "framework": "fastapi" }', "server/web.py": ""}, "FastAPI"),
        ({"vercel.json": '{ "framework": "express" }', "server/web.ts": SSE}, "Express"),
    ],
)
def test_a_server_that_vercel_deploys_from_its_entry_file_is_named_as_seen(
    files: dict[str, str], name: str, lint: Lint
) -> None:
    assert seen(lint, {"vercel.json": "{}", **files}) == [f"{name} on Vercel"]


@pytest.mark.parametrize(
    "files",
    [
        {**EXPRESS, "src/index.ts": SSE},
        {"vercel.json": "{}", **EXPRESS, "scripts/mock.ts": SSE},
        {"vercel.json": "{}", **EXPRESS, "src/app.ts": "export default 1;", "api/index.ts": "export default 1;"},
        {"vercel.json": '{ "builds": [{ "src": "index.js", "use": "@vercel/node" }] }', **EXPRESS, "index.js": ""},
        {"vercel.json": "{}", "requirements.txt": "fastapi\n", "api/index.py": "app = 1\n"},
        {"vercel.json": "{}", "requirements.txt": "# fastapi\nfastapi-utils-lookalike\n", "main.py": ""},
        {"vercel.json": "{}", "requirements.txt": "fastapi\n", "tools/check.py": ""},
    ],
    ids=[
        "no Vercel",
        "no entry file",
        "read below api/",
        "builds",
        "read below api/ too",
        "other packages",
        "no entry",
    ],
)
def test_no_server_is_named_where_vercel_deploys_none_or_it_is_read(files: dict[str, str], lint: Lint) -> None:
    assert not seen(lint, files)


def test_services_that_are_not_read_are_named(lint: Lint) -> None:
    services = """{ "services": {
        "web": { "root": "web", "framework": "nextjs" }, "page": { "root": "page", "framework": "vite" },
        "answers": { "root": "answers" }, "worker": { "entrypoint": "worker/main.go" } } }"""
    assert seen(lint, {
        "vercel.json": services,
        "web/package.json": NEXT["package.json"],
        "answers/requirements.txt": "fastapi\n",
    }) == ["FastAPI on Vercel", "the service worker on Vercel"]  # fmt: skip


VERCEL_TS = {"vercel.ts": "export const config = { functions: { 'app/**': { maxDuration: 300 } }, fluid: true };"}


def test_a_duration_that_vercel_ts_may_set_can_not_be_told(lint: Lint) -> None:
    routes = {f"app/api/{one}/route.ts": STREAM for one in ("chat", "title")}
    report = lint({**VERCEL_TS, **NEXT, **routes})
    assert not report["findings"]
    assert [one["location"]["path"] for one in report["unknown"]] == ["vercel.ts"]
    assert "vercel.ts, which is not read yet, may set it" in report["unknown"][0]["message"]
    assert report["status"] == 0


def test_a_duration_in_a_next_routes_own_file_counts_before_vercel_ts(lint: Lint) -> None:
    report = lint({**VERCEL_TS, **NEXT, "app/api/chat/route.ts": STREAM + "export const maxDuration = 30;"})
    assert problems(report) == ["app/api/chat/route.ts:3 warning serverless-stream"]
    assert "assumed" not in report["findings"][0]["message"]


def test_vercel_ts_may_overrule_a_plain_functions_own_duration(lint: Lint) -> None:
    code = "export const config = { maxDuration: 30 };\n" + STREAM
    report = lint({**VERCEL_TS, "api/chat.ts": code})
    assert not report["findings"]
    assert [one["location"]["path"] for one in report["unknown"]] == ["vercel.ts"]


def test_vercel_json_counts_where_both_stand(lint: Lint) -> None:
    report = lint({**VERCEL_TS, **VERCEL, "app/api/chat/route.ts": STREAM})
    assert problems(report) == ["app/api/chat/route.ts:2 warning serverless-stream"]


@pytest.mark.parametrize("path", ["lib/vercel.ts", "src/providers/vercel.ts"])
def test_a_module_that_is_called_vercel_proves_nothing(path: str, lint: Lint) -> None:
    folder = path.rpartition("/")[0]
    report = lint({path: "export default createVercel();", f"{folder}/api/chat.ts": STREAM})
    assert not report["findings"]
    assert not report["unknown"]


def test_functions_and_nginx_of_one_repository_do_not_meet(lint: Lint) -> None:
    nginx = "events {}\nhttp { server { location / { proxy_pass http://app; proxy_read_timeout 300s; proxy_buffering off; } } }\n"
    report = lint({**VERCEL, "app/api/chat/route.ts": STREAM, "nginx.conf": nginx})
    assert problems(report) == ["app/api/chat/route.ts:2 warning serverless-stream"]


def test_a_self_hosted_application_says_what_streams_behind_nginx(lint: Lint) -> None:
    report = lint({
        **NEXT,
        "next.config.js": 'module.exports = { output: "standalone" };',
        "app/answers/route.ts": STREAM,
        "nginx.conf": "events {}\nhttp { server {\nlocation /answers { proxy_pass http://app:3000; } } }\n",
    }, "--select", "buffered-stream")  # fmt: skip
    assert [(one["location"]["path"], one["severity"]) for one in report["findings"]] == [("nginx.conf", "warning")]
    assert "app/answers/route.ts:2" in report["findings"][0]["stream"]["because"]


def test_a_commented_setting_is_pointed_at(lint: Lint) -> None:
    report = lint({**VERCEL, "app/api/chat/route.ts": "// export const maxDuration = 300\n" + STREAM})
    assert [one["location"]["line"] for one in report["findings"][0]["related"]] == [1]


def test_no_file_outside_a_vercel_project_is_parsed(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    from infralint.sources.vercel import javascript

    original = javascript._parse
    monkeypatch.setattr(javascript, "_parse", lambda path, content: parsed.append(path) or original(path, content))
    lint({
        **VERCEL,
        "app/api/chat/route.ts": STREAM + 'import "../../../lib/a";',
        "app/api/user/route.ts": "export const GET = () => Response.json({});",
        "lib/a.ts": "export const a = 1;",
        "server/stream.ts": STREAM,
        "node_modules/ai/index.js": STREAM,
    })  # fmt: skip
    assert parsed == ["app/api/chat/route.ts"]


DOCKER = "FROM node:22\nCOPY . .\nCMD {command}\n"


@pytest.mark.parametrize(
    ("files", "hosted"),
    [
        ({"Dockerfile": DOCKER.format(command='["npx", "next", "start"]')}, True),
        ({"Dockerfile": DOCKER.format(command="npm run start")}, True),
        ({"docker/web.Dockerfile": DOCKER.format(command='["node", "server.js"]')}, True),
        ({"next.config.ts": 'export default { output: "standalone" } satisfies NextConfig;'}, True),
        ({"next.config.js": "module.exports = { output: process.env.DOCKER && 'standalone' };"}, True),
        ({"Dockerfile": DOCKER.format(command='["python", "worker.py"]')}, False),
        ({"worker/Dockerfile": DOCKER.format(command="npm start")}, False),
        ({"next.config.js": "module.exports = { reactStrictMode: true }; // output: 'standalone'"}, False),
    ],
)
def test_who_hosts_itself_gets_no_findings_about_functions(files: dict[str, str], hosted: bool, lint: Lint) -> None:
    report = lint({**NEXT, "app/api/chat/route.ts": STREAM, **files})
    assert problems(report) == ["app/api/chat/route.ts:2 warning serverless-stream"] * (not hosted)


def test_a_vercel_json_proves_vercel_beside_a_dockerfile(lint: Lint) -> None:
    docker = {"Dockerfile": DOCKER.format(command="npm start")}
    report = lint({**NEXT, **VERCEL, **docker, "app/api/chat/route.ts": STREAM})
    assert problems(report) == ["app/api/chat/route.ts:2 warning serverless-stream"]


@pytest.mark.parametrize(
    ("scripts", "next_version", "check"),
    [
        ("next build", "16.4.6", "edge-stream-limits"),
        ("next build --webpack", "16.4.6", "serverless-stream"),
        ("next build", "^15.1.0", "serverless-stream"),
        ("next build --turbopack", "^15.5.0", "edge-stream-limits"),
        ("next build", "latest", ""),
    ],
)
def test_a_layouts_runtime_reaches_handlers_with_turbopack_alone(
    scripts: str, next_version: str, check: str, lint: Lint
) -> None:
    report = lint({
        **VERCEL,
        "package.json": f'{{ "scripts": {{ "build": "{scripts}" }}, "dependencies": {{ "next": "{next_version}" }} }}',
        "src/app/layout.tsx": 'export const runtime = "edge";\nexport default Layout;\n',
        "src/app/(chat)/api/route.ts": STREAM,
    })  # fmt: skip
    assert [one["check"] for one in report["findings"]] == [check] * bool(check)
    assert len(report["unknown"]) == (not check)


def test_a_finding_can_be_ignored_where_the_handler_stands(lint: Lint) -> None:
    imported, handler = STREAM.splitlines()
    comment = "// infralint: ignore[serverless-stream] because titles are short"
    report = lint({**VERCEL, "app/api/title/route.ts": f"{imported}\n{comment}\n{handler}\n"})
    assert not report["findings"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"routes": [{"src": "/api/(", "dest": "/a"}]}', 'routes[0]: "src": "/api/(": is not a regular expression'),
        ('{"routes": [{"handle": "filesystem"}, {"src": "/[z-a]"}]}', "routes[1]: "),
        ('{"routes": [{"src": 5}]}', 'routes[0]: "src": expected a text'),
        ('{"rewrites": [7]}', "rewrites[0]: expected an object"),
        ('{"rewrites": [{"source": 5, "destination": "/"}]}', 'rewrites[0]: "source": expected a text'),
        ('{"rewrites": [{"source": "/a", "destination": []}]}', 'rewrites[0]: "destination": expected a text'),
        ('{"rewrites": [{"source": "/a"}]}', 'rewrites[0]: "destination" is missing'),
        ('{"redirects": [{"source": "/:a(", "destination": "/"}]}', "has a ( that is not closed"),
        ('{"headers": [{"source": "/:a(", "headers": []}]}', "has a ( that is not closed"),
    ],
)
def test_an_entry_that_vercel_refuses_is_unreadable(text: str, message: str, lint: Lint) -> None:
    report = lint({"vercel.json": text, "app/api/chat/route.ts": STREAM})
    [unreadable] = report["unreadable"]
    assert message in unreadable["message"]
    assert unreadable["message"].endswith("; Vercel refuses the deploy")
    assert report["status"] == 2


@pytest.mark.parametrize(
    "text",
    [
        '{"routes": [{"src": "/(?!api)(?<x>[^/]*?)/?", "dest": "/a?x=$x"}, {"handle": "miss"}, {"src": "/[]a", "dest": "/"}]}',
        '{"routes": [{"src": "/.*", "headers": {"a": "b"}, "continue": true}]}',
        '{"rewrites": [{"source": "/a", "destination": {"service": "api"}}]}',
        '{"headers": [{"source": "/(.*)", "headers": [{"key": "a", "value": "b"}]}]}',
    ],
)
def test_an_entry_that_vercel_takes_is_read(text: str, lint: Lint) -> None:
    assert not lint({"vercel.json": text})["unreadable"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "next.config.js",
            "module.exports = { rewrites() { return [ }\n",
            "can't be parsed, so what it says may not be seen",
        ),
        ("next.config.mjs", "export default { x: = 1 }\n", "can't be parsed, so what it says may not be seen"),
        (
            "next.config.mjs",
            "export default { rewrites: () => [{ source: '/x/:p(', destination: 'https://a.example.com' }] }\n",
            '"source": "/x/:p(": has a ( that is not closed; Next.js refuses it',
        ),
    ],
)
def test_a_next_config_that_next_refuses_is_unreadable(name: str, text: str, message: str, lint: Lint) -> None:
    report = lint({**NEXT, name: text, "app/api/chat/route.ts": STREAM})
    assert [entry["message"] for entry in report["unreadable"]] == [message]
    assert problems(report)
    assert report["status"] == 2


@pytest.mark.parametrize(
    ("rewrites", "is_computed"),
    [
        ("rewrites() { return make() }", True),
        ("async rewrites() { return list }", True),
        ("rewrites: async () => [...list]", True),
        ("rewrites() { return [] }", False),
        ("rewrites() { return [{ source: '/a', destination: '/b' }] }", False),
        ("compress: make()", False),
    ],
)
def test_rewrites_that_are_computed_are_not_passed_over(rewrites: str, is_computed: bool, lint: Lint) -> None:
    report = lint({**NEXT, "next.config.mjs": f"export default {{ {rewrites} }}\n", "app/api/chat/route.ts": STREAM})
    assert ("next.config.mjs:1: what `rewrites` gives is computed" in report.get("unfollowed", [])) == is_computed
