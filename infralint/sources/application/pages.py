"""What pages open that are sent as they are: scripts within HTML and templates, and plain scripts beside them."""

from __future__ import annotations

import re

from infralint.project.names import FileNames
from infralint.sources.application.clients import CLIENT_WORDS
from infralint.sources.application.languages import JAVASCRIPT
from infralint.sources.application.manifests import is_aside
from infralint.sources.application.syntax import HOLE, SourceModule, scripts_of
from infralint.text.lazy import lazy

PAGE_WORDS = (*CLIENT_WORDS, "socket.io")
"""One of these stands in each page that opens a stream."""
_DOCUMENTS = "html htm ejs hbs handlebars mustache erb j2 jinja jinja2 njk twig cshtml jsp gohtml tmpl php".split()
_DOCUMENT = lazy(rf"\.(?:{'|'.join(_DOCUMENTS)})$")
_PLAIN_SCRIPT = lazy(r"(?:^|/)(?:public|static|assets|www|wwwroot)/(?:.*/)?[^/]+\.m?js$")
_SENT = lazy(r"(?:^|(?<=/))(?:public|static|assets|templates?)/")
_ASIDE = lazy(r"(?:^|/)(?:libs?|plugins?|[^/]*(?:test|demo|example|swagger|redoc)[^/]*)(?:/|$)|\.min\.", re.IGNORECASE)
_NO_SCRIPT = lazy(
    r"<script\b[^>]{0,1000}?\btype\s*=\s*(?![\"']?(?:module|(?:text|application)/(?:java|ecma)script|text/babel))[^>]{0,1000}>.*?(?:</script>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_STEP = lazy(r"\{[{%#]|\{!!|<%[=-]?|<\?(?:=|php)")
_CLOSERS = {
    "{{": "}}",
    "{!!": "!!}",
    "<%=": "%>",
    "<%-": "%>",
    "<?=": "?>",
    "{%": "%}",
    "{#": "#}",
    "<%": "%>",
    "<?php": "?>",
}
_SAYING = ("{{", "{!!", "<%=", "<%-", "<?=")
"""Steps of a template whose value stands in the page."""


def page_files(names: FileNames) -> list[str]:
    """The files that may be such pages or scripts."""
    scripts = [path for path in names.find_ending("js", "mjs") if _PLAIN_SCRIPT.search(path)]
    return sorted(path for path in (*names.find_ending(*_DOCUMENTS), *scripts) if not _is_aside(path))


def _is_aside(path: str) -> bool:
    return _ASIDE.search(path) is not None or is_aside(_SENT.sub("", path), lambda _: b"")


def page_module(path: str, content: bytes) -> SourceModule:
    """The scripts of a page, in its lines; what a template fills in is not known."""
    from ast_grep_py import SgRoot

    whole = content.decode("utf-8", "replace").removeprefix("\ufeff")
    text = whole
    if _DOCUMENT.search(path):
        text = _NO_SCRIPT.sub(lambda found: _blank(found[0], " "), text)
        text = scripts_of(_without_steps(text), "html")
    return SourceModule(path, JAVASCRIPT, "javascript", whole, SgRoot(text, "javascript").root())


def _without_steps(text: str) -> str:
    """A page without the steps of its template: a hole is where one has a value."""
    parts = []
    unclosed: set[str] = set()
    at = 0
    for found in _STEP.finditer(text):
        closer = _CLOSERS[found[0]]
        if found.start() < at or closer in unclosed:
            continue
        end = text.find(closer, found.end())
        if end < 0:
            unclosed.add(closer)
            continue
        end += len(closer)
        parts += [text[at : found.start()], _blank(text[found.start() : end], HOLE if found[0] in _SAYING else " ")]
        at = end
    return "".join((*parts, text[at:]))


def _blank(text: str, with_what: str) -> str:
    """A text of which nothing but the ends of its lines is left."""
    return re.sub(r"[^\n]", with_what, text)
