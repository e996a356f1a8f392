"""Text from judged files as people may see it: nothing in it steers a terminal, gives orders to CI, or tells a secret."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from infralint.text.lazy import lazy

HOLE = "\U0010fff0"
"""What stands in text for a value that can't be told, or must not be shown; people see an ellipsis."""
_STEERING = lazy(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, line ends of every kind, marks of direction, what has no width, halves of characters."""
_NOT_ASCII = lazy("[^\x00-\x7f]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_COMMAND = lazy(r"##(?=(?:vso)?\[)|(?<!\S)::(?=[A-Za-z-]+(?: [^\n]*?)?::)")
"""What begins a command to the runner of GitHub Actions, or of Azure Pipelines: `##[error]` anywhere in a line, `::error::`
where it begins, whatever the spaces before it.
https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs"""
_AFTER_COLON = r"[^\s/@:\"'?#$*]*:([^\s/@\"'$*]+)(?=@)"
_WITHOUT_USER = r"([A-Za-z0-9_\-.~%+]{16,})(?=@)"
_WITHOUT_SCHEME = r"(?<![\w\-.:/@])[\w\-.]{1,64}:([^\s/@:\"'$*]{4,})(?=@(?!sha)[\w.\-]+(?::\d|/|\b))"
_WORDS = "token|key|secret|password|passwd|pwd|auth|sig|signature|credential|credentials"
_SCHEME = r"(?:Bearer|Basic|Token|ApiKey)\s+"
_HEADER = rf"_header\s+[\"']?[\w\-]{{0,40}}?(?:{_WORDS}|cookie)[\w\-]{{0,40}}[\"']?"
_IN_HEADER = rf"{_HEADER}\s+[\"']?(?:{_SCHEME})?(?!{_SCHEME})([^\s\"';$*{{}}]{{4,}})"
_AUTHORIZATION = rf"Authorization[\"']?[\s:=,]+[\"'`]?{_SCHEME}([^\s\"'`;$*{{}}<]{{4,}})"
_DEFAULT = r"\bDefault[\"']?\s*:\s*(?:\"([^\"\n]++)|'([^'\n]++)|([^\s\"',}]++))"
_IS_NO_ECHO = r"NoEcho[\"']?\s*:\s*[\"']?true\b"
_NO_ECHO = rf"{_IS_NO_ECHO}[^\n]{{0,500}}?{_DEFAULT}|{_DEFAULT}(?=[^\n]{{0,500}}?{_IS_NO_ECHO})"
_SECRET = lazy(
    rf"{_NO_ECHO}|(?:(?<=://){_AFTER_COLON}|(?<=://){_WITHOUT_USER}|{_WITHOUT_SCHEME})|{_IN_HEADER}|{_AUTHORIZATION}|[?&;][\w\-]{{0,40}}?(?:{_WORDS})=([^\s&;#\"'$*{{}}]+)",
    re.IGNORECASE,
)
"""A password or a long token before the `@` of an address; a value in its query whose name says that it is secret.
Likewise what a header is set to whose name says so, and what follows the scheme of an `Authorization`. Variables
(`$token`, `${var.token}`) are none. In a line that says `NoEcho: true`, what CloudFormation shows to nobody."""


def visible(text: str) -> str:
    """Text on one line, without secrets: what would steer a terminal or a runner is an escape (`\\x1b`, `\\n`, `\\u202e`)."""
    shown = hide_secrets(text)
    if not shown.isprintable():
        shown = _STEERING.sub(_escape, shown.replace(HOLE, "…"))
    if "##" not in shown and "::" not in shown:
        return shown
    return _COMMAND.sub(lambda found: f"{found[0][0]}\\x{ord(found[0][1]):02x}", shown)


def gives_orders(text: str) -> bool:
    """Whether a runner would take something in these lines for a command."""
    return _COMMAND.search(text) is not None


def visible_lines(text: str) -> str:
    """The same for text of several lines, and with tabs."""
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in text.split("\n"))


def hide_secrets(text: str) -> str:
    """Text in which what looks like credentials in an address or a header is stars, as many as it had characters."""
    may_hold = "=" in text or "@" in text or "_header" in text or "NoEcho" in text or "authorization" in text.lower()
    return _SECRET.sub(_hide, text) if may_hold else text


def render_json(data: Any, ascii_only: bool = False) -> str:
    """Data as JSON on indented lines, in which characters that would steer a terminal are escapes, as JSON allows.

    ascii_only: all others that are not ASCII are escapes, too. Python's own encoder takes ten times as long to indent.
    """
    import json

    written = json.dumps(data, ensure_ascii=False)
    text = msgspec.json.format(written.encode("utf-8", "surrogatepass"), indent=2).decode("utf-8", "surrogatepass")
    if not written.isprintable():
        text = _STEERING.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{_units(found[0])}", text)
    if ascii_only and not text.isascii():
        text = _NOT_ASCII.sub(lambda found: f"\\u{_units(found[0])}", text)
    return text.replace("##[", "#\\u0023[").replace("##vso[", "#\\u0023vso[")


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file's name that is no text (os.fsdecode)
        code -= 0xDC00
    width, letter = next((width, letter) for width, letter in ((2, "x"), (4, "u"), (8, "U")) if code < 16**width)
    return _NAMED.get(found[0]) or f"\\{letter}{code:0{width}x}"


def _units(character: str) -> str:
    """A character as JSON writes it: one or two units of UTF-16."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "\\u".join(units[at : at + 4] for at in range(0, len(units), 4))


def _hide(found: re.Match[str]) -> str:
    secret = next(number for number, part in enumerate(found.groups(), 1) if part)
    start, end = found.start(secret) - found.start(), found.end(secret) - found.start()
    return found[0][:start] + "*" * (end - start) + found[0][end:]
