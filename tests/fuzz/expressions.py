"""Regular expressions of infralint that go back over a text again and again: what takes long on 100 kB made for them.

    python tests/fuzz/expressions.py [--seed 1] [FILE …]

Each expression is searched for (or matched, where the code does only that) in texts that repeat what its own parts fit.
One that takes four times as long for twice the text, and too long for 100 kB, is printed with the
text; then the exit status is 1.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import pkgutil
import random
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as grammar  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent))

from yardstick import yardstick

import infralint
from infralint.text.lazy import lazy as define_later

LAZY = type(define_later(""))
ROOT = Path(infralint.__file__).parent
LONG = 50
"""Yardsticks of the processor: a good half of a second on a common server."""
SIZE = 100_000
SHORT = 3_000
TEXTS = 600
"""Texts tried for each expression."""
ANCHORED = frozenset({"match", "fullmatch"})
METHODS = ANCHORED | {"search", "finditer", "findall", "sub", "split"}
SHORT_TEXTS = {
    "cli/terminal.py": "infralint's own pages",
    "engine/pages.py": "infralint's own pages",
    "engine/ignores.py": "lines of at most 2,000 characters",
}
"""Where the texts are never long, and what they are."""
ONCE = frozenset(
    {
        ("sources/terraform/hcl.py", "_SPACE"),
        ("sources/terraform/hcl.py", "_SPACE_LINES"),
        ("text/json_places.py", "_SPACE_AND_COMMENTS"),
        ("project/routed_files.py", "_PAGES"),
        ("project/routed_files.py", "_UNMISTAKABLE"),
        ("sources/application/manifests.py", "_SUPERVISED"),
        ("sources/application/rails_routes.py", "_CONTROLLER"),
        ("sources/application/pages.py", "_PLAIN_SCRIPT"),
        ("sources/unread/files.py", "PATHS"),
        ("sources/unread/files.py", "_TEMPLATED"),
    }
)
"""Expressions that parsers match where they stand, and end at what does not fit; and those of names of files."""
_CATEGORIES = {
    kinds.CATEGORY_SPACE: " \t\n",
    kinds.CATEGORY_WORD: "a_",
    kinds.CATEGORY_DIGIT: "1",
    kinds.CATEGORY_NOT_SPACE: "a.",
    kinds.CATEGORY_NOT_WORD: " .",
    kinds.CATEGORY_NOT_DIGIT: "a ",
}
_TYPICAL = "a .\n/-\"'({<%1A=,\\"

Node = tuple[Any, Any]


class Written(NamedTuple):
    """An expression, the name that the code gives it, and where. methods: how it is used."""

    pattern: re.Pattern[Any]
    name: str
    where: str
    methods: frozenset[str]


class Slow(NamedTuple):
    """seconds: what SIZE bytes of `unit` again and again, after `start`, take."""

    written: Written
    seconds: float
    start: str
    unit: str


def collect() -> list[Written]:
    """All expressions of infralint's modules that are written out."""
    texts = {path: path.read_text() for path in ROOT.rglob("*.py")}
    named: dict[int, Written] = {}
    met: set[int] = set()
    for module in pkgutil.walk_packages(infralint.__path__, "infralint."):
        if not module.name.endswith("__main__"):
            loaded = importlib.import_module(module.name)
            for name, value in vars(loaded).items():
                for lazy in _lazy_in(value, met):
                    named.setdefault(id(lazy), _written(lazy, name, Path(loaded.__file__ or ""), texts))
    return [*named.values(), *(written for path, text in texts.items() for written in _in_calls(path, text))]


def _lazy_in(value: Any, met: set[int]) -> Iterator[Any]:
    if isinstance(value, LAZY):
        yield value
    elif isinstance(value, dict | tuple | list | msgspec.Struct) and id(value) not in met:
        met.add(id(value))
        if isinstance(value, msgspec.Struct):
            items = [getattr(value, field) for field in value.__struct_fields__]
        else:
            items = list(value.values()) if isinstance(value, dict) else list(value)
        for item in items:
            yield from _lazy_in(item, met)


def _written(lazy: Any, name: str, path: Path, texts: dict[Path, str]) -> Written:
    users = [texts[path]] if name.startswith("_") else list(texts.values())
    uses = {method for text in users for method in re.findall(rf"\b{name}\.(\w+)", text)} & METHODS
    return Written(re.compile(*lazy._given), name, str(path.relative_to(ROOT)), frozenset(uses or {"search"}))


def _in_calls(path: Path, text: str) -> Iterator[Written]:
    """Expressions that are given to functions of `re`."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            of, given = node.func.value, node.args[0] if node.args else None
            if isinstance(of, ast.Name) and of.id == "re" and isinstance(given, ast.Constant):
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield Written(re.compile(given.value), "", where, frozenset({node.func.attr}))


def find_slow(written: Written, rng: random.Random) -> Slow | None:
    """The text of those tried on which an expression takes longest, where that is too long."""
    worst: Slow | None = None
    measure = yardstick()
    most = LONG * measure
    for start, unit in _texts(written.pattern, rng):
        little = _seconds(written, start, unit, SHORT, most)
        if little > measure / 30 and _seconds(written, start, unit, 2 * SHORT, most) > 2.7 * little:
            seconds = _seconds(written, start, unit, SIZE, 3 * most)
            if seconds > max(most, worst.seconds if worst else 0):
                worst = Slow(written, seconds, start, unit)
                if seconds > 2 * most:
                    break
    return worst


def _texts(pattern: re.Pattern[Any], rng: random.Random) -> Iterator[tuple[str, str]]:
    tree = grammar.parse(pattern.pattern, pattern.flags & ~re.UNICODE)
    parts = [[*tree], *_parts(tree)]
    for _ in range(TEXTS):
        unit = "".join(_example(rng.choice(parts), rng.randrange(9)) for _ in range(rng.randint(1, 4)))
        start = rng.choice(("", _example(rng.choice(parts), rng.randrange(9)), _before(tree, rng)))
        if 0 < len(unit) < 60:
            yield start, unit


def _parts(tree: Any) -> Iterator[list[Node]]:
    for node in tree:
        yield [node]
        for inner in _inner(node):
            yield [*inner]
            yield from _parts(inner)


def _inner(node: Node) -> tuple[Any, ...]:
    kind, given = node
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
        return (given[2],)
    if kind is kinds.SUBPATTERN:
        return (given[3],)
    if kind is kinds.ATOMIC_GROUP:
        return (given,)
    if kind is kinds.BRANCH:
        return tuple(given[1])
    return (given[1],) if kind in (kinds.ASSERT, kinds.ASSERT_NOT) else ()


def _before(tree: Any, rng: random.Random) -> str:
    """What the beginning of an expression fits."""
    return _example(list(tree)[: rng.randrange(len(tree) + 1)], rng.randrange(9))


def _example(nodes: list[Node], pick: int) -> str:
    return "".join(_example_of(node, pick) for node in nodes)


def _example_of(node: Node, pick: int) -> str:
    kind, given = node
    if kind is kinds.LITERAL:
        return chr(given)
    if kind is kinds.NOT_LITERAL:
        return "b" if given == ord("a") else "a"
    if kind is kinds.ANY:
        return "a \n/"[pick % 4]
    if kind is kinds.IN:
        letters = _letters(given)
        return letters[pick % len(letters)]
    if kind in (kinds.ASSERT, kinds.ASSERT_NOT):
        return ""
    inner = _inner(node)
    repeated = (
        min(given[0], 20) or pick % 2 if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT) else 1
    )
    return _example([*inner[pick % len(inner)]], pick) * repeated if inner else ""


def _letters(items: Any) -> str:
    if items[0][0] is kinds.NEGATE:
        return "".join(letter for letter in _TYPICAL if not any(_has(item, letter) for item in items[1:])) or "~"
    return "".join(
        _CATEGORIES[given] if kind is kinds.CATEGORY else chr(given[0] if kind is kinds.RANGE else given)
        for kind, given in items
    )


def _has(item: Node, letter: str) -> bool:
    kind, given = item
    if kind is kinds.CATEGORY:
        return letter in _CATEGORIES[given]
    return given[0] <= ord(letter) <= given[1] if kind is kinds.RANGE else given == ord(letter)


def _seconds(written: Written, start: str, unit: str, size: int, most: float) -> float:
    """What one use takes of the processor, stopped after the most."""
    text: Any = start + unit * (size // len(unit)) + "\x01"
    if isinstance(written.pattern.pattern, bytes):
        text = text.encode()
    signal.signal(signal.SIGVTALRM, _stop)
    before = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, most)
    try:
        for method in written.methods & ANCHORED:
            getattr(written.pattern, method)(text)
        if written.methods - ANCHORED:
            for _ in written.pattern.finditer(text):
                pass
    except TimeoutError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return time.process_time() - before


def _stop(*_: object) -> None:
    raise TimeoutError


def main() -> None:
    """Look at the expressions of all modules, or of some files (`sources/nginx/tree.py`)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    slow = 0
    for written in collect():
        path = written.where.partition(":")[0]
        if path in SHORT_TEXTS or (path, written.name) in ONCE or (options.files and path not in options.files):
            continue
        if found := find_slow(written, rng):
            slow += 1
            print(
                f"{found.seconds:.1f} s  {written.where} {written.name}: {found.start!r} + {found.unit!r} * n",
                flush=True,
            )
    print(f"{slow} take long")
    sys.exit(slow > 0)


if __name__ == "__main__":
    main()
