"""What another program fills in before a vendor reads a text: envsubst, Helm, Kustomize, sed, a pipeline."""

from __future__ import annotations

from infralint.text.display import HOLE
from infralint.text.lazy import lazy

_MARK = lazy(rf"[$<>%@#{{{HOLE}]|__|\[\[")
"""`${HOST}`, `<HOST>`, `%HOST%`, `@HOST@`, `#HOST#`, `{host}`, `__host__`, `[[host]]`."""
_CAPITALS = lazy(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|(?:\A|\.)[A-Z][A-Z0-9_-]+(?:\Z|\.)")
"""`chat.YOUR_HOST`, `chat.HOST`."""


def has_placeholder(text: str) -> bool:
    """Whether a text holds something that looks as if it were filled in later, so that nobody refuses it as it stands."""
    return has_mark(text) or _CAPITALS.search(text) is not None


def has_mark(text: str) -> bool:
    """The same by marks alone: for texts that may stand in capitals as they are."""
    return _MARK.search(text) is not None
