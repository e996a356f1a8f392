"""Changes to a text that break readers: bytes, lines, words and brackets, and the values of JSON."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

LONGEST = 95_000
"""Bytes of one file after all changes."""

WORD = re.compile(rb"\s+|\"(?:\\.|[^\"\\\n]){0,200}\"|'(?:\\.|[^'\\\n]){0,200}'|[\w.$@/-]+|[^\w\s]", re.DOTALL)
NAME = re.compile(rb"[A-Za-z_]\w{2,200}")
OPENING = b"{[(<"
CLOSING = b"}])>"
HOSTILE = [
    *(b"0 -0 1 -1 60 1e999 -1e999 nan .inf 0x7fffffffffffffff 9223372036854775808 1e-400 1_000 007 0o17 1.5.5".split()),
    b"9" * 400,
    b"1e" + b"9" * 30,
    "٣".encode(),
    "²".encode(),
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b"\\x",
    "\u202e\u2066".encode(),
    "\u2028".encode(),
    "ﬀİ".encode(),
    b"\r",
    b"\x1b[31m",
    b"\n::error::x\n",
    b'"',
    b"'",
    b'"""',
    b"\\",
    b"`",
    b"${",
    b"%{",
    b"${var.x}",
    b"$$",
    b"$uri",
    b"$1",
    b"$0",
    b"${A:-${B:-${C}}}",
    b"{{",
    b"{%",
    b"{#",
    b"<%",
    b"{{ . }}",
    b"{{- end }}",
    b"{{ end -}}",
    b"{{- if .Values.x -}}",
    b"{{ else if }}",
    b"{{ range $i, $x := until 1000000 }}x{{ end }}",
    b'{{ include "chat.fullname" . }}',
    b'{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
    b'{{ tpl "{{ tpl .Values.x . }}" . }}',
    b'{{ repeat 999999999 "x" }}',
    b'{{ printf "%99999999s%v%!" "x" }}',
    b"{{ .Values | toYaml | nindent 99999 }}",
    b'{{ $x := dict }}{{ $_ := set $x "x" $x }}{{ toYaml $x }}',
    b'{{ fromYaml "a: &a [*a]" }}',
    b'{{ regexMatch "(a+)+$" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" }}',
    b"{{ index .Values 0 }}",
    b"{{ (((.Values.a).b).c).d }}",
    b"{{ break }}{{ continue }}",
    b"{{/* a */}}",
    b"kind: Ingress",
    b"kind: List",
    b"apiVersion: gateway.networking.k8s.io/v1",
    b"<<EOT\n",
    b"<<-A\n  x\n  A\n",
    b"#",
    b"//",
    b"/*",
    b"--",
    b";",
    b",",
    b"=",
    b"=>",
    b"...",
    b"*",
    b"**",
    b"**/**/**/*",
    b"[!a-",
    b"{a,{b,{c,d}}}",
    b"&a",
    b"*a",
    b"<<: *a",
    b"!!python/object/apply:os.system [id]",
    b"!!binary x",
    b"- - - - - -",
    b"? ",
    b"---\n",
    b"|",
    b">-",
    b"~",
    b"null",
    b"true",
    b"yes",
    b"[]",
    b"{}",
    b'""',
    b"/",
    b"//",
    b"/../../../etc/passwd",
    b"../x",
    b"/dev/zero",
    b"unix:/x",
    b"[::1]:80",
    b"[::",
    b"http://a@b:c@d:99999999/%",
    b"host:0",
    b":",
    b"^(a+)+$",
    b"^(a|aa)*b{1,999}$",
    b"(?<a>(?'b'.))\\k<a>",
    b"(?i:[[:alpha:]]\\Q\\E++)",
    b"(?P<",
    b"[",
    b"(",
    b")",
    b"%99999999d",
    b"%s%*v%[9]d",
    b"a" * 5000,
    b"for x in range(10): pass",
    b"merge({}...)",
    b"for_each = toset([])",
    b"count = 1e9",
    b"include *;",
    b"include **/*;",
    b"if ($x) { }",
    b"map $a $b { default $b; }",
    b"proxy_pass $x;",
    b"proxy_read_timeout 99999999999999999999h;",
    b"try_files $uri @a;",
    b"error_page 404 = @a;",
    b"rewrite ^ / last;",
    b"# infralint: ignore[",
    b"infralint: ignore[buffered-stream] because",
]
VALUES: Sequence[Any] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    float("inf"),
    "",
    "x",
    "\ud800",
    "\x00",
    "*",
    "^(a+)+$",
    "/(.*)",
    [],
    {},
    [[]],
    [None],
    {"": None},
    ["x"] * 50,
)
Change = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def mutate(dice: random.Random, text: bytes, donors: Sequence[bytes], is_json: bool = False) -> bytes:
    """The text after a few changes. donors: texts of the same kind, to take pieces from."""
    for _ in range(min(8, 1 + int(dice.expovariate(0.7)))):
        change = change_value if is_json and dice.random() < 0.7 else dice.choice(CHANGES)
        text = change(dice, text, donors)[:LONGEST]
    return text


def _span(dice: random.Random, text: bytes, longest: int = 64) -> tuple[int, int]:
    start = dice.randint(0, len(text))
    return start, min(len(text), start + int(dice.expovariate(4 / longest)))


def flip(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """One byte becomes another."""
    if not text:
        return bytes([dice.randrange(256)])
    at = dice.randrange(len(text))
    return text[:at] + bytes([dice.randrange(256)]) + text[at + 1 :]


def cut(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """A piece is gone, or all that follows."""
    start, end = _span(dice, text)
    return text[:start] if dice.random() < 0.15 else text[:start] + text[end:]


def repeat(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """A piece stands many times."""
    start, end = _span(dice, text, dice.choice((4, 16, 64, 400)))
    piece = text[start:end] or dice.choice(HOSTILE)
    return text[:start] + piece * _times(dice, len(piece)) + text[end:]


def _times(dice: random.Random, size: int) -> int:
    most = max(1, LONGEST // max(1, size))
    return min(most, dice.choice((2, 3, 10, 100, 1000, 10_000, LONGEST)))


def number(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """A block or some lines stand many times, each with names of its own."""
    if dice.random() < 0.5:
        start, end = _block(dice, text)
    else:
        lines = text.splitlines(keepends=True)
        at = dice.randint(0, len(lines))
        start = sum(map(len, lines[:at]))
        end = start + sum(map(len, lines[at : at + dice.choice((1, 1, 2, 3, 5, 10))]))
    block = text[start:end] + dice.choice((b"\n", b"\n", b" ", b""))
    names = sorted(set(NAME.findall(block)))
    chosen = frozenset(dice.sample(names, min(len(names), dice.choice((1, 1, 2, 3, 8)))))
    turns = range(min(_times(dice, len(block)), 30_000))
    return text[:start] + b"".join(_with_number(block, chosen, turn) for turn in turns) + text[end:]


def _with_number(block: bytes, names: frozenset[bytes], turn: int) -> bytes:
    return NAME.sub(lambda found: found[0] + b"%d" % turn if found[0] in names else found[0], block)


def insert(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """Something hostile stands between two words."""
    words = WORD.findall(text)
    words.insert(dice.randint(0, len(words)), dice.choice(HOSTILE))
    return b"".join(words)


def replace_word(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """A word becomes something hostile, or a word of another text."""
    words = WORD.findall(text)
    if not words:
        return dice.choice(HOSTILE)
    others = WORD.findall(dice.choice(donors)) if donors and dice.random() < 0.6 else []
    words[dice.randrange(len(words))] = dice.choice(others or HOSTILE)
    return b"".join(words)


def swap_words(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """Two words change places."""
    words = WORD.findall(text)
    if len(words) > 1:
        left, right = dice.randrange(len(words)), dice.randrange(len(words))
        words[left], words[right] = words[right], words[left]
    return b"".join(words)


def double_word(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """A word stands many times."""
    words = WORD.findall(text)
    if words:
        at = dice.randrange(len(words))
        words[at] = (words[at] + dice.choice((b"", b" ", b"\n", b","))) * _times(dice, len(words[at]) + 1)
    return b"".join(words)


def shuffle_lines(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """A line is gone, doubled, moved, indented, or comes from another text."""
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    at = dice.randrange(len(lines))
    match dice.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(dice.randint(0, len(lines)), lines[at])
        case 2:
            lines.insert(dice.randrange(len(lines)), lines.pop(at))
        case 3:
            lines[at] = dice.choice((b"  ", b"\t", b" ", b"- ")) + lines[at]
        case _:
            others = dice.choice(donors).splitlines(keepends=True) if donors else []
            lines.insert(at, dice.choice(others or lines))
    return b"".join(lines)


def splice(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """The head of this text, the tail of another, or one in the middle of the other."""
    other = dice.choice(donors) if donors else text
    start, end = _span(dice, other, max(64, len(other)))
    at = dice.randint(0, len(text))
    return text[:at] + other[start:end] + (text[at:] if dice.random() < 0.6 else b"")


def _block(dice: random.Random, text: bytes) -> tuple[int, int]:
    """Where a bracket and what belongs to it begin and end; the line's begin counts as the block's."""
    starts = [at for at, byte in enumerate(text) if byte in OPENING]
    if not starts:
        return _span(dice, text)
    at = dice.choice(starts)
    opening, closing = text[at], CLOSING[OPENING.index(text[at])]
    depth = 0
    for end in range(at, len(text)):
        depth += (text[end] == opening) - (text[end] == closing)
        if depth == 0:
            start = text.rfind(b"\n", 0, at) + 1 if dice.random() < 0.7 else at
            return start, end + 1
    return at, len(text)


def move_block(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """A block is gone, stands twice or often, stands elsewhere, or gives way to one of another text."""
    start, end = _block(dice, text)
    block = text[start:end]
    match dice.randrange(5):
        case 0:
            return text[:start] + text[end:]
        case 1:
            return text[:end] + b"\n" + block * dice.choice((1, 2, 30)) + text[end:]
        case 2:
            rest = text[:start] + text[end:]
            at = dice.randint(0, len(rest))
            return rest[:at] + block + rest[at:]
        case 3 if donors:
            other = dice.choice(donors)
            first, last = _block(dice, other)
            return text[:start] + other[first:last] + text[end:]
        case _:
            return text[:end] + b"\n" + block * _times(dice, len(block)) + text[end:]


def nest(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """A block stands in itself, deeper and deeper; sometimes nothing is closed."""
    start, end = _block(dice, text)
    block = text[start:end]
    at = next((number for number, byte in enumerate(block) if byte in OPENING), None)
    head = block[: at + 1] if at is not None else dice.choice((b"{", b"[", b"(", b"- ", b"((", b"${", b"!", b"not "))
    tail = block[-1:] if at is not None else b""
    times = min(dice.choice((3, 30, 200, 2000, 30_000)), LONGEST // (len(head) + 1))
    return text[:start] + head * times + block + tail * (times if dice.random() < 0.7 else 0) + text[end:]


def change_value(dice: random.Random, text: bytes, donors: Sequence[bytes]) -> bytes:
    """A value of a JSON text becomes another, is gone, is renamed, nested, or comes from another text."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return dice.choice(CHANGES)(dice, text, donors)
    places = list(_places(data))
    if not places:
        return json.dumps(dice.choice(VALUES)).encode()
    holder, key = dice.choice(places)
    match dice.randrange(7):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[dice.choice([*holder, "", "x", "\u202e", "__proto__"])] = holder[key]
        case 2:
            other, name = dice.choice(places)
            holder[key] = json.loads(json.dumps(other[name]))
        case 3 if donors:
            holder[key] = _value_of(dice, dice.choice(donors))
        case 4 if isinstance(holder[key], list) and holder[key]:
            holder[key] = holder[key] * dice.choice((2, 50))
        case 5:
            holder[key] = [holder[key]] if dice.random() < 0.5 else {"x": holder[key]}
        case _:
            holder[key] = dice.choice(VALUES)
    return json.dumps(data).encode(errors="surrogatepass")


def _value_of(dice: random.Random, text: bytes) -> Any:
    try:
        places = list(_places(json.loads(text)))
    except (ValueError, RecursionError):
        return dice.choice(VALUES)
    if not places:
        return dice.choice(VALUES)
    holder, key = dice.choice(places)
    return holder[key]


def _places(data: Any, most: int = 3000) -> list[tuple[Any, Any]]:
    """Every place in a JSON value: what holds it, and under which key."""
    found: list[tuple[Any, Any]] = []
    waiting = [data]
    while waiting and len(found) < most:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            waiting.append(holder[key])
    return found


CHANGES: Sequence[Change] = (
    flip,
    cut,
    repeat,
    number,
    insert,
    insert,
    replace_word,
    replace_word,
    replace_word,
    swap_words,
    double_word,
    shuffle_lines,
    shuffle_lines,
    splice,
    move_block,
    move_block,
    nest,
)
