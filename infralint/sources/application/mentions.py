"""Whether a project has to do with streams or models at all: what it depends on says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import Pattern

from infralint.model import StreamKind
from infralint.project import CantRead, Project
from infralint.text.lazy import lazy

_MANIFESTS = (
    "package.json", "requirements*.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "go.mod", "Gemfile",
    "composer.json", "Cargo.toml", "mix.exs", "pom.xml", "build.gradle*", "*.csproj",
)  # fmt: skip
_BEFORE, _BEHIND = rb"(?<![\w@/-])(?:", rb""")(?=["'\s=<>~^!\[;,@]|$)"""
_SPEAKS: tuple[tuple[StreamKind, Pattern[bytes]], ...] = (
    (
        "sse",
        lazy(
            _BEFORE
            + rb"@ai-sdk/[\w-]+|@anthropic-ai/[\w-]+|@langchain/[\w-]+|@modelcontextprotocol/[\w-]+|@google/genai"
            rb"|openai|anthropic|langchain[\w-]*|langgraph[\w-]*|llama[-_]index[\w-]*|llama[-_]cpp[-_]python|litellm|ollama|vllm"
            rb"|transformers|google-generativeai|google-genai|mistralai|cohere|groq|replicate|huggingface[-_]hub|semantic-kernel"
            rb"|@aws-sdk/client-bedrock[\w-]*|@google-cloud/vertexai|@azure/openai|google-cloud-aiplatform|dashscope|zhipuai"
            rb"|fastmcp|mcp|sse-starlette|gradio|eventsource[\w-]*|ai" + _BEHIND
        ),
    ),
    (
        "websocket",
        lazy(
            _BEFORE
            + rb"socket\.io|python-socketio|flask-socketio|flask-sock|streamlit|chainlit|channels|ws|sockjs|faye-websocket|websockets"
            + _BEHIND
        ),
    ),
)

_FROZEN = lazy(rb"^h11\s*==", re.MULTILINE)
"""A package that nobody lists by hand: uvicorn and httpx bring it along. A list that has it was written by `pip freeze` or
a resolver, and names all that is installed."""
_BROUGHT_ALONG = lazy(rb"^websockets\s*==.*$", re.MULTILINE)
"""What servers bring along for whoever may need it: https://www.uvicorn.org/installation/"""
_SERVERS = lazy(rb"^(?:uvicorn|sanic)(?:\[[^\]]*\])?\s*==", re.MULTILINE)


def _without_brought_along(content: bytes) -> bytes:
    """A manifest without what it names only because a server was installed."""
    if _FROZEN.search(content) and _SERVERS.search(content):
        return _BROUGHT_ALONG.sub(b"", content)
    return content


def mentions(project: Project) -> Iterator[StreamKind]:
    """The kinds of streams of which a dependency of some manifest speaks: it streams, or talks to a model."""
    for path in project.files_named(*_MANIFESTS):
        try:
            content = _without_brought_along(project.bytes(path))
        except CantRead:
            continue
        yield from (kind for kind, words in _SPEAKS if words.search(content))
