"""Paths of routes: how frameworks write what varies, and how a prefix and a path make one.

`*` stands for one segment, `**` for the rest. A path whose beginning is not known begins with `**`.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from infralint.sources.application.syntax import HOLE
from infralint.text.lazy import lazy

Style = Literal["braces", "angles", "colons", "regex", "brackets", "plain", "go", "servemux", "spring"]


class Path(msgspec.Struct, frozen=True):
    """A path from its application's root; whole: false where something unknown stands before it."""

    text: str
    whole: bool = True

    @property
    def shown(self) -> str:
        """As it is reported: `/api/chat/*`, `**/stream`."""
        if not self.whole:
            return f"**{self.text if self.text != '/' else ''}"
        return self.text or "/"

    def join(self, tail: Path) -> Path:
        """This path as a prefix of another."""
        if not tail.whole:
            return tail
        start, end = self.text.rstrip("/"), tail.text.lstrip("/")
        if not tail.text:
            return Path(self.text, self.whole)
        return Path(f"{start}/{end}", self.whole)


ROOT = Path("")
ANYWHERE = Path("/**")
UNKNOWN = Path("", whole=False)

_PARAMETERS: dict[str, list[tuple[str, str]]] = {
    "braces": [
        (r"\{[^{}]*:path\}", "**"),
        (r"\{\*[^{}]*\}|\{[^{}]*\.\.\.\}", "**"),
        (r"\{(?:[^{}]|\{[^{}]*\})*\}", "*"),
    ],
    "angles": [(r"<path:[^<>]*>", "**"), (r"<[^<>]*>", "*")],
    "colons": [
        (r"/\*\w*$|/:\w+\*$|/:\w+\+$|/\{\*\w+\}$", "/**"),
        (r"\(\.\*\)|(?<!\*)\*\w*$", "**"),
        (r":\w+(?:\{[^{}]*\})?(?:\([^()]*\))?\??", "*"),
    ],
    "brackets": [(r"/\[\[\.\.\.[^\[\]]*\]\]$", "/**"), (r"\[\.\.\.[^\[\]]*\]", "**"), (r"\[\[?[^\[\]]*\]?\]", "*")],
    "go": [
        (r"/\*\w*$", "/**"),
        (r"\{\$\}$", ""),
        (r"\{[^{}]*\.\.\.\}", "**"),
        (r"\{(?:[^{}]|\{[^{}]*\})*\}", "*"),
        (r":\w+", "*"),
    ],
    "servemux": [
        (r"/$", "/**"),
        (r"\{\$\}$", ""),
        (r"\{[^{}]*\.\.\.\}", "**"),
        (r"\{[^{}]*\}", "*"),
    ],
    "spring": [(r"\{\*[^{}]*\}", "**"), (r"\{(?:[^{}]|\{[^{}]*\})*\}", "*")],
    "plain": [],
}


_PLACEHOLDER = lazy(r"\$\{[^{}]*\}")
"""What properties, or the environment, fill in: `${api.base}`."""


def path_of(written: str | None, style: Style) -> Path:
    """A path as the framework writes it; None: it is computed."""
    if written is None:
        return UNKNOWN
    if style == "regex":
        return _from_regex(written)
    if style == "spring":
        written = _PLACEHOLDER.sub(HOLE, written)
    for pattern, replacement in _PARAMETERS[style]:
        written = re.sub(pattern, replacement, written)
    return _without_holes(written)


def _without_holes(written: str) -> Path:
    if HOLE not in written:
        return Path(f"/{written.lstrip('/')}" if written else "")
    rest = re.sub(rf"^(?:/*{HOLE})+", "", written)
    if rest != written:
        return Path(_without_holes(rest).text if rest else "", whole=False)
    return Path("/" + re.sub(f"{HOLE}+", "*", written.lstrip("/")))


_NAMED_GROUP = lazy(r"\(\?P?<\w+>[^()]*\)|\([^?()][^()]*\)|\[[^\]]{0,200}\][+*]?|\\[dwsDWS][+*]?")


def _from_regex(written: str) -> Path:
    """A regular expression that is a plain path but for its groups; what is more than that keeps nothing."""
    text = written.removeprefix("^").removesuffix("$").removesuffix("/?")
    text = re.sub(r"\(\?P?<\w+>\.[*+]\)|\(\.[*+]\)|\.[*+]$", "**", text)
    text = _NAMED_GROUP.sub("*", text)
    text = re.sub(r"\\([./-])", r"\1", text)
    if re.search(r"[\\()|?+^$]", text):
        return UNKNOWN
    return Path(f"/{text.lstrip('/')}" if text else "")
