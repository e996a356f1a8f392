"""Paths of `rewrites` and `routes`, matched as Vercel and Next.js match them, as far as that is plain.

https://vercel.com/docs/rewrites, https://nextjs.org/docs/app/api-reference/config/next-config-js/rewrites
"""

from __future__ import annotations

import re

from infralint.text.lazy import lazy

LONGEST = 500
SECONDS = 0.2
"""A pattern that takes longer than this on one path is left out."""

_PART = lazy(r":(\w+)(\([^()]*\))?([*+?])?|(\([^()]*\))|([^:(]+|.)")
_HOLE = lazy(r":(\w+)[*+?]?|\$(\w+)")


def rewritten(source: str, destination: str, path: str, is_regex: bool = False) -> str | None:
    """Where a rewrite leads a path; None where it does not take it."""
    if len(source) > LONGEST:
        return None
    import regex

    pattern, names = (source, []) if is_regex else source_pattern(source)
    try:
        found = regex.fullmatch(pattern, path, timeout=SECONDS)
    except (regex.error, TimeoutError):
        return None
    if found is None:
        return None
    values = {str(index + 1): value or "" for index, value in enumerate(found.groups())}
    values |= {name: values.get(str(index + 1), "") for index, name in enumerate(names) if name}
    target = _HOLE.sub(lambda hole: values.get(hole[1] or hole[2], "").strip("/"), destination)
    return target if target.startswith(("/", "http://", "https://")) else f"/{target}"


def source_pattern(source: str) -> tuple[str, list[str]]:
    """`/chat/:path*` as a regular expression, and the names of its groups (empty for a bare group)."""
    written, names = "", []
    for name, inner, repeat, group, text in _PART.findall(source):
        if name or group:
            names.append(name)
        written = _named(written, inner or "([^/]+)", repeat) if name else written + (group or re.escape(text))
    return written + "/?", names


def _named(before: str, inner: str, repeat: str) -> str:
    """`:name*` takes the slash before it along, so that none need follow."""
    if repeat and before.endswith("/"):
        inner = f"(?:{inner[1:-1]})"
        many = f"(/{inner}{f'(?:/{inner})*' if repeat in '*+' else ''})"
        return before[:-1] + many + ("?" if repeat in "*?" else "")
    return before + inner + ("?" if repeat in ("*", "?") else "")
