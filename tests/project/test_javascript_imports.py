"""Where JavaScript imports lead, told from files alone: what TypeScript and Node would take."""

from __future__ import annotations

import pytest

from infralint.project.javascript_imports import JavaScriptImports

FILES = {
    "web/tsconfig.json": b'{"extends": "./base", "compilerOptions": {}, /* Next.js */}',
    "web/base.json": b'{"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["./lib/*"], "config": ["./settings.ts"],}}}',
    "web/app/route.ts": b"",
    "web/lib/model.ts": b"",
    "web/settings.ts": b"",
    "web/old/view.tsx": b"",
    "web/old/index.js": b"",
    "packages/ai/package.json": b'{"name": "@acme/ai", "exports": {".": {"source": "./src/main.ts"}, "./edge": "./src/edge.ts"}}',
    "packages/ai/src/main.ts": b"",
    "packages/ai/src/edge.ts": b"",
    "packages/ai/src/tools.ts": b"",
    "packages/broken/package.json": b'{"name": ',
    "api/server.ts": b"",
    "api/lib/model.ts": b"",
}


@pytest.mark.parametrize(
    ("importer", "specifier", "file"),
    [
        ("web/app/route.ts", "@/model", "web/lib/model.ts"),
        ("web/app/route.ts", "config", "web/settings.ts"),
        ("web/app/route.ts", "settings", "web/settings.ts"),
        ("web/app/route.ts", "../old/view", "web/old/view.tsx"),
        ("web/app/route.ts", "../old/view.js", "web/old/view.tsx"),
        ("web/app/route.ts", "../old", "web/old/index.js"),
        ("web/app/route.ts", "../../../outside", None),
        ("web/app/route.ts", "react", None),
        ("api/server.ts", "@acme/ai", "packages/ai/src/main.ts"),
        ("api/server.ts", "@acme/ai/edge", "packages/ai/src/edge.ts"),
        ("api/server.ts", "@acme/ai/tools", "packages/ai/src/tools.ts"),
        ("api/server.ts", "~habit/model", "api/lib/model.ts"),
    ],
)
def test_where_an_import_leads(importer: str, specifier: str, file: str | None) -> None:
    def habits(folder: str, wanted: str) -> list[str]:
        return [f"{folder}/lib/{wanted.removeprefix('~habit/')}"] if wanted.startswith("~habit/") else []

    endings = (".ts", ".tsx", ".js")
    manifests = [path for path in FILES if path.endswith("package.json")]
    imports = JavaScriptImports(
        FILES.keys(), lambda path: FILES[path], lambda: manifests, endings, lambda *at: iter(habits(*at))
    )
    assert imports.resolve(importer, specifier) == file
