"""Under which condition on a request's path a piece of middleware runs: `startsWith`, `===`, `.some()`, guards before it.

What is no test of the path is neither true nor false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from infralint.sources.vercel.javascript import (
    FUNCTIONS,
    MOST_LEVELS,
    JavaScriptModule,
    arguments,
    literal,
    nodes_around,
    text_of,
    unwrap,
)
from infralint.sources.vercel.texts import Texts, values_of
from infralint.text.patterns import Unsearchable, search

if TYPE_CHECKING:
    from tree_sitter import Node

Test = Callable[[str], bool | None]
"""Whether it holds for a path; None where that can't be told."""


def conditions_of(texts: Texts, module: JavaScriptModule, node: Node) -> list[tuple[Test, str]]:
    """The conditions that hold where a node is reached within its function, each with its words."""
    found: list[tuple[Test, str]] = []
    for condition, wanted in _conditions(module, node):
        if condition is None:
            found.append((_unknown, f"it stands more than {MOST_LEVELS} levels deep"))
            continue
        test = _test(texts, module, condition)
        words = " ".join(text_of(condition).split())[:80]
        found.append((test if wanted else _negate(test), words))
    return found


def _conditions(module: JavaScriptModule, node: Node) -> Iterator[tuple[Node | None, bool]]:
    """Conditions around a node, and those of guards that stand before it and leave: with the value that they have. None for
    all that stands further out than is looked at."""
    inner = node
    for level, outer in enumerate(nodes_around(module, node, MOST_LEVELS + 1)):
        if inner.type in FUNCTIONS:
            return
        if level == MOST_LEVELS:
            yield None, True
            return
        condition = outer.child_by_field_name("condition")
        if outer.type in ("if_statement", "ternary_expression") and condition is not None and inner != condition:
            yield condition, inner == outer.child_by_field_name("consequence")
        if outer.type == "statement_block":
            yield from ((guard, False) for guard in _guards_before(outer, inner))
        inner = outer


def _guards_before(block: Node, node: Node) -> Iterator[Node]:
    for statement in block.named_children:
        if statement.start_byte >= node.start_byte:
            return
        condition = statement.child_by_field_name("condition")
        if statement.type != "if_statement" or condition is None or statement.child_by_field_name("alternative"):
            continue
        body = statement.child_by_field_name("consequence")
        last = (
            body.named_children[-1]
            if body is not None and body.type == "statement_block" and body.named_children
            else body
        )
        if last is not None and last.type in ("return_statement", "throw_statement"):
            yield condition


def _negate(test: Test) -> Test:
    def turned_round(path: str) -> bool | None:
        found = test(path)
        return None if found is None else not found

    return turned_round


def _unknown(_: str) -> bool | None:
    return None


def _test(texts: Texts, module: JavaScriptModule, node: Node | None) -> Test:
    """A condition as a test of the path."""
    node = unwrap(node)
    if node is None:
        return _unknown
    if node.type == "unary_expression" and text_of(node).startswith("!"):
        return _negate(_test(texts, module, node.child_by_field_name("argument")))
    if node.type == "identifier":
        values = [value for value, key in values_of(module, node) if not key]
        return _test(texts, module, values[0]) if len(values) == 1 else _unknown
    if node.type == "binary_expression":
        return _binary(texts, module, node)
    return _call_test(texts, module, node) if node.type == "call_expression" else _unknown


def _binary(texts: Texts, module: JavaScriptModule, node: Node) -> Test:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = text_of(node.child_by_field_name("operator"))
    if operator in ("&&", "||"):
        first, second, ends = _test(texts, module, left), _test(texts, module, right), operator == "||"

        def join_tests(path: str) -> bool | None:
            found = (first(path), second(path))
            return ends if ends in found else None if None in found else not ends

        return join_tests
    if operator not in ("===", "==", "!==", "!="):
        return _unknown
    sides = (texts.text(module, left), texts.text(module, right))
    other = next((side.value for side in sides if not side.is_path), "")
    if not any(side.is_path for side in sides) or not other.isprintable():
        return _unknown
    return _negate(_equals(other)) if operator.startswith("!") else _equals(other)


def _equals(text: str) -> Test:
    return lambda path: path == text


def _call_test(texts: Texts, module: JavaScriptModule, call: Node) -> Test:
    function, given = call.child_by_field_name("function"), arguments(call)
    if function is None or function.type != "member_expression" or not given:
        return _unknown
    owner = function.child_by_field_name("object")
    match text_of(function.child_by_field_name("property")):
        case "startsWith" | "endsWith" | "includes" as method:
            return _search_test(texts, module, owner, given[0], method)
        case "test" if owner is not None and texts.text(module, given[0]).is_path:
            return _expression(owner)
        case "match" if owner is not None and texts.text(module, owner).is_path:
            return _expression(given[0])
        case "some":
            return _any(texts, module, owner, given[0])
    return _unknown


def _search_test(texts: Texts, module: JavaScriptModule, owner: Node | None, given: Node, method: str) -> Test:
    """`pathname.startsWith("/api")`; `PATHS.includes(pathname)`."""
    if texts.text(module, owner).is_path:
        word = literal(given) if literal(given) is not None else texts.text(module, given).value
        return _word_test(method, str(word)) if str(word).isprintable() else _unknown
    members = _members(module, owner)
    if method == "includes" and members is not None and texts.text(module, given).is_path:
        return lambda path: path in members
    return _unknown


def _word_test(method: str, word: str) -> Test:
    if method == "startsWith":
        return lambda path: path.startswith(word)
    return (lambda path: path.endswith(word)) if method == "endsWith" else (lambda path: word in path)


def _any(texts: Texts, module: JavaScriptModule, owner: Node | None, callback: Node) -> Test:
    """`PREFIXES.some((prefix) => pathname.startsWith(prefix))`."""
    members, body = _members(module, owner), unwrap(callback.child_by_field_name("body"))
    function = body.child_by_field_name("function") if body is not None and body.type == "call_expression" else None
    if members is None or body is None or function is None or function.type != "member_expression":
        return _unknown
    method = text_of(function.child_by_field_name("property"))
    parameters = callback.child_by_field_name("parameter") or callback.child_by_field_name("parameters")
    names = text_of(parameters).strip("() ").partition(":")[0]
    asks = texts.text(module, function.child_by_field_name("object")).is_path
    if (
        not asks
        or method not in ("startsWith", "endsWith", "includes")
        or [text_of(argument) for argument in arguments(body)] != [names]
    ):
        return _unknown
    tests = [_word_test(method, member) for member in members]
    return lambda path: any(test(path) for test in tests)


def _members(module: JavaScriptModule, node: Node | None) -> list[str] | None:
    """The texts of a list that is written out; None for any other."""
    node = unwrap(node)
    if node is not None and node.type == "identifier":
        values = [value for value, key in values_of(module, node) if not key]
        node = unwrap(values[0]) if len(values) == 1 else None
    if node is None or node.type != "array":
        return None
    found = [literal(item) for item in node.named_children if item.type != "comment"]
    return [str(text) for text in found] if all(isinstance(text, str) for text in found) else None


def _expression(node: Node) -> Test:
    written = text_of(unwrap(node))
    pattern, _, flags = written[1:].rpartition("/")
    if not written.startswith("/") or flags.strip("i"):
        return _unknown

    def find_word(path: str) -> bool | None:
        try:
            return search(pattern.replace("\\/", "/"), path, "i" in flags) is not None
        except Unsearchable:
            return None

    return find_word
