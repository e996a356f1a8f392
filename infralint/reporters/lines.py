"""The lines that a report quotes, read when they are needed, each once."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from infralint.text.display import hide_secrets

MOST_FILES = 64
"""Files whose lines are remembered at once: findings are told file by file."""


class SourceLines(msgspec.Struct):
    """Lines of what was judged. texts: what was read under names that are no files."""

    texts: Mapping[str, str]
    _files: dict[str, list[str]] = {}
    _lines: dict[tuple[str, int], str] = {}

    def line(self, path: str, number: int) -> str | None:
        """A line by its number from 1, with stars for secrets; None where there is none, or no such file."""
        if path not in self._files:
            if len(self._files) >= MOST_FILES:
                self._files.clear()
            self._files[path] = [line.rstrip("\r") for line in self._text(path).split("\n")]
        written = self._files[path]
        if not 0 < number <= len(written):
            return None
        key = (path, number)
        if key not in self._lines:
            self._lines[key] = hide_secrets(written[number - 1])
        return self._lines[key]

    def _text(self, path: str) -> str:
        if path in self.texts:
            return self.texts[path]
        try:
            with open(path, "rb", buffering=0) as file:
                text = file.read().decode("utf-8-sig", errors="replace")
        except (OSError, ValueError):
            return ""
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
