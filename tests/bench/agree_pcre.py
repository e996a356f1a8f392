"""Compare `text/pcre.py` and `text/patterns.py` with the machine's own libpcre2 on random expressions.

python tests/bench/agree_pcre.py [EXPRESSIONS] [SEED]
"""

from __future__ import annotations

import ctypes
import ctypes.util
import random
import sys
from collections import Counter

from infralint.text.patterns import TooSlow, Unsearchable, fresh_budget, search

TEXTS = [
    "",
    "a",
    "ab",
    "/a",
    "/api/chat",
    "b1",
    "aab",
    "A",
    "x y",
    "/a.b",
    "a\nb",
    "{,3}",
    "aaaa",
    "]",
    "-",
    "\t",
    "zz9_",
]
PIECES = (
    r"a b c / . x 1 - \d \w \s \h \v \R \N \. \/ [ab] [^ab] [a-c] [[:alpha:]] [[:^digit:]x] [\w.-] []a] [^]a] \Qa.b\E"
    r" \x61 \x{62} \101 \e \t ^ $ \b \B \A \z \Z \K (?i) (?-i) (?s) (?x) (?#c) (?=a) (?!b) (?<=a) (?<!b) \1 \g1 \g{-1} \k<n> \2"
    r" (?1) (?R) (?&n) {,3} {2} {1,2} {3,1} {2,} a* b+ a? a*? b++ a{2} a{1,3}? ( ) [ ] \ ** (*UTF8) (?P<n>a) (?'m'b) (?<n>c)"
    r" (a|b) (?:a|b)+ (ab)* (?>a|ab) (?|(a)|(b)) | \y \L \p{L} \pN \X \C \G ~ @ # & -- && || [a&&b] [a--b] [[a] [a-] [\d-z]"
    r" (?i:A) (?s-i:.) (?: ((a) \cA \0 \08 é"
).split(" ")


class Library:
    """libpcre2 by ctypes: nginx compiles with no flags, or caselessly."""

    def __init__(self) -> None:
        self.lib = ctypes.CDLL(ctypes.util.find_library("pcre2-8") or "libpcre2-8.so.0")
        self.lib.pcre2_compile_8.restype = ctypes.c_void_p
        self.lib.pcre2_match_data_create_from_pattern_8.restype = ctypes.c_void_p

    def answers(self, pattern: str, ignore_case: bool) -> list[bool] | str:
        """Whether each text matches, or what PCRE says of the expression."""
        raw = pattern.encode()
        code, at = ctypes.c_int(), ctypes.c_size_t()
        flags = 8 if ignore_case else 0
        compiled = self.lib.pcre2_compile_8(
            raw, ctypes.c_size_t(len(raw)), flags, ctypes.byref(code), ctypes.byref(at), None
        )
        if not compiled:
            said = ctypes.create_string_buffer(200)
            self.lib.pcre2_get_error_message_8(code, said, 200)
            return said.value.decode()
        data = ctypes.c_void_p(self.lib.pcre2_match_data_create_from_pattern_8(ctypes.c_void_p(compiled), None))
        found = []
        for text in TEXTS:
            subject = text.encode()
            length = ctypes.c_size_t(len(subject))
            found.append(
                self.lib.pcre2_match_8(ctypes.c_void_p(compiled), subject, length, ctypes.c_size_t(0), 0, data, None)
                >= 0
            )
        return found


def ours(pattern: str, ignore_case: bool) -> list[bool] | str:
    with fresh_budget():
        try:
            return [search(pattern, text, ignore_case) is not None for text in TEXTS]
        except TooSlow:
            return "can't: slow"
        except Unsearchable as error:
            return f"{error}".removeprefix("is not a regular expression: ").replace(
                "has what infralint can't", "can't:"
            )


def main(count: int, seed: int) -> int:
    library, random_of, tally = Library(), random.Random(seed), Counter[str]()
    for _ in range(count):
        pattern = "".join(random_of.choices(PIECES, k=random_of.randint(1, 6)))
        ignore_case = random_of.random() < 0.3
        theirs, here = library.answers(pattern, ignore_case), ours(pattern, ignore_case)
        kind = verdict(theirs, here)
        tally[kind] += 1
        if kind not in ("same", "both refuse", "not told") and tally[kind] <= 15:
            print(f"{kind}: {pattern!r} {ignore_case}: {theirs} / {here}")
    print(dict(tally))
    return tally["differs"] + tally["refused falsely"]


def verdict(theirs: list[bool] | str, here: list[bool] | str) -> str:
    if isinstance(here, str):
        if here.startswith("can't"):
            return "not told"
        return "both refuse" if isinstance(theirs, str) else "refused falsely"
    if isinstance(theirs, str):
        return "accepted falsely"
    return "same" if theirs == here else "differs"


if __name__ == "__main__":
    arguments = [int(word) for word in sys.argv[1:]]
    sys.exit(bool(main(*(arguments + [5000, 1][len(arguments) :]))))
