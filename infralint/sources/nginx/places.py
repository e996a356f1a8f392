"""In which blocks the lines of a file stand that others include, and which of them nginx does not take there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infralint.model import Unreadable
from infralint.sources.nginx.contexts import CONTEXTS
from infralint.sources.nginx.grammar import BlocksAround
from infralint.sources.nginx.includes import MAIN, Includes
from infralint.sources.nginx.tree import Directive

_BLOCKS = {
    "M": "outside of all blocks",
    "E": "in `events {}`",
    "H": "in `http {}`",
    "S": "in a server",
    "L": "in a location",
    "U": "in an upstream",
    "s": "in an `if` of a server",
    "l": "in an `if` of a location",
    "x": "in a `limit_except`",
    "T": "in `stream {}`",
    "P": "in a server of `stream {}`",
    "Q": "in an upstream of `stream {}`",
}
Letters = dict[str, dict[str, str]]
"""Path of a file -> the letters of CONTEXTS for the blocks that it is included in -> why it stands there."""


def find_misplaced(includes: Includes) -> Iterator[Unreadable]:
    """What nginx does not take in the block that an include puts it into; the first line of a file tells it."""
    for path, places in _places_of(includes).items():
        tree = includes.trees.get(path) or ()
        if not tree or tree[0].source.is_template:
            continue
        if _is_whole(tree) and (path in includes.globbed or _has_includes(tree)):
            continue  # it is put in the place of the main file, or it is the main file, and files include each other
        for directive in tree:
            contexts = CONTEXTS.get(directive.name)
            letter = next((letter for letter in places if contexts is not None and letter not in contexts), None)
            if letter is not None and not directive.opaque:
                message = (
                    f'nginx would refuse this file: "{directive.name}" directive is not allowed here: {places[letter]}'
                )
                yield Unreadable(message, directive.where)
                break


def find_missing_events(includes: Includes) -> Iterator[Unreadable]:
    """Main files without the one block that nginx does not start without.

    https://nginx.org/en/docs/ngx_core_module.html#events
    """
    for path, tree in includes.trees.items():
        names = {directive.name for directive in tree or ()}
        if not tree or names.isdisjoint({"http", "stream"}) or not names.isdisjoint({"events", "include"}):
            continue
        is_main = path.rpartition("/")[2] == "nginx.conf" or MAIN in includes.find_targets(path)
        if is_main and path not in includes.claimed and not tree[0].source.is_template:
            at = next(directive for directive in tree if directive.name in ("http", "stream"))
            if not any(directive.opaque or directive.conditions for directive in tree):
                message = 'nginx would refuse this file: no "events" section in configuration; write `events {}` above'
                yield Unreadable(message, at.where)


def _is_whole(tree: Sequence[Directive]) -> bool:
    return any(directive.name in ("http", "events") and directive.block is not None for directive in tree)


def _has_includes(tree: Sequence[Directive]) -> bool:
    return any(line.name == "include" for top in tree for line in top.walk())


def _places_of(includes: Includes) -> Letters:
    found: Letters = {}
    passed_on: list[tuple[str, str]] = []
    for path, tree in includes.trees.items():
        if not tree or "include" not in tree[0].source.prepared.text:
            continue
        outermost = "M" if _is_whole(tree) else ""
        for include, letter in _includes_in(tree, outermost):
            for brought in includes.reached.get(id(include), ()):
                if letter:
                    why = f"`{include.written}` includes this file {_BLOCKS[letter]}"
                    found.setdefault(brought, {}).setdefault(letter, why)
                else:
                    passed_on.append((path, brought))
    for _ in passed_on:
        before = sum(map(len, found.values()))
        for path, brought in passed_on:
            for letter, why in found.get(path, {}).items():
                found.setdefault(brought, {}).setdefault(letter, why)
        if sum(map(len, found.values())) == before:
            break
    for path in includes.trees.keys() - includes.claimed:
        for target in includes.find_targets(path):
            if target == MAIN:
                found[path] = {"M": f"it is put at {MAIN}, and is all of nginx' configuration"}
            elif includes.is_in_own_http(path, target):
                found[path] = {"H": f"it is put at {target}, which nginx' own nginx.conf includes in `http {{}}`"}
    return found


def _includes_in(tree: Sequence[Directive], outermost: str) -> Iterator[tuple[Directive, str]]:
    """The includes of a file, each with the letter of the block around it; empty where whoever includes the file decides."""
    pending: list[tuple[Sequence[Directive], BlocksAround]] = [(tree, BlocksAround())]
    while pending:
        level, around = pending.pop()
        for line in level:
            if line.name == "include" and line.block is None:
                if around.letter or not around.blocks:
                    yield line, around.letter or outermost
            elif line.block:
                pending.append((line.block, around.inside(line)))
