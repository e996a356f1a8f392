"""Time and memory on a generated monorepo of 5,000 routes, against walking and reading the same files; and on one
application whose 107 routes reach into 5,000 modules that import each other, few of which stream.

python tests/bench/bench_vercel.py [ROUTES]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from infralint.engine.registry import built_in_folder, load_checks
from infralint.engine.run import lint
from infralint.project import Project
from infralint.project.config import Settings
from infralint.sources import vercel

APPLICATIONS = 20
PLAIN = """import {{ NextResponse }} from "next/server";
import {{ db }} from "@/lib/db";

export async function GET(request: Request, {{ params }}: {{ params: Promise<{{ id: string }}> }}) {{
  const {{ id }} = await params;
  const rows = await db.query("select * from items where id = $1 and kind = {number}", [id]);
  return NextResponse.json({{ rows }});
}}
"""
STREAMING = """import {{ auth }} from "@/lib/auth";
import {{ respond }} from "@/lib/respond";

export const maxDuration = {number};

export const POST = auth(async (request: Request) => respond(await request.json()));
"""
LIBRARY = {
    "lib/db.ts": "export const db = { query: async (text: string, values: unknown[]) => [{ text, values }] };\n",
    "lib/auth.ts": "export const auth = (handler) => async (request) => handler(request);\n",
    "lib/respond.ts": 'import { streamText } from "ai";\n'
    "export const respond = (messages) => streamText({ messages }).toUIMessageStreamResponse();\n",
    "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }\n',
    "package.json": '{ "scripts": { "build": "next build" }, "dependencies": { "next": "16.4.6" } }\n',
    "vercel.json": '{ "functions": { "app/api/**/*": { "maxDuration": 60 } } }\n',
}


def generate(root: Path, routes: int) -> None:
    """One route in ten streams, through a helper; as many components stand beside the routes."""
    for number in range(APPLICATIONS):
        for name, text in LIBRARY.items():
            _write(root / f"apps/a{number}" / name, text)
    for number in range(routes):
        application = root / f"apps/a{number % APPLICATIONS}"
        text = (PLAIN if number % 10 else STREAMING).format(number=number % 600 + 1)
        _write(application / f"app/api/group{number % 7}/route{number}/[id]/route.ts", text)
        _write(
            application / f"components/component{number}.tsx", f"export const C{number} = () => <p>{number}</p>;\n" * 20
        )


MODULE = """import {{ m{first} }} from "@/services/s{first}";
import {{ m{second} }} from "@/services/s{second}";

/** Upstream of the {number}th service: what it gets is read as a stream of rows. */
export async function m{number}(input) {{
  const rows = [];
  for (const part of input.parts ?? []) {{
    const found = part.kind === "a" ? await m{first}(part) : {{ ...part, body: part.body }};
    if (found) rows.push({{ id: part.id, text: `${{part.text}} of {number}`, found }});
  }}
  return rows.length ? rows : m{second}(input);
}}
{filler}"""
FILLER = (
    "export const c{number}_{line} = (a, b) => (a > b ? {{ a, b: [a, b, {line}] }} : {{ b, a: `${{a}}-${{b}}` }});\n"
)


def generate_deep(root: Path, routes: int = 107, modules: int = 5000) -> None:
    """One application: each route imports six services, each service two others; one service in fifty streams."""
    for name, text in LIBRARY.items():
        _write(root / name, text)
    for number in range(modules):
        first, second = (number * 7 + 1) % modules, (number * 13 + 5) % modules
        filler = "".join(FILLER.format(number=number, line=line) for line in range(60))
        text = MODULE.format(number=number, first=first, second=second, filler=filler)
        text += "export const answer = () => new Response(new ReadableStream({}));\n" if number % 50 == 0 else ""
        _write(root / f"services/s{number}.ts", text)
    for number in range(routes):
        used = [(number * 31 + index * 17) % modules for index in range(6)]
        imports = "".join(f'import {{ m{service} }} from "@/services/s{service}";\n' for service in used)
        calls = ", ".join(f"await m{service}(input)" for service in used)
        body = f"const input = await request.json(); return Response.json([{calls}]);"
        route = f"{imports}export async function POST(request) {{ {body} }}\n"
        _write(root / f"app/api/r{number}/route.ts", route)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def read_all(root: Path) -> int:
    """The cheapest honest baseline: walk, and read every route and what routes import."""
    project = Project(root, Settings(), root)
    wanted = [path for path in project.files if "/app/" in path or "/lib/" in path or path.endswith(".json")]
    return sum(len(project.bytes(path)) for path in wanted)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """The best of three, in seconds, and what came out."""
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        found = work()
        runs.append(time.perf_counter() - start)
    return min(runs), found


def main() -> None:
    routes = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    checks = load_checks(built_in_folder())
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        generate(root, routes)
        base, _ = timed(lambda: read_all(root))
        full, report = timed(lambda: lint(Project(root, Settings(), root), checks))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        generate_deep(root)
        deep, _ = timed(lambda: vercel.read(Project(root, Settings(), root)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{routes} routes: walk and read {base:.2f} s, lint {full:.2f} s ({full / routes * 1e3:.2f} ms a route,")
    print(f"{full / base:.1f} times the baseline), {memory:.0f} MB at most, {len(report.findings)} findings")
    print(f"107 routes over 5,000 modules: read {deep:.2f} s")


if __name__ == "__main__":
    main()
