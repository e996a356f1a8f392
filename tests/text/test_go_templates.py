"""Go's templates with sprig's functions: what they write, and where each line of it comes from."""

from __future__ import annotations

from typing import Any

import pytest

from infralint.text.display import HOLE
from infralint.text.go_templates import (
    Renderer,
    TemplateFile,
    TemplateProblem,
    merge_values,
    parse_template,
    plain_values,
)
from infralint.text.patterns import fresh_budget
from infralint.text.yaml_places import YamlProblem, read_yaml

VALUES = """\
name: chat
port: 8080
off: false
empty: ""
hosts: [a.example.com, b.example.com]
ingress:
  annotations:
    example.com/timeout: "60"
    example.com/on: "true"
  nested: { deep: { word: x } }
snippet: |
  location / {
    return 204;
  }
"""


def values(text: str = VALUES, first_line: int = 1) -> Any:
    return plain_values(read_yaml(text, first_line=first_line)[0])


def rendered(text: str, *others: str) -> str:
    """What a template writes with the values above."""
    files = [TemplateFile("t", text), *(TemplateFile(f"o{number}", other) for number, other in enumerate(others))]
    dot = {"Values": values(), "Release": {"Name": "r"}}
    return Renderer(files).render(files[0], dot).text()


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("a {{ .Values.name }} b", "a chat b"),
        ("a\n  {{- .Values.name -}}\n  b", "achatb"),
        ("{{/* a comment with }} in it */}}x", "x"),
        ("{{- /* c */ -}} x", "x"),
        ("{{ if .Values.off }}a{{ else if .Values.name }}b{{ else }}c{{ end }}", "b"),
        ("{{ if.Values.name }}a{{ end }}", "a"),
        ("{{ if and .Values.name (not .Values.off) }}a{{ end }}", "a"),
        ("{{ if or .Values.missing .Values.empty }}a{{ else }}b{{ end }}", "b"),
        ("{{ with .Values.ingress }}{{ .nested.deep.word }}{{ $.Release.Name }}{{ end }}", "xr"),
        ("{{ with .Values.missing }}a{{ else }}b{{ end }}", "b"),
        ("{{ range .Values.hosts }}[{{ . }}]{{ end }}", "[a.example.com][b.example.com]"),
        ("{{ range $i, $host := .Values.hosts }}{{ $i }}={{ $host }};{{ end }}", "0=a.example.com;1=b.example.com;"),
        ("{{ range $k, $v := .Values.ingress.annotations }}{{ $k }};{{ end }}", "example.com/on;example.com/timeout;"),
        ("{{ range .Values.missing }}a{{ else }}b{{ end }}", "b"),
        ("{{ range until 5 }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}", "012"),
        ("{{ range list 1 2 3 }}{{ if eq . 2 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "13"),
        ("{{ eq 0x1p4 16.0 }}", "true"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"),
        ("{{ .Values.missing | default \"d\" }}", "d"),
        ("{{ .Values.port | quote }} {{ .Values.port | toString | squote }}", "\"8080\" '8080'"),
        ("{{ printf \"%s-%d-%v-%q\" .Values.name 3 true \"x\" }}", 'chat-3-true-"x"'),
        ("{{ ternary \"a\" \"b\" .Values.off }}", "b"),
        ("{{ .Values.name | upper | trunc 2 | trimSuffix \"H\" }}", "C"),
        ("{{ join \",\" .Values.hosts }}", "a.example.com,b.example.com"),
        ("{{ index .Values.hosts 1 }}{{ (index .Values.hosts 0) | len }}", "b.example.com13"),
        ("{{ dig \"nested\" \"deep\" \"word\" \"d\" .Values.ingress }}{{ dig \"a\" \"d\" .Values.ingress }}", "xd"),
        ("{{ hasKey .Values \"name\" }}{{ hasKey .Values \"nam\" }}", "truefalse"),
        ("{{ add 1 2 | mul 3 }}{{ sub 5 3 }}{{ div 7 2 }}{{ mod 7 2 }}", "9231"),
        ("{{ semverCompare \">=1.19-0\" \"v1.31.0\" }}{{ semverCompare \"<1.14-0\" \"1.31\" }}", "truefalse"),
        ("{{ semverCompare \"~1.2\" \"1.2.9\" }}{{ semverCompare \"^1.2\" \"2.0.0\" }}", "truefalse"),
        ("{{ replace \"a\" \"b\" \"banana\" }}{{ contains \"an\" \"banana\" }}", "bbnbnbtrue"),
        ("{{ regexReplaceAll \"(a)(n)\" \"banana\" \"$2$1\" }}", "bnanaa"),
        ("{{ kindIs \"map\" .Values.ingress }}{{ kindOf .Values.hosts }}", "trueslice"),
        ("{{ coalesce .Values.missing .Values.empty \"c\" }}", "c"),
        ("{{ .Values.name | b64enc | b64dec }}", "chat"),
        ("{{ (dict \"a\" 1).a }}{{ get (dict \"a\" 1) \"b\" }}", "1"),
        ("{{ toYaml .Values.ingress.nested }}", "deep:\n  word: x"),
        ("x:{{ toYaml .Values.ingress.annotations | nindent 2 }}", 'x:\n  example.com/on: "true"\n  example.com/timeout: "60"'),
        ("{{ toYaml .Values.hosts }}", "- a.example.com\n- b.example.com"),
        ("{{ toYaml (list (dict \"a\" 1 \"b\" (list 2))) }}", "- a: 1\n  b:\n  - 2"),
        ("{{ dict \"a\" (list) \"b\" (dict) | toYaml }}", "a: []\nb: {}"),
        ("{{ toYaml (dict \"s\" .Values.snippet) }}", "s: |\n  location / {\n    return 204;\n  }"),
        ("{{ toJson .Values.hosts }}", '["a.example.com","b.example.com"]'),
        ("{{ lookup \"v1\" \"Secret\" \"a\" \"b\" }}", "map[]"),
        ("{{ tpl \"{{ .Values.name }}!\" . }}", "chat!"),
        ("{{ join \",\" (push (mustPush (append (list 1) 2) 3) 4) }}", "1,2,3,4"),
        ("{{ not (empty .Values.name) }}", "true"),
        ("{{ .Values.off }}{{ .Values.missing }}", "false"),
        ("{{- $ := .Values.ingress -}}{{ range $.annotations }}{{ . }} {{ end }}{{ $.nested.deep.word }}", "true 60 x"),
        ("{{ `raw {{ text }}` }}", "raw {{ text }}"),
        ("{{- define \"a\" }}in {{ .x }}{{ end -}}{{ template \"a\" (dict \"x\" 1) }}", "in 1"),
    ],
)  # fmt: skip
def test_what_a_template_writes(template: str, text: str) -> None:
    assert rendered(template) == text


def test_a_template_of_another_file_is_included() -> None:
    helpers = '{{- define "app.name" -}}\n{{ .Values.name }}-app\n{{- end -}}'
    assert rendered('n: {{ include "app.name" . | quote }}', helpers) == 'n: "chat-app"'


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ if .Values.a }}x", "never closed"),
        ("{{ end }}", "closes nothing"),
        ("{{ .Values.missing.deeper }}", "is not set"),
        ('{{ fail "no" }}', "no"),
        ('{{ include "nobody" . }}', "nobody"),
        ("{{ .Values.name ", "never closed"),
        ('{{ "open }}', "never closed"),
        ("{{ 18446744073709551616 }}", "too large for a whole number"),
        (f"{{{{ 0x{'f' * 5000} }}}}", "too large for a whole number"),
        ("{{ $x }}", "no variable `\\$x` is declared"),
        ("{{ if .Values.missing }}{{ $x.y }}{{ end }}", "no variable `\\$x`"),
        ("{{ if .Values.missing }}{{ $x := 1 }}{{ end }}{{ $x }}", "no variable `\\$x`"),
        ("{{ range $i, $v := .Values.hosts }}{{ end }}{{ $v }}", "no variable `\\$v`"),
        ('{{ $x := 1 }}{{ define "t" }}{{ $x }}{{ end }}', "no variable `\\$x`"),
        ("{{ $name := 1 }}{{ with .Values.missing }}{{ $nane }}{{ end }}", "did you mean `\\$name`"),
        ("{{ if .Values.name }}{{ break }}{{ end }}", "outside of any `range`"),
        (
            '{{ range .Values.hosts }}{{ include "t" . }}{{ end }}{{ define "t" }}{{ continue }}{{ end }}',
            "outside of any",
        ),
        ("{{ range .Values.hosts }}{{ else }}{{ continue }}{{ end }}", "outside of any"),
    ],
)
def test_what_helm_refuses_is_refused(template: str, problem: str) -> None:
    with pytest.raises(TemplateProblem, match=problem):
        rendered(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ $x := 1 }}{{ if $x }}{{ $.Values.name }}{{ $x }}{{ end }}",
        "{{ with $x := .Values.name }}{{ $x }}{{ else }}{{ $x }}{{ end }}",
        "{{ range $i, $v := .Values.hosts }}{{ $i }}{{ $v }}{{ else }}{{ $i }}{{ end }}",
        "{{ ($x := 1) }}{{ $x }}",
        '{{ define "t" }}{{ $x := . }}{{ $x }}{{ end }}{{ $x := 1 }}{{ $x = 2 }}{{ template "t" $x }}',
    ],
)
def test_a_variable_is_known_from_its_declaration_to_the_end_of_its_block(template: str) -> None:
    assert parse_template(template).nodes


@pytest.mark.parametrize("template", ["{{ randAlphaNum 8 }}", "{{ now }}", "{{ genCA 1 2 }}", "{{ werf_image 1 }}"])
def test_what_is_only_known_when_it_is_installed_is_a_hole(template: str) -> None:
    assert rendered(template) == HOLE


def test_calls_without_end_and_outputs_without_measure_are_refused() -> None:
    with pytest.raises(TemplateProblem, match="without end"):
        rendered('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}')
    with pytest.raises(TemplateProblem):
        rendered("{{ range until 9999 }}{{ range until 9999 }}{{ range until 9999 }}x{{ end }}{{ end }}{{ end }}")
    with pytest.raises(TemplateProblem):
        rendered('{{ repeat 100000000 "x" }}')


def test_each_line_knows_where_it_was_written() -> None:
    file = TemplateFile(
        "t", "a:\n  {{- toYaml .Values.ingress.annotations | nindent 2 }}\nb: {{ .Values.port }}\n", 100
    )
    output = Renderer([file]).render(file, {"Values": values(first_line=500)})
    assert output.text() == 'a:\n  example.com/on: "true"\n  example.com/timeout: "60"\nb: 8080\n'
    lines = [[(column, place.line, literal) for column, place, literal in row] for row in output.rows()]
    assert lines[0] == [(1, 100, True)]
    assert [place for _, place, _ in lines[1]] == [508]
    assert [place for _, place, _ in lines[2]] == [507]
    assert lines[3] == [(1, 102, True), (4, 501, False)]


def test_values_laid_over_others_replace_and_take_away() -> None:
    base = values("a: { x: 1, y: 2 }\nb: [1, 2]\nc: 3\n")
    over = values("a: { y: 5, z: 6 }\nb: [9]\nc: null\n", first_line=10)
    assert merge_values(base, over) == {"a": {"x": 1, "y": 5, "z": 6}, "b": [9]}
    assert base == {"a": {"x": 1, "y": 2}, "b": [1, 2], "c": 3}


def test_scalars_mean_what_yaml_1_1_says() -> None:
    text = "a: off\nb: 'off'\nc: 010\nd: 1.5\ne: 1_000\nf: ~\ng: 1e3\nh: 12:30\ni: 0x10\n"
    assert values(text) == {
        "a": False,
        "b": "off",
        "c": 8,
        "d": 1.5,
        "e": 1000,
        "f": None,
        "g": 1000.0,
        "h": "12:30",
        "i": 16,
    }


@pytest.mark.parametrize(
    "template",
    [
        "{{ $x := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ end }}{{ toYaml $x }}",
        "{{ $x := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ end }}{{ $x }}",
        "{{ $x := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}",
        "{{ $x := list 1 }}{{ range until 60 }}{{ $x = concat $x $x }}{{ end }}{{ len $x }}",
        "{{ $x := dict }}{{ $y := set $x `a` $x }}{{ toYaml $x }}",
        "{{ $x := list 1 }}{{ $y := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ $y = list $y $y }}{{ end }}"
        "{{ eq $x $y }}",
        "{{ $x := `a` }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}{{ len $x }}",
        "{{ $x := `a` }}{{ range until 60 }}{{ $x = quote $x $x }}{{ end }}{{ len $x }}",
        "{{ $x := repeat 1000000 `a` }}{{ replace `a` $x $x | len }}",
        "{{ $x := repeat 1000000 `a` }}{{ join $x (until 10000) | len }}",
        "{{ $x := repeat 1000000 `a` }}{{ range until 10000 }}{{ $y := upper $x }}{{ end }}",
        "{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}",
        "{{ range until 100000000 }}{{ end }}",
        "{{ range untilStep 0 100000000 1 }}{{ end }}",
    ],
)
def test_a_template_that_never_ends_is_refused_soon(template: str) -> None:
    with pytest.raises(TemplateProblem, match=r"than a chart should|too long"):
        rendered(template)


def test_files_of_a_chart_share_what_they_may_take() -> None:
    files = [TemplateFile(f"t{number}", "{{ range until 30000 }}{{ end }}") for number in range(9)]
    renderer, refused = Renderer(files), []
    for file in files:
        try:
            renderer.render(file, {})
        except TemplateProblem:
            refused.append(file.name)
    assert refused == ["t2", "t3", "t4", "t5", "t6", "t7", "t8"]


def test_aliases_that_stand_for_too_much_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(20)]
    with pytest.raises(YamlProblem, match="its aliases stand for more than it can hold"):
        values("\n".join(lines))
    with pytest.raises(YamlProblem, match="its aliases stand for more than it can hold"):
        values("a: &a [*a]")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ regexReplaceAll `a(x*)b` `-ab-axxb-` `${1}W` }}", "-W-xxW-"),
        ("{{ regexReplaceAll `a(x*)b` `-ab-axxb-` `$1W` }}", "---"),
        ("{{ regexReplaceAll `(?P<it>x+)` `axxb` `<${it}>$$` }}", "a<xx>$b"),
        ("{{ mul 4611686018427387904 2 }}", "-9223372036854775808"),
        ("{{ div -7 2 }}{{ mod -7 2 }}", "-3-1"),
    ],
)
def test_functions_give_what_go_gives(template: str, text: str) -> None:
    assert rendered(template) == text


def test_an_expression_that_never_ends_is_not_told() -> None:
    with fresh_budget():
        assert rendered("{{ regexReplaceAll `^(a|a)*$` (print (repeat 60 `a`) `b`) `` }}") == HOLE
