"""Perl-compatible regular expressions (PCRE2), as nginx and Vercel take them: read into a tree, written for Python's `regex`.

What PCRE refuses is `InvalidPcre`, in its own words; what it takes and we can't express is `Unexpressed`.
https://www.pcre.org/current/doc/html/pcre2pattern.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

LARGEST = 65536
"""Bytes of a compiled expression: PCRE2's limit with its usual links of two bytes."""
MOST_COPIES = 200_000
"""Items of an expression as `regex` compiles it: it writes a group out as often as it must stand, and once more."""
MOST_REPEATS = 65535
DEEPEST = 60
"""Nested parentheses that are followed; PCRE2 takes 250."""

_SET_SIZE = 33
"""Bytes of a bracket expression of several characters."""
_GROUP_SIZE = 6
"""Bytes that each copy of a group takes beside what stands in it, at least."""
_VERTICAL = r"\n\x0b\x0c\r\x85\u2028\u2029"
_HORIZONTAL = r"\t\x20\xa0"
_KEPT = frozenset("bBAGK")
"""Assertions that are written alike in both dialects."""
_CONTROLS = {"a": "\a", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_SETS = {"h": _HORIZONTAL, "v": _VERTICAL, "N": ""}
_POSIX = frozenset("alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit".split())
_FLAGS = frozenset("imsx")
_WHITESPACE = " \t\n\r\v\f"
_DIGITS = "0123456789"
_HEXADECIMAL = f"{_DIGITS}abcdefABCDEF"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SETTINGS = frozenset(
    "UTF UTF8 UCP NO_JIT NO_START_OPT NO_AUTO_POSSESS NO_DOTSTAR_ANCHOR CR LF CRLF ANYCRLF ANY NUL".split()
)
"""Settings that may stand at an expression's start: https://www.pcre.org/current/doc/html/pcre2syntax.html"""
_OUTCOMES = frozenset(["FAIL", "F", "SKIP", "PRUNE"])
_SHORT = {"d": "1", "s": " ", "h": " ", "v": "\n", "D": "x", "S": "x", "w": "x", "W": "-"}


class InvalidPcre(ValueError):
    """An expression that PCRE would not compile: what it says."""


class Unexpressed(ValueError):
    """An expression that PCRE compiles and that can't be written in Python's terms: names what is in the way."""


class LiteralCharacter(msgspec.Struct, frozen=True):
    """One character that stands for itself."""

    character: str


class Anything(msgspec.Struct, frozen=True):
    """One character of several. example: a short one that is among them. is_set: it is a table of characters."""

    written: str
    example: str
    is_set: bool = False


class Nothing(msgspec.Struct, frozen=True):
    """What matches no characters of its own, or what only matching tells: anchors, lookarounds, back references."""

    written: str
    repeatable: bool = False


class PatternGroup(msgspec.Struct, frozen=True):
    """Alternatives between parentheses. opening: how the group begins in Python's terms, such as `(?:`."""

    opening: str
    branches: tuple[tuple[Item, ...], ...]


class Repeat(msgspec.Struct, frozen=True):
    """An item many times. most: None for any number. suffix: `?` (lazy), `+` (possessive) or nothing."""

    item: Item
    least: int
    most: int | None
    suffix: str = ""


Item = LiteralCharacter | Anything | Nothing | PatternGroup | Repeat
Branches = tuple[tuple[Item, ...], ...]


class ParsedPattern(msgspec.Struct, frozen=True):
    """An expression that was read: its alternatives, and how it is written for `regex` in its VERSION1."""

    branches: Branches
    size: int

    @property
    def written(self) -> str:
        return _written_branches(self.branches)


def parse(pattern: str) -> ParsedPattern:
    """Read an expression. Raises Refused or Unexpressed."""
    branches = _PcreParser(pattern).parse()
    size = _size_of(branches)
    if size > LARGEST:
        raise InvalidPcre("regular expression is too large")
    if _copies_of(branches) > MOST_COPIES:
        raise Unexpressed("repetitions inside repetitions")
    return ParsedPattern(branches, size)


def _scope_flags(items: Sequence[Item], flags: list[str]) -> tuple[Item, ...]:
    """Items with `(?i)` and the like written as groups around what they rule: the rest of their branch, and those that follow it."""
    before = list(flags)
    inside: list[str] = []
    rest: list[Item] = []
    for item in reversed(items):
        if isinstance(item, Nothing) and item.written[:2] == "(?" and item.written[2:3] in "-ims":
            inside.append(f"{item.written[:-1]}:")
            rest = [PatternGroup(inside[-1], (tuple(reversed(rest)),))]
        else:
            rest.append(item)
    for opening in reversed(before):
        rest = [PatternGroup(opening, (tuple(reversed(rest)),))]
    flags += reversed(inside)
    return tuple(reversed(rest))


def _written_branches(branches: Branches) -> str:
    return "|".join("".join(map(_write_item, items)) for items in branches)


def _write_item(item: Item) -> str:
    match item:
        case LiteralCharacter(character):
            return _escape_character(character)
        case PatternGroup(opening, branches):
            return f"{opening}{_written_branches(branches)})"
        case Repeat(inner, least, most, suffix):
            return f"{_write_item(inner)}{{{least},{'' if most is None else most}}}{suffix}"
        case _:
            return item.written


def _escape_character(character: str) -> str:
    return character if character.isalnum() or character in "/_" else f"\\{character}"


def _size_of(branches: Branches) -> int:
    """Bytes that PCRE needs at least; cut where they are too many."""
    return min(sum(_item_size(item) for items in branches for item in items), LARGEST + 1)


def _copies_of(branches: Branches) -> int:
    """Items once repeated groups are written out; cut where they are too many."""
    return min(sum(_item_copies(item) for items in branches for item in items), MOST_COPIES + 1)


def _item_copies(item: Item) -> int:
    match item:
        case PatternGroup(_, branches):
            return _copies_of(branches) + 1
        case Repeat(PatternGroup() as group, least):
            return min(_item_copies(group) * (least + 1), MOST_COPIES + 1)
        case _:
            return 1


def _item_size(item: Item) -> int:
    match item:
        case PatternGroup(_, branches):
            return _size_of(branches) + _GROUP_SIZE
        case Repeat(PatternGroup() as group, least, most, _):
            return min(_item_size(group) * max(least, most or 1), LARGEST + 1)
        case Repeat(inner):
            return _item_size(inner) + 2
        case Anything(_, _, is_set):
            return _SET_SIZE if is_set else 1
        case _:
            return 2


class _PcreParser(msgspec.Struct):
    """One pass over an expression. extended: whether white space is skipped (`(?x)`) in the group that is open."""

    pattern: str
    at: int = 0
    extended: bool = False
    groups: int = 0
    names: set[str] = set()
    references: list[str] = []
    depth: int = 0

    def parse(self) -> Branches:
        self._skip_settings()
        branches = self._branches()
        if self.at < len(self.pattern):
            raise InvalidPcre("unmatched closing parenthesis")
        for reference in self.references:
            if not (reference in self.names or reference in map(str, range(1, self.groups + 1))):
                raise InvalidPcre("reference to non-existent subpattern")
        return branches

    def _skip_settings(self) -> None:
        while self.pattern.startswith("(*", self.at):
            end = self.pattern.find(")", self.at)
            if end < 0 or self.pattern[self.at + 2 : end] not in _SETTINGS:
                return
            self.at = end + 1

    def _peek(self, length: int = 1) -> str:
        return self.pattern[self.at : self.at + length]

    def _take(self, length: int = 1) -> str:
        taken = self.pattern[self.at : self.at + length]
        self.at += length
        return taken

    def _branches(self) -> Branches:
        """Alternatives up to a closing parenthesis or the end."""
        extended = self.extended
        branches: list[tuple[Item, ...]] = []
        items: list[Item] = []
        flags: list[str] = []
        while self.at < len(self.pattern) and self._peek() != ")":
            if self._peek() == "|":
                self.at += 1
                branches.append(_scope_flags(items, flags))
                items = []
            elif not (self.extended and self._skip_space()):
                self._item(items)
        self.extended = extended
        return (*branches, _scope_flags(items, flags))

    def _skip_space(self) -> bool:
        if self._peek() in _WHITESPACE:
            self.at += 1
            return True
        if self._peek() == "#":
            end = self.pattern.find("\n", self.at)
            self.at = len(self.pattern) if end < 0 else end + 1
            return True
        return False

    def _item(self, items: list[Item]) -> None:
        """Read one item, or repeat the last one."""
        character = self._peek()
        if (counts := self._quantifier()) is not None:
            self._repeat(items, *counts)
        elif character == "\\":
            items += self._escape()
        elif character == "[":
            items.append(self._set())
        elif character == "(":
            items += self._group()
        elif character in "^$":
            items.append(Nothing(self._take()))
        elif character == ".":
            self.at += 1
            items.append(Anything(".", "x"))
        else:
            items.append(LiteralCharacter(self._take()))

    def _quantifier(self) -> tuple[int, int | None] | None:
        """The counts of a quantifier that stands here, which is taken; None where there is none."""
        plain: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if (counts := plain.get(self._peek())) is not None:
            self.at += 1
            return counts
        end = self.pattern.find("}", self.at, self.at + 20) if self._peek() == "{" else -1
        least, comma, most = self.pattern[self.at + 1 : end].partition(",") if end > 0 else ("", "", "")
        if end < 0 and self._peek() == "{":
            self._refuse_long_count()
        if not _is_number(least) or not (most == "" or _is_number(most)):
            return None
        self.at = end + 1
        return _counts(int(least), int(most) if most else (None if comma else int(least)))

    def _refuse_long_count(self) -> None:
        digits = len(self.pattern[self.at + 1 :]) - len(self.pattern[self.at + 1 :].lstrip("0123456789"))
        if digits > len(str(MOST_REPEATS)):
            raise InvalidPcre("number too big in {} quantifier")

    def _repeat(self, items: list[Item], least: int, most: int | None) -> None:
        if not items or isinstance(items[-1], Repeat) or (isinstance(items[-1], Nothing) and not items[-1].repeatable):
            raise InvalidPcre("quantifier does not follow a repeatable item")
        suffix = self._take() if self._peek() in ("?", "+") else ""
        items[-1] = Repeat(items[-1], least, most, suffix)

    def _escape(self) -> Iterator[Item]:
        self.at += 1
        letter = self._take()
        if letter == "":
            raise InvalidPcre("\\ at end of pattern")
        if letter == "Q":
            end = self.pattern.find("\\E", self.at)
            quoted = self.pattern[self.at : len(self.pattern) if end < 0 else end]
            self.at = len(self.pattern) if end < 0 else end + 2
            yield from map(LiteralCharacter, quoted)
        elif letter in ("g", "k"):
            yield self._reference(letter)
        elif letter in "123456789":
            yield self._numbered_reference(letter)
        elif letter != "E":
            yield self._plain_escape(letter)

    def _plain_escape(self, letter: str) -> Item:
        if (character := self._character(letter)) is not None:
            return LiteralCharacter(character)
        if letter in "hHvV":
            return Anything(f"[{'^' if letter.isupper() else ''}{_SETS[letter.lower()]}]", _SHORT.get(letter, "x"))
        if letter in "dDsSwW":
            return Anything(f"\\{letter}", _SHORT[letter])
        if letter in _KEPT:
            return Nothing(f"\\{letter}")
        if letter in "pP":
            return Anything(f"\\{letter}{self._property()}", "x")
        known = {"R": Anything(f"(?>\\r\\n|[{_VERTICAL}])", "\n"), "N": Anything(r"[^\n]", "x")}
        known |= {"C": Anything(r"[\s\S]", "x"), "X": Anything(r"\X", "x")}
        ends = {"Z": Nothing(r"(?=\n?\Z)"), "z": Nothing(r"\Z")}
        if found := known.get(letter) or ends.get(letter):
            return found
        if letter in "FLlUu":
            raise InvalidPcre("PCRE2 does not support \\F, \\L, \\l, \\N{name}, \\U, or \\u")
        raise InvalidPcre("unrecognized character follows \\")

    def _property(self) -> str:
        if self._peek() != "{":
            return self._take()
        end = self.pattern.find("}", self.at)
        if end < 0:
            raise InvalidPcre("malformed \\P or \\p sequence")
        return self._take(end + 1 - self.at)

    def _character(self, letter: str) -> str | None:
        """The character that an escape stands for, its digits taken; None where it stands for none."""
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter == "x":
            return self._hexadecimal()
        if letter == "o" and self._peek() == "{":
            return self._character_of_code(8)
        if letter == "0":
            return chr(int("0" + self._digits("01234567", 2), 8))
        if letter == "c" and self._peek():
            return chr(ord(self._take().upper()) ^ 64)
        return None if letter.isascii() and letter.isalnum() else letter

    def _hexadecimal(self) -> str:
        if self._peek() == "{":
            return self._character_of_code(16)
        return chr(int("0" + self._digits(_HEXADECIMAL, 2), 16))

    def _character_of_code(self, base: int) -> str:
        end = self.pattern.find("}", self.at)
        digits = self.pattern[self.at + 1 : end] if end > 0 else ""
        self.at = end + 1
        try:
            return chr(int(digits[:12], base))
        except (ValueError, OverflowError) as error:
            raise InvalidPcre("character code point value in \\x{} or \\o{} is too large") from error

    def _digits(self, allowed: str, most: int) -> str:
        end = self.at
        while end < len(self.pattern) and end - self.at < most and self.pattern[end] in allowed:
            end += 1
        return self._take(end - self.at)

    def _numbered_reference(self, first: str) -> Item:
        """`\\1`: a back reference; from `\\10` on it may be a character in octal."""
        number = first + self._digits("0123456789", 4)
        if len(number) > 1:
            raise Unexpressed(f"\\{number}")
        self.references.append(number)
        return Nothing(f"(?:\\{number})", repeatable=True)

    def _reference(self, letter: str) -> Item:
        """`\\k<name>`, `\\k'name'`, `\\k{name}`, `\\g{name}`, `\\g1`, `\\g{-1}`."""
        closing = {"{": "}", "<": ">", "'": "'"}.get(self._peek(), "")
        end = self.pattern.find(closing, self.at + 1) if closing else -1
        if closing and end < 0:
            raise InvalidPcre("syntax error in subpattern name")
        name = self.pattern[self.at + 1 : end] if closing else self._digits("0123456789", 4)
        self.at = end + 1 if closing else self.at
        if name.startswith("-") and name[1:].isdecimal():
            name = str(max(0, self.groups + 1 - int(name[1:4])))
        if (letter == "g" and closing not in ("", "}")) or not name:
            raise Unexpressed(f"\\{letter}")
        self.references.append(name)
        return Nothing(f"(?:\\{name})" if name.isdecimal() else f"(?P={name})", repeatable=True)

    def _group(self) -> Iterator[Item]:
        opening = self._opening()
        if opening is None:
            return
        if opening == "" or opening.endswith(")"):
            yield Nothing(
                opening, repeatable=opening.startswith(("(?&", "(?P=", "(?R", "(*")) or opening[2:3].isdecimal()
            )
            return
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unexpressed(f"parentheses nested more than {DEEPEST} deep")
        extended = self.extended
        self.extended = extended if not opening.startswith("(?x") else True
        branches = self._branches()
        self.extended, self.depth = extended, self.depth - 1
        if self._take() != ")":
            raise InvalidPcre("missing closing parenthesis")
        group = PatternGroup(opening, branches)
        around = opening.startswith(("(?=", "(?!", "(?<=", "(?<!"))
        yield Nothing(_write_item(group), repeatable=True) if around else group

    def _opening(self) -> str | None:
        """What a group begins with, in Python's terms: whole where it ends in `)`, empty where nothing is left; None: a comment."""
        self.at += 1
        if self._peek() == "*":
            return self._verb()
        if self._peek() != "?":
            self.groups += 1
            return "("
        self.at += 1
        for plain in (":", "|", ">", "=", "!", "<=", "<!"):
            if self._peek(len(plain)) == plain:
                self.at += len(plain)
                return f"(?{plain}"
        if self._peek() == "#":
            self._comment()
            return None
        if self._peek() in ("<", "'") or self._peek(2) == "P<":
            return self._read_name()
        if self._peek() in ("&", "R", "0") or self._peek(2) in ("P>", "P=") or self._peek().isdecimal():
            return self._call()
        return self._flags()

    def _verb(self) -> str:
        end = self.pattern.find(")", self.at)
        verb = self.pattern[self.at + 1 : end] if end > 0 else ""
        if verb not in _OUTCOMES:
            raise Unexpressed(f"(*{verb[:20]}")
        self.at = end + 1
        return f"(*{verb})"

    def _comment(self) -> None:
        end = self.pattern.find(")", self.at)
        if end < 0:
            raise InvalidPcre("missing ) after (?# comment")
        self.at = end + 1

    def _read_name(self) -> str:
        self.at += 2 if self._peek() == "P" else 1
        closing = "'" if self.pattern[self.at - 1] == "'" else ">"
        end = self.pattern.find(closing, self.at)
        name = self.pattern[self.at : end] if end > 0 else ""
        if not name.isascii() or not name.isidentifier():
            raise InvalidPcre("syntax error in subpattern name (missing terminator?)")
        if name in self.names:
            raise InvalidPcre("two named subpatterns have the same name (PCRE2_DUPNAMES not set)")
        self.at = end + 1
        self.names.add(name)
        self.groups += 1
        return f"(?P<{name}>"

    def _call(self) -> str:
        """`(?R)`, `(?1)`, `(?&name)`, `(?P>name)`: a group's expression once more; `(?P=name)`: what it matched."""
        end = self.pattern.find(")", self.at)
        if end < 0:
            raise InvalidPcre("missing closing parenthesis")
        called = self._take(end - self.at)
        self.at += 1
        name = called.removeprefix("P>").removeprefix("P=").removeprefix("&")
        if name not in ("R", "0"):
            self.references.append(name)
        if called.startswith("P="):
            return f"(?P={name})"
        return f"(?{name})" if name.isdecimal() or name == "R" else f"(?&{name})"

    def _flags(self) -> str | None:
        """`(?i)` up to the end of the group, `(?i:…)` for a group."""
        start = self.at
        while self._peek() in ("-", *_FLAGS) and self._peek():
            self.at += 1
        flags, mark = self.pattern[start : self.at], self._take()
        if mark not in (":", ")") or flags.count("-") > 1:
            raise Unexpressed(f"(?{(flags + mark)[:20]}")
        on, _, off = flags.partition("-")
        if mark == ")":
            self.extended = "x" in on or (self.extended and "x" not in off)
        kept = flags.replace("x", "").rstrip("-")
        if not kept:
            return ("(?x:" if "x" in on else "(?:") if mark == ":" else ""
        if mark == ":" and "x" in on:
            raise Unexpressed(f"(?{flags}:")
        return f"(?{kept}{mark}"

    def _set(self) -> Item:
        """A bracket expression."""
        self.at += 1
        kind = self._peek()
        if kind in (":", ".", "=") and self._is_posix_class(kind):
            raise InvalidPcre("POSIX named classes are supported only within a class")
        negated = kind == "^"
        self.at += negated
        members: list[_Member] = []
        first = True
        while first or self._peek() != "]":
            if self.at >= len(self.pattern):
                raise InvalidPcre("missing terminating ] for character class")
            self._member(members)
            first = False
        self.at += 1
        members = [member for member in members if member.written]
        written = f"[{'^' if negated else ''}{''.join(member.written for member in members)}]"
        example = _outside(members) if negated else members[0].example if members else "x"
        return Anything(written, example, is_set=len({member.character for member in members} - {None}) > 1)

    def _is_posix_class(self, kind: str) -> bool:
        """Whether `[:`, `[.` or `[=` here is ended by the same mark before any other bracket: `[.]a[.]` is two sets."""
        at = self.at + 1
        while at < len(self.pattern):
            if self.pattern.startswith(f"{kind}]", at):
                return True
            if self.pattern[at] == "]" or self.pattern.startswith(f"[{kind}", at):
                return False
            at += 2 if self.pattern[at : at + 2] in ("\\]", "\\\\") else 1
        return False

    def _member(self, members: list[_Member]) -> None:
        low = self._one_member()
        if self._peek() != "-" or self._peek(2) in ("-]", "-") or not low.written:
            members.append(low)
            return
        if low.character is None:
            raise InvalidPcre("invalid range in character class")
        self.at += 1
        high = self._one_member()
        if high.character is None:
            raise InvalidPcre("invalid range in character class")
        if high.character < low.character:
            raise InvalidPcre("range out of order in character class")
        written = f"{_in_set(low.character)}-{_in_set(high.character)}"
        members.append(_Member(written, low.character, None, (low.character, high.character)))

    def _one_member(self) -> _Member:
        if self._peek(2) == "[:" and (end := self.pattern.find(":]", self.at)) > 0:
            name = self.pattern[self.at + 2 : end]
            if name.removeprefix("^") in _POSIX:
                self.at = end + 2
                return _Member(f"[:{name}:]", "1" if name in ("digit", "xdigit") else "x")
            if name.replace("^", "").isalpha():
                raise InvalidPcre("unknown POSIX class name")
        if self._peek(2) in ("[.", "[="):
            raise Unexpressed(f"{self._peek(2)} in a set")
        character = self._take()
        return self._escaped_member() if character == "\\" else _member_of(character)

    def _escaped_member(self) -> _Member:
        letter = self._take()
        if letter == "b":
            return _member_of("\b")
        if letter == "E":
            return _Member("", "x")
        if letter in "dDsSwW" and letter:
            return _Member(f"\\{letter}", _SHORT[letter])
        if letter in ("h", "v"):
            return _Member(_SETS[letter], _SHORT[letter])
        if letter in ("p", "P"):
            return _Member(f"\\{letter}{self._property()}", "x")
        if letter in "1234567" and letter:
            return _member_of(chr(int(letter + self._digits("01234567", 2), 8) & 255))
        character = self._character(letter) if letter else None
        if character is None:
            raise Unexpressed(f"\\{letter} in a set")
        return _member_of(character)


class _Member(msgspec.Struct, frozen=True):
    """Part of a bracket expression. character: what it is, if it is one; span: the ends of a range."""

    written: str
    example: str
    character: str | None = None
    span: tuple[str, str] | None = None


def _member_of(character: str) -> _Member:
    return _Member(_in_set(character), character, character)


def _in_set(character: str) -> str:
    return character if character.isalnum() else f"\\{character}"


def _outside(members: list[_Member]) -> str:
    """A short character that no member names."""
    letters = (letter for letter in "xyz0-_A" if not any(_holds(member, letter) for member in members))
    return next(letters, "\u00e9")


def _holds(member: _Member, letter: str) -> bool:
    if member.span is not None:
        return member.span[0] <= letter <= member.span[1]
    if member.character is not None:
        return member.character == letter
    classes = {r"\d": _DIGITS, r"\s": " \t\n", r"\w": f"{_LETTERS}{_LETTERS.upper()}{_DIGITS}_"}
    return letter in classes.get(member.written, "")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _counts(least: int, most: int | None) -> tuple[int, int | None]:
    if max(least, most or 0) > MOST_REPEATS:
        raise InvalidPcre("number too big in {} quantifier")
    if most is not None and most < least:
        raise InvalidPcre("numbers out of order in {} quantifier")
    return least, most
