"""Which files of an application are deployed: asked for one, and for all of them at once."""

from __future__ import annotations

import pytest

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
    "examples/chat/src/main/java/com/acme/Chat.java",
)
TEXTS = {"src/test_chat.py": b"import pytest\n"}


@pytest.mark.parametrize("path", DEPLOYED + ASIDE)
def test_a_file_is_deployed(path: str) -> None:
    files = DeployedFiles(FileNames([path]), lambda path: TEXTS.get(path, b""))
    assert (path in files) is (path in DEPLOYED)
    assert list(files) == ([path] if path in DEPLOYED else [])
