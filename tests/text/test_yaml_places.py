"""YAML values with their places, and what is too much of it."""

from __future__ import annotations

import pytest

from infralint.text.yaml_places import YamlProblem, YamlSpan, read_yaml


def test_every_value_knows_its_place() -> None:
    [root] = read_yaml('a: 1\nb:\n  - "x"\n  - {c: yes}\n')
    assert root.text_of("a") == "1"
    assert (root.keys["b"].line, root.keys["b"].column) == (2, 1)
    first, second = root.items_of("b")
    assert (first.text, first.quoted, first.span) == ("x", True, YamlSpan(3, 5, 8))
    assert (second.text_of("c"), second.get("c") and second.get("c").line) == ("yes", 4)  # type: ignore[union-attr]


def test_documents_tags_and_nulls() -> None:
    one, two = read_yaml("---\na: ~\n---\n---\nb: !Ref Name\nc: '~'\n")
    assert one.text_of("a") == ""
    assert two.get("b").tag == "!Ref"  # type: ignore[union-attr]
    assert two.text_of("c") == "~"
    assert read_yaml("") == []


def test_what_is_merged_gives_way_to_what_is_written() -> None:
    text = "base: &b {x: 1, y: 1}\nother: &o {y: 2, z: 2}\nall:\n  <<: [*b, *o]\n  x: 3\n"
    [root] = read_yaml(text)
    assert {key: root.text_of("all", key) for key in "xyz"} == {"x": "3", "y": "1", "z": "2"}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: 1\na: 2\n", "a: stands twice", 2),
        ("? [a]\n: 1\n", "a key must be text", 1),
        ("a: [\n", "did not find expected node content", 2),
        ("a: @b\n", "found character that cannot start any token", 1),
        ("[" * 900 + "]" * 900, "is nested deeper than infralint reads", 1),
        ("a: &a [*a]\nb: *missing\n", "found undefined alias", 2),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, message: str, line: int) -> None:
    with pytest.raises(YamlProblem) as problem:
        read_yaml(text)
    assert message in problem.value.message
    assert problem.value.line == line


def test_a_circle_of_aliases_ends() -> None:
    [root] = read_yaml("a: &a {b: *a}\n")
    assert root.get("a", "b", "b", "b") is root.get("a")


def test_merges_of_merges_are_bounded() -> None:
    lines = ["a0: &a0 {" + ", ".join(f"k{number}: 1" for number in range(50)) + "}"]
    lines += [f"a{number}: &a{number} {{<<: [{', '.join([f'*a{number - 1}'] * 20)}]}}" for number in range(1, 60)]
    with pytest.raises(YamlProblem, match="aliases stand for more"):
        read_yaml("\n".join(lines))


def test_an_alias_means_the_last_node_with_its_anchor() -> None:
    [root] = read_yaml("a: &x 1\nb: *x\nc: &x {d: 2}\ne: *x\nf: yes\n", first_line=10)
    assert (root.text_of("b"), root.text_of("e", "d"), root.text_of("f")) == ("1", "2", "yes")
    assert root.get("c").line == 12  # type: ignore[union-attr]
    with pytest.raises(YamlProblem, match="undefined alias"):
        read_yaml("a: &x 1\nb: &x 2\nc: *y\n")
    with pytest.raises(YamlProblem):
        read_yaml("a: &x 1\nb: &x 2\nc: [\n")
