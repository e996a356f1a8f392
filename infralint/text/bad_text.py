"""Texts that are not what they should be."""

from __future__ import annotations

from typing import ClassVar


class BadText(ValueError):
    """A text that is none of its language: what is wrong, and the 1-based line and column where (0: not told).

    is_content: it is one, and what it says is not what is taken, or more than is read.
    """

    language: ClassVar[str] = ""

    def __init__(self, message: str, line: int = 0, column: int = 0, is_content: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.is_content = is_content

    def complaint(self, refusal: str = "") -> str:
        """The message, after the refusal that it explains where the text is none of its language."""
        return self.message if self.is_content else f"{refusal or f'is not {self.language}'}: {self.message}"
