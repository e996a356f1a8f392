"""amplify.yml: what Amplify Hosting does to the streams of a Next.js application."""

from __future__ import annotations

import pytest
from conftest import Lint, problems

ROUTE = """import { streamText } from "ai";
import { openai } from "@ai-sdk/openai";

export async function POST(request: Request) {
  const { messages } = await request.json();
  return streamText({ model: openai("gpt-5"), messages }).toUIMessageStreamResponse();
}
"""
PACKAGE = '{"dependencies": {"next": "16.0.0", "ai": "5.0.0", "@ai-sdk/openai": "2.0.0"}}'
BUILD = """version: 1
frontend:
  phases: {build: {commands: [npm run build]}}
  artifacts:
    baseDirectory: FOLDER
"""
MONOREPO = """version: 1
applications:
  - appRoot: apps/web
    frontend:
      artifacts:
        baseDirectory: .next
"""


def application(folder: str = "") -> dict[str, str | bytes]:
    return {f"{folder}package.json": PACKAGE, f"{folder}app/api/chat/route.ts": ROUTE}


def test_it_holds_streams_back_and_ends_them(lint: Lint) -> None:
    report = lint({"amplify.yml": BUILD.replace("FOLDER", ".next"), **application()})
    assert problems(report, "buffered-stream") == ["amplify.yml:5 warning buffered-stream"]
    assert problems(report, "capped-stream") == ["amplify.yml:5 warning capped-stream"]
    legs = report["findings"][0]["trace"]["legs"]
    assert [leg["hop"]["location"]["path"] for leg in legs] == ["amplify.yml", "app/api/chat/route.ts"]
    assert "unsupported" not in report


def test_an_application_of_a_monorepo(lint: Lint) -> None:
    report = lint({"amplify.yml": MONOREPO, **application("apps/web/")})
    assert problems(report, "buffered-stream") == ["amplify.yml:6 warning buffered-stream"]


@pytest.mark.parametrize("folder", ["dist", "build", "out"])
def test_files_alone_are_nothing_to_judge(folder: str, lint: Lint) -> None:
    report = lint({"amplify.yml": BUILD.replace("FOLDER", folder), "package.json": '{"name": "site"}'})
    assert report["findings"] == []
    assert "unsupported" not in report


def test_a_broken_file_is_named(lint: Lint) -> None:
    report = lint({"amplify.yml": "frontend: [\n"})
    assert (report["status"], report["unreadable"][0]["location"]["path"]) == (2, "amplify.yml")
