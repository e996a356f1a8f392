"""Reporters of traces: each a module with `render(report, shown) -> str`, imported when somebody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infralint.engine.tracing import TraceReport
    from infralint.reporters.trace_text import TraceShown

TRACE_REPORTERS = {
    "text": "infralint.reporters.trace_text",
    "json": "infralint.reporters.trace_json",
    "mermaid": "infralint.reporters.trace_mermaid",
    "svg": "infralint.reporters.trace_svg",
    "html": "infralint.reporters.trace_html",
}


def render_trace(name: str, report: TraceReport, shown: TraceShown) -> str:
    """The traces in the format of this name."""
    from importlib import import_module

    return str(import_module(TRACE_REPORTERS[name]).render(report, shown))
