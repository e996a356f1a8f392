"""Random expressions and variables: infralint and the terraform program work out the same.

`python tests/terraform/test_agreement.py` records anew what terraform says of a sample; tests/bench/agree_terraform.py
compares as many as one likes.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from agreement import REFUSED, agreement, work_out, work_out_variables
from asking import ask, ask_variables
from generate import Variable, expressions, variables

RECORDED = Path(__file__).with_name("sample.json")
SAMPLE = json.loads(RECORDED.read_text()) if RECORDED.exists() else {"expressions": [], "variables": []}
LOST = 0.02
"""The share of values that may be unknown."""

needs_terraform = pytest.mark.skipif(
    not shutil.which("terraform"), reason="the terraform program is not here; its recorded answers are"
)


def test_expressions_have_the_values_that_terraform_gave_them() -> None:
    questions, answers = zip(*SAMPLE["expressions"], strict=True)
    found = agreement(questions, answers, list(work_out(questions)))
    assert not found.wrong
    assert found.counted["same"] > len(questions) / 3
    assert found.lost < LOST


def test_what_is_not_worked_out_within_a_list_does_not_surely_succeed() -> None:
    """Versions of terraform differ in what element() does with a negative index: one refuses it."""
    questions = ["can([element([1], -1)])", "can(keys({ a = element([1], -1) }))", "try(length([element([1], -1)]), 9)"]
    assert list(work_out(questions)) == ["unknown"] * 3


def test_variables_have_the_values_that_terraform_gave_them(tmp_path: Path) -> None:
    questions = [Variable(**fields) for fields, _ in SAMPLE["variables"]]
    answers = [answer for _, answer in SAMPLE["variables"]]
    found = agreement(questions, answers, list(work_out_variables(tmp_path, questions)))
    assert not found.wrong
    assert not found.counted["taken"]
    assert found.counted["same"] > len(questions) / 3


@needs_terraform
def test_terraform_still_gives_these_values() -> None:
    questions, answers = zip(*SAMPLE["expressions"], strict=True)
    assert ask(questions) == list(answers)


@needs_terraform
def test_expressions_that_were_never_seen_have_terraforms_values() -> None:
    questions = expressions(300, seed=77)
    found = agreement(questions, ask(questions), list(work_out(questions)))
    assert not found.wrong


WRITTEN = [
    ('"${ "a" ~}\n  b"', REFUSED),
    ('<<EOT\na${ "b" ~}\n  c\nEOT', '"ab  c\\n"'),
    ("<<-EOT\n\t\ta\n\t  b\n\n\t c\n  EOT", '"a\\n b\\n\\nc\\n"'),
    ("<<EOT\n%{ if true ~}\n  yes\n%{ else ~}\n  no\n%{ endif ~}\nend\nEOT", '"  yes\\nend\\n"'),
    ("0.1 + 0.2 == 0.3", "true"),
    ("ceil(1.1 * 100)", "110"),
    ('contains(["1", "2"], 1)', "false"),
    ('contains([1, "2"], "2")', "true"),
    ('matchkeys([60, 300], ["1", "2"], [2])', "[300]"),
    ('toset(["b", 1, true])', '["1","b","true"]'),
    ("alltrue([true, null])", "false"),
    ("anytrue([null, true])", "true"),
    ("try(max(null...), 300)", "300"),
    ('try(format("%y", 1), 300)', "300"),
    ('format("%[2]s-%[1]x", 255, "a")', '"a-ff"'),
    (r'regex("\\Qa.b\\E", "xa.b")', '"a.b"'),
    (r'try(regex("(?=a)", "a"), "refused")', '"refused"'),
    (r'replace("k", "/(k)/", "$1_$${1}_")', '"k_"'),
    ('yamldecode("a: 0400\\nb: yes\\nc: 0o17\\nd: 1e3\\ne: 0b1")', '{"a":400,"b":true,"c":15,"d":1000,"e":"0b1"}'),
    ('true ? 1 : "x"', '"1"'),
    ("true ? 1 : [1]", REFUSED),
    ("true ? { a = 1 } : toset(null)", REFUSED),
    ('coalesce(true, false ? "a" : null)', '"true"'),
    ('true ? 1 : (false ? "a" : null)', '"1"'),
    ("true ? 1 : tostring([1])", "1"),
    ('toset([[["a"]], tolist([])])', REFUSED),
    ("tolist([{ a = [1] }, tomap({})])", REFUSED),
    ('toset([["a"], tolist([])])', '[["a"],[]]'),
    ("true ? [[1]] : tolist([])", "[[1]]"),
    ("concat(tolist([0.1]), concat(tolist([[1], []]), tolist([])))", "[0.1,[1],[]]"),
    ('concat(tolist([["a"]]), concat(tolist([]), tolist([[1]])))', '[["a"],["1"]]'),
    ("[for v in [] : v if { a = 1 }]", REFUSED),
    ('[for v in toset([]) : v if "x"]', REFUSED),
    ("[for v in [] : v if null]", REFUSED),
    ('[for v in [] : v if v.enabled && lookup(v, "x", null) != null]', "[]"),
    ('{ for k, v in {} : k => v if contains(keys(v), "a") }', "{}"),
    ('true ? 1 : (true ? "a" : [1])', "1"),
    ("[1] == [] ? [1] : tomap(null)", REFUSED),
    ('try(keys({ b = true ? { a = 1 } : toset(null) }), "refused")', '"refused"'),
    ('true ? {a = 1} : {b = "x"}', '{"a":"1"}'),
    ('tonumber("nan")', REFUSED),
    ("[1][0.5]", REFUSED),
    ('"\\q"', REFUSED),
    ("coalesce(null...)", REFUSED),
    ("max({ a = 1 }...)", REFUSED),
    ("length([1]) / length([1, 2, 3])", "0.33333333333333333334"),
    ('ceil(length(["a", "b"]) / length(["a", "b", "c"]) * 3)', "3"),
    ('[for index, name in ["a", "b", "c"] : name if index / length("abc") * length("abc") == index]', '["a"]'),
    ("pow(2, 0.5) * pow(2, 0.5)", "2.00000000000000027343234630647693"),
    ("pow(2, 0.5) + pow(2, 0.5)", "2.8284271247461903"),
    ("pow(2, 0.5) % 1", "0.41421356237309515"),
    ("range(3)[1] / length([1, 2, 3])", "0.33333333333333333334"),
    ("range(0, 3)[1] / length([1, 2, 3]) == 1 / 3", "true"),
    (
        'format("%v %.20f", sum([length([1])]) / parseint("3", 10), 0.1)',
        '"0.33333333333333333334 0.10000000000000000000"',
    ),
    ("abs(-length([1]) / length([1, 2, 3]))", "0.33333333333333333334"),
    ("floor(pow(2, 3)) / pow(3, 1)", "2.6666666666666665"),
    ("distinct([length([1]), 1])[0] / length([1, 2, 3])", "0.33333333333333333334"),
    ('[for name in coalesce(toset(null), ["b", "a"]) : name]', '["a","b"]'),
    ("coalesce(tobool(null), 1)", REFUSED),
    ("coalesce(null, 1)", "1"),
    ("false ? tostring(null) : 1", '"1"'),
    ("false ? toset(null) : [1, 1]", "[1]"),
    ("try(true ? toset(null) : 1, 2)", "2"),
    ("try(false ? (1 > null ? 3 : null) : true, 2)", "2"),
]


@pytest.mark.parametrize(("text", "answer"), WRITTEN, ids=range(len(WRITTEN)))
def test_what_people_write_has_terraforms_value(text: str, answer: str) -> None:
    assert list(work_out([text])) == [answer]


@needs_terraform
def test_what_people_write_is_what_terraform_says() -> None:
    answers = ask([text for text, _ in WRITTEN])
    assert [REFUSED if answer is None else answer for answer in answers] == [answer for _, answer in WRITTEN]


if __name__ == "__main__":
    asked, given = expressions(400), variables(120)
    RECORDED.write_text(
        json.dumps(
            {
                "expressions": list(zip(asked, ask(asked), strict=True)),
                "variables": [(asdict(one), answer) for one, answer in zip(given, ask_variables(given), strict=True)],
            },
            indent=0,
            ensure_ascii=False,
        )
        + "\n"
    )
