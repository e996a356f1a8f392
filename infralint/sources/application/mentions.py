"""Whether a project has to do with streams or models at all: what it depends on says so."""

from __future__ import annotations

from collections.abc import Iterator

from infralint.model import Evidence, Location
from infralint.project import CantRead, Project
from infralint.text.lazy import lazy

_MANIFESTS = (
    "package.json", "requirements*.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "go.mod", "Gemfile",
    "composer.json", "Cargo.toml", "mix.exs", "pom.xml", "build.gradle*", "*.csproj",
)  # fmt: skip
_SPEAKS = lazy(
    rb"""(?<![\w@/-])(?:@ai-sdk/[\w-]+|@anthropic-ai/[\w-]+|@langchain/[\w-]+|@modelcontextprotocol/[\w-]+|@google/genai"""
    rb"""|openai|anthropic|langchain[\w-]*|langgraph[\w-]*|llama[-_]index[\w-]*|llama[-_]cpp[-_]python|litellm|ollama|vllm"""
    rb"""|transformers|google-generativeai|google-genai|mistralai|cohere|groq|replicate|huggingface[-_]hub|semantic-kernel"""
    rb"""|fastmcp|mcp|sse-starlette|socket\.io|python-socketio|flask-socketio|flask-sock|streamlit|gradio|chainlit|channels"""
    rb"""|ws|sockjs|faye-websocket|websockets|eventsource[\w-]*|ai)(?=["'\s=<>~^!\[;,@]|$)""",
)


def mentions(project: Project) -> Iterator[Evidence]:
    """The first dependency of each manifest that streams, or talks to a model."""
    for path in project.named(*_MANIFESTS):
        try:
            content = project.bytes(path)
        except CantRead:
            continue
        if found := _SPEAKS.search(content):
            line = content.count(b"\n", 0, found.start()) + 1
            name = found[0].decode(errors="replace")
            yield Evidence("name", f"it depends on {name}", Location(project.shown(path), line))
