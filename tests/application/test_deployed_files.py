"""Which files of an application are deployed: asked for one, and for all of them at once."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

from infralint.project.names import FileNames
from infralint.sources.application.manifests import DeployedFiles

DEPLOYED = (
    "app.py",
    "src/contest.ts",
    "src/setups.ts",
    "src/chat.v2.ts",
    "src/my_chat.py",
    "src/chat",
    "public/index.php",
    "web/public/chat.php",
    "src/test_session.py",
    "src/main/java/com/example/demo/ChatController.java",
    "chat/src/main/kotlin/com/example/build/Chat.kt",
    "app/api/test/route.ts",
    "web/src/app/demo/build/route.ts",
    "web/pages/api/examples/chat.ts",
    "src/routes/demo/+server.ts",
)
ASIDE = (
    "conftest.py",
    "setup.py",
    "src/gulpfile.js",
    "src/chat.test.ts",
    "src/chat_test.go",
    "src/vite.config.ts",
    "public/chat.js",
    "tests/chat.php",
    "web/tests/chat.py",
    "templates/public/cookbook/chat.php",
    "src/test_chat.py",
    "src/test/java/com/acme/ChatTests.java",
    "proxy/src/jvmTest/kotlin/Chat.kt",
    "src/integrationTest/java/com/acme/Chat.java",
    "examples/chat/src/main/java/com/acme/Chat.java",
    "examples/app/api/chat/route.ts",
    "app/node_modules/next/app/demo/route.js",
    "app/.next/server/app/test/route.js",
    "app/__tests__/route.ts",
    "pages/api/test/chat.test.ts",
    "src/test/route.ts",
)
TEXTS = {"src/test_chat.py": b"import pytest\n"}


@pytest.mark.parametrize("path", DEPLOYED + ASIDE)
def test_a_file_is_deployed(path: str) -> None:
    files = DeployedFiles(FileNames([path]), lambda path: TEXTS.get(path, b""))
    assert (path in files) is (path in DEPLOYED)
    assert list(files) == ([path] if path in DEPLOYED else [])


@pytest.mark.parametrize(
    ("compose", "folder", "is_deployed"),
    [
        ("docker-compose.yml", "demo", True),
        ("docker-compose.yml", "web/docs", True),
        ("docker-compose.yml", "tests/server", False),
        ("docker-compose.yml", "other", False),
        ("examples/docker-compose.yml", "demo", False),
    ],
)
def test_what_compose_builds_is_deployed_whatever_it_is_called(
    compose: str, folder: str, is_deployed: bool, lint: Lint
) -> None:
    home = "demo" if folder == "other" else folder
    up = "../" if "/" in compose else "./"
    services = f"services: {{ api: {{ build: {up}{folder} }}, web: {{ image: nginx }} }}\n"
    code = (
        "from fastapi import FastAPI\nfrom fastapi.responses import StreamingResponse\napp = FastAPI()\n\n"
        "@app.post('/api/chat')\ndef chat():\n    return StreamingResponse(tokens(), media_type='text/event-stream')\n"
    )
    report = lint(
        {
            compose: services,
            "nginx.conf": "server {\n  location /api/ { proxy_pass http://api:8000; }\n}\n",
            f"{home}/requirements.txt": "fastapi\nuvicorn\n",
            f"{home}/main.py": code,
        }
    )
    found = [line for line in problems(report, "buffered-stream") if " note " not in line]
    assert bool(found) is is_deployed
