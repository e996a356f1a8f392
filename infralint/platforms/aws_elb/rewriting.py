"""Rule transforms: what a load balancer makes of a request's path and host before its targets get it.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html
"""

from __future__ import annotations

import re

import msgspec

from infralint.text.lazy import lazy
from infralint.text.patterns import Unsearchable, search

_GROUP = lazy(r"\$(\d)")
_LITERAL = lazy(r"\^?((?:[\w/.~-]|\\[^\w])*)")


class RewriteTransform(msgspec.Struct, frozen=True):
    """A regular expression and what replaces that which it finds. reason: why it can't be told; "" where it is known."""

    expression: str = ""
    replacement: str = ""
    reason: str = ""

    def of(self, text: str) -> str | None:
        """What becomes of a text; itself where nothing is found, None where that can't be told."""
        if self.reason:
            return None
        try:
            found = search(self.expression, text)
        except Unsearchable:
            return None
        if found is None:
            return text
        groups = (found[0], *(group or "" for group in found.groups()))
        inserted = _GROUP.sub(
            lambda number: groups[int(number[1])] if int(number[1]) < len(groups) else "", self.replacement
        )
        return f"{text[: found.start()]}{inserted}{text[found.end() :]}"

    def forward(self, path: str) -> str | None:
        """The path that goes on; the query string that may follow is no part of it."""
        sent = self.of(path)
        return sent if sent is None else sent.partition("?")[0]

    def inverse(self, path: str) -> str | None:
        """A path that becomes this one: the expression's literal beginning in place of the replacement's, or itself."""
        before = re.sub(r"\\(.)", r"\1", self._beginning(self.expression)).rstrip("/")
        after = self._beginning(self.replacement).rstrip("/")
        candidates = [before + path.removeprefix(after), path]
        return next((candidate for candidate in candidates if self.forward(candidate) == path), None)

    @staticmethod
    def _beginning(text: str) -> str:
        found = _LITERAL.match(text)
        return found[1] if found else ""
