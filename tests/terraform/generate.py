"""Random expressions and variables of Terraform's: of every type and function, mostly right, sometimes wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

WORDS = ["", "a", "b", "prod", "eu-1", "60", "300", "true", "x y", "é", "A_b", "1.5", "<a>", "a,b", "a/b"]
NUMBERS = ["0", "1", "2", "3", "10", "60", "300", "600", "0.5", "1.25", "0.1", "1e3", "4000"]
KEYS = ["a", "b", "idle", "name", "prod"]
SIMPLE = ["number", "text", "bool"]
DIVISORS = ["pow(2, 0.5)", "length([1, 2, 3])", 'parseint("7", 10)']
NULLS = ["null", "tostring(null)", "tonumber(null)", "tobool(null)", "tolist(null)", "toset(null)", "tomap(null)"]
PATTERNS = [
    "[0-9]+",
    "^a",
    "(a)(b)?",
    "x*",
    "[[:alpha:]]+",
    r"\\d+",
    r"(?i)A",
    "(?P<n>[a-z]+)",
    "a|b",
    "[^a-z]",
    r"\\bp",
    "(?U)a+",
    r"\\Qa\\E",
    "a{1,2}",
    ".",
    "$",
    r"\\pL",
    "[a-",
    "a**",
    r"(?s).+",
]
CASES = ["upper", "lower", "title", "trimspace", "chomp", "strrev", "md5", "base64encode"]
VERBS = ["%s", "%d", "%v", "%q", "%t", "%5.1f", "%03d", "%x", "%#v", "%e", "%g", "%-4s|", "%+d", "%%", "%.2f", "%[1]v"]
DOCUMENTS = [
    "a: 1",
    "a: yes\\nb: [1, x]",
    "idle: 0400",
    "a: {b: 0x1F, c: ~}",
    "- 1\\n- 1e3",
    "a: '1'",
    "a: 08\\nb: 1_0",
    "x",
    "a: &y {b: 2}\\nc:\\n  <<: *y",
]


class Generator:
    """Expressions from one seed. wrong: how often a type is given that does not fit."""

    def __init__(self, seed: int, wrong: float = 0.01) -> None:
        self.random = random.Random(seed)
        self.wrong = wrong
        self.names: list[tuple[str, str]] = []

    def expression(self) -> str:
        return self.any(4)

    def pick(self, *choices: Callable[[], str]) -> str:
        return self.random.choice(choices)()

    def any(self, depth: int) -> str:
        return self.of(self.random.choice([*SIMPLE, *SIMPLE, "list", "tuple", "set", "map", "object"]), depth)

    def of(self, kind: str, depth: int) -> str:
        """An expression of a kind, and now and then of another."""
        if self.random.random() < self.wrong:
            kind = self.random.choice([*SIMPLE, "tuple", "object", "null", "set", "map"])
        bound = [name for name, of in self.names if of == kind]
        if bound and self.random.random() < 0.3:
            return self.random.choice(bound)
        if depth <= 0:
            return self.leaf(kind)
        if self.random.random() < 0.15:
            return self.wrapped(kind, depth)
        return getattr(self, kind)(depth - 1) if kind != "null" else "null"

    def leaf(self, kind: str) -> str:
        match kind:
            case "number":
                return self.random.choice(NUMBERS)
            case "text":
                return f'"{self.random.choice(WORDS)}"'
            case "bool":
                return self.random.choice(["true", "false"])
            case "tuple":
                return self.random.choice(["[]", "[1, 2]", '["a", "b"]', '["b", 1, true]', "[null, 1]", "[[1], []]"])
            case "list":
                return self.random.choice(['tolist(["b", "a"])', "tolist([1, 2])", "tolist([])"])
            case "set":
                return self.random.choice(['toset(["b", "a"])', "toset([2, 1])", "toset([])"])
            case "object":
                return self.random.choice(
                    ["{}", "{ a = 1 }", '{ a = "x", b = 2 }', "{ a = { b = 1 } }", "{ idle = null }"]
                )
            case "map":
                return self.random.choice(["tomap({ a = 1, b = 2 })", 'tomap({ a = "x" })', "tomap({})"])
        return "null"

    def wrapped(self, kind: str, depth: int) -> str:
        """What may stand around an expression of any kind."""
        inner = lambda: self.of(kind, depth - 1)  # noqa: E731
        return self.pick(
            lambda: f"({inner()})",
            lambda: f"({self.of('bool', depth - 1)} ? {inner()} : {inner()})",
            lambda: f"({self.of('bool', depth - 1)} ? {inner()} : {self.any(depth - 1)})",
            lambda: f"try({self.any(depth - 1)}, {inner()})",
            lambda: f"coalesce({inner()}, {inner()})",
            lambda: f"coalesce({self.random.choice(NULLS)}, {inner()})",
            lambda: f"(null == null ? {inner()} : {self.random.choice(NULLS)})",
            lambda: f"[{inner()}, {self.any(depth - 1)}][{self.random.choice('0001')}]",
            lambda: f"{{ a = {inner()} }}.{self.random.choice('aaaab')}",
            lambda: f'{{ a = {inner()} }}["{self.random.choice("aaaab")}"]',
            lambda: f"element([{inner()}, {inner()}], {self.random.choice('0123')})",
            lambda: f"one([{inner()}])",
            lambda: f'lookup({self.of("object", depth - 1)}, "a", {inner()})',
            lambda: f"null == null ? {inner()} : null",
        )

    def number(self, depth: int) -> str:
        number, text = (lambda: self.of("number", depth)), (lambda: self.of("text", depth))
        return self.pick(
            lambda: f"{number()} {self.random.choice('+-*')} {number()}",
            lambda: f"{number()} {self.random.choice('+-*/%')} {self.random.choice(NUMBERS)}",
            lambda: f"{number()} / length({self.of(self.random.choice(['tuple', 'text']), depth)})",
            lambda: f"{number()} % {self.random.choice(DIVISORS)}",
            lambda: f"-{number()}",
            lambda: f"{self.random.choice(['ceil', 'floor', 'abs', 'signum', 'tonumber'])}({number()})",
            lambda: f"{self.random.choice(['max', 'min'])}({number()}, {number()})",
            lambda: f"max({self.numbers(depth)}...)",
            lambda: f"pow({self.random.choice(['2', '10', '0.5', '1.5'])}, {self.random.choice('0123')})",
            lambda: f"pow({self.random.choice(NUMBERS)}, 0.5)",
            lambda: f"ceil(log({self.random.choice(NUMBERS)}, {self.random.choice(['2', '10'])}))",
            lambda: f"length({self.of(self.random.choice(['tuple', 'text', 'map', 'set', 'object']), depth)})",
            lambda: f'parseint("{self.random.choice(["60", "ff", "zz"])}", {self.random.choice(["10", "16", "36"])})',
            lambda: f"sum({self.numbers(depth)})",
            lambda: f"index({self.numbers(depth)}, {number()})",
            lambda: f'tonumber("{self.random.choice(NUMBERS)}")',
            lambda: f"tonumber({text()})",
            lambda: f'jsondecode("{self.random.choice(["1.50", "[1]", "x"])}")',
        )

    def bool(self, depth: int) -> str:
        number = lambda: self.of("number", depth)  # noqa: E731
        return self.pick(
            lambda: f"{number()} {self.random.choice(['<', '>', '<=', '>='])} {number()}",
            lambda: f"{self.any(depth)} {self.random.choice(['==', '!='])} {self.any(depth)}",
            lambda: f"{self.of('text', depth)} == {self.of('text', depth)}",
            lambda: f"{self.of('bool', depth)} {self.random.choice(['&&', '||'])} {self.of('bool', depth)}",
            lambda: f"!{self.of('bool', depth)}",
            lambda: f"can({self.any(depth)})",
            lambda: f"contains({self.of('tuple', depth)}, {self.any(depth)})",
            lambda: (
                f"{self.random.choice(['alltrue', 'anytrue'])}([{self.of('bool', depth)}, {self.of('bool', depth)}])"
            ),
            lambda: (
                f"{self.random.choice(['startswith', 'endswith', 'strcontains'])}({self.of('text', depth)}, {self.leaf('text')})"
            ),
            lambda: f"tobool({self.of('bool', depth)})",
        )

    def text(self, depth: int) -> str:
        text, number = (lambda: self.of("text", depth)), (lambda: self.of("number", depth))
        return self.pick(
            lambda: f'"a${{{self.of(self.random.choice(SIMPLE), depth)}}}b"',
            lambda: f'"${{{text()}}}-${{{number()}}}"',
            lambda: self.template(depth),
            lambda: self.template(depth),
            lambda: f"{self.random.choice(CASES)}({text()})",
            lambda: f"{self.random.choice(['trim', 'trimprefix', 'trimsuffix'])}({text()}, {self.leaf('text')})",
            lambda: f"tostring({self.of(self.random.choice(SIMPLE), depth)})",
            lambda: f'join("{self.random.choice([",", ""])}", {self.texts(depth)})',
            lambda: f"replace({text()}, {self.leaf('text')}, {self.leaf('text')})",
            lambda: (
                f'replace({text()}, "/{self.random.choice(PATTERNS)}/", "{self.random.choice(["-", "$1", "${{n}}_"])}")'.replace(
                    "${{n}}", "$${n}"
                )
            ),
            lambda: f'regex("{self.random.choice(PATTERNS)}", {text()})',
            lambda: f"substr({text()}, {self.random.choice(['0', '1', '-2'])}, {self.random.choice(['1', '2', '-1'])})",
            lambda: self.formatted(depth),
            lambda: f"jsonencode({self.any(depth)})",
            lambda: f"yamlencode({self.any(depth)})",
            lambda: f"indent({self.random.choice('012')}, {text()})",
            lambda: f"{self.random.choice(['basename', 'dirname', 'urlencode', 'sha1'])}({text()})",
            lambda: f"base64decode(base64encode({text()}))",
            lambda: f'cidrsubnet("10.0.0.0/16", {self.random.choice("0148")}, {self.random.choice("0123")})',
        )

    def formatted(self, depth: int) -> str:
        verbs = [self.random.choice(VERBS) for _ in range(self.random.randint(1, 2))]
        kinds = {
            "%s": "text",
            "%q": "text",
            "%-4s|": "text",
            "%.2s": "text",
            "%t": "bool",
            "%v": "tuple",
            "%#v": "object",
        }
        values = [self.of(kinds.get(verb, "number"), depth) for verb in verbs if verb != "%%"]
        return f'format("{" ".join(verbs)}"{"".join(f", {value}" for value in values)})'

    def template(self, depth: int) -> str:
        """A heredoc, or directives in quotes, with strip markers here and there."""
        left, right = self.random.choice(["", "", "~"]), self.random.choice(["", "", "~"])
        hole = f"${{{left} {self.of('text', depth)} {right}}}"
        condition = f"%{{{left} if {self.of('bool', depth)} {right}}}"
        end = f"%{{{self.random.choice(['', '~'])} endif {self.random.choice(['', '~'])}}}"
        otherwise = f"%{{{right} else {left}}}"
        loop = f"%{{{left} for v in {self.of('tuple', depth)} {right}}}"
        if self.random.random() < 0.4:
            return self.pick(
                lambda: f'" {hole} x"',
                lambda: f'"{condition} y {otherwise} n {end} z"',
                lambda: f'"{loop} ${{v}} %{{endfor}}"',
                lambda: f'"a {condition} b {end}"',
            )
        lines = [
            self.pick(
                lambda: f"  {hole}",
                lambda: f"{hole} tail",
                lambda: f"  {condition} yes {end}",
                lambda: f" {condition}\n    inner\n  {otherwise}\n   other\n {end}",
                lambda: f"\t{loop}\n\t  ${{v}}\n  %{{ endfor ~}}",
                lambda: "  plain",
                lambda: "\ttabbed",
                lambda: "",
                lambda: "   ",
                lambda: "  $${no} %%{no}",
            )
            for _ in range(self.random.randint(1, 4))
        ]
        mark = self.random.choice(["<<EOT", "<<-EOT"])
        return f"{mark}\n" + "\n".join(lines) + "\n  EOT\n"

    def tuple(self, depth: int) -> str:
        items = [self.any(depth) for _ in range(self.random.randint(0, 3))]
        return self.pick(
            lambda: f"[{', '.join(items)}]",
            lambda: f"[{', '.join(items)}]",
            lambda: self.loop(depth),
            lambda: f"concat({self.of('tuple', depth)}, {self.of('list', depth)})",
            lambda: f"flatten({self.of('tuple', depth)})",
            lambda: f"values({self.of('object', depth)})",
            lambda: f"keys({self.of('object', depth)})",
            lambda: f"{self.of('tuple', depth)}[*]",
            lambda: f"[{self.of('object', depth)}][*].a",
            lambda: f"reverse({self.of('tuple', depth)})",
            lambda: f"slice({self.texts(depth)}, {self.random.choice('01')}, {self.random.choice('123')})",
            lambda: f'regexall("{self.random.choice(PATTERNS)}", {self.of("text", depth)})',
            lambda: f"coalescelist({self.of('tuple', depth)}, {self.of('list', depth)})",
        )

    def numbers(self, depth: int) -> str:
        return f"[{self.of('number', depth)}, {self.of('number', depth)}]"

    def texts(self, depth: int) -> str:
        return f"[{self.of('text', depth)}, {self.of('text', depth)}, {self.leaf('text')}]"

    def loop(self, depth: int) -> str:
        """A for expression over anything."""
        name = f"v{len(self.names)}"
        source = self.of(self.random.choice(["tuple", "set", "object", "map"]), depth)
        kind = self.random.choice([*SIMPLE, "object"])
        self.names.append((name, kind))
        value = self.any(depth) if self.random.random() < 0.5 else name
        condition = f" if {self.of('bool', depth)}" if self.random.random() < 0.3 else ""
        self.names.pop()
        names = f"k, {name}" if self.random.random() < 0.4 else name
        return f"[for {names} in {source} : {value}{condition}]"

    def list(self, depth: int) -> str:
        return self.pick(
            lambda: f"tolist({self.of('tuple', depth)})",
            lambda: f'split(",", {self.of("text", depth)})',
            lambda: f"sort({self.texts(depth)})",
            lambda: f"distinct({self.of('tuple', depth)})",
            lambda: f"compact({self.texts(depth)})",
            lambda: f"range({self.random.choice(['3', '1, 3', '3, 0', '0, 2, 0.5'])})",
            lambda: f"chunklist({self.of('tuple', depth)}, {self.random.choice('0123')})",
            lambda: f"setproduct({self.texts(depth)}, {self.of('list', depth)})",
            lambda: f'matchkeys({self.numbers(depth)}, ["a", "b"], {self.texts(depth)})',
            lambda: f'formatlist("{self.random.choice(VERBS)}", {self.numbers(depth)})',
            lambda: f"keys({self.of('map', depth)})",
            lambda: f"concat({self.of('list', depth)}, {self.of('list', depth)})",
        )

    def set(self, depth: int) -> str:
        name = self.random.choice(["setunion", "setintersection", "setsubtract"])
        return self.pick(
            lambda: f"toset({self.of('tuple', depth)})",
            lambda: f"{name}({self.of('set', depth)}, {self.of('tuple', depth)})",
        )

    def object(self, depth: int) -> str:
        keys = self.random.sample(KEYS, self.random.randint(0, 3))
        return self.pick(
            lambda: "{ " + ", ".join(f"{key} = {self.any(depth)}" for key in keys) + " }",
            lambda: "{ " + ", ".join(f"{key} = {self.any(depth)}" for key in keys) + " }",
            lambda: f"merge({self.of('object', depth)}, {self.of('object', depth)})",
            lambda: (
                f"{{ for k, v in {self.of('object', depth)} : {self.random.choice(['k', 'upper(k)'])} => {self.any(depth)} }}"
            ),
            lambda: f"{{ for v in {self.texts(depth)} : v => {self.any(depth)}... }}",
            lambda: f'zipmap(["a", "b"], [{self.any(depth)}, {self.any(depth)}])',
            lambda: f'yamldecode("{self.random.choice(DOCUMENTS)}")',
            lambda: f"jsondecode(jsonencode({self.of('object', depth)}))",
        )

    def map(self, depth: int) -> str:
        return self.pick(
            lambda: f"tomap({self.of('object', depth)})",
            lambda: f"merge({self.of('map', depth)}, {self.of('map', depth)})",
            lambda: f"transpose({{ a = {self.texts(depth)} }})",
            lambda: f'zipmap(["a", "b"], tolist({self.numbers(depth)}))',
        )


def expressions(count: int, seed: int = 0) -> list[str]:
    """So many random expressions, always the same for one seed."""
    return [Generator(seed * 1_000_003 + number).expression() for number in range(count)]


TYPES: dict[str, list[str]] = {
    "": ["60", '"x"', "[1, 2]", "{ a = 1 }"],
    "any": ["60", '["1", 2]', "{ a = { b = 1 } }"],
    "string": ["60", '"x"', "true", "1.50"],
    "number": ["60", '"60"', "1.50", "1e3"],
    "bool": ["true", '"true"', '"1"'],
    "list": ["[1, 2]", '["1", 2]', "[]"],
    "map": ["{ a = 1 }", '{ a = 1, b = "y" }', "{}"],
    "list(string)": ["[1, 2]", '["a", "b"]', "[true, 1]", "[null]"],
    "list(number)": ["[1, 2]", '["1", 2]', "[]"],
    "list(any)": ["[1, 2]", '["a", 1, true]', "[[1], [2]]", "[{ a = 1 }]"],
    "set(string)": ['["b", "a", "b"]', "[1, 2]", "[]"],
    "set(number)": ['["1", 2]', "[3, 1, 2]"],
    "map(string)": ["{ a = 1 }", '{ a = 1, b = "y" }', "{ a = null }"],
    "map(any)": ["{ a = 1 }", '{ a = 1, b = "y" }', '{ a = ["x"], b = [2] }'],
    "map(list(number))": ["{ a = [1, 2], b = [3] }", '{ a = ["1"] }', "{}"],
    "tuple([string, number])": ['["a", 1]', "[1, 2]", '["1", "2"]'],
    "object({ a = number })": ["{ a = 1 }", '{ a = "60" }', '{ a = 1, b = "y" }'],
    "object({ a = optional(number, 60), b = optional(string) })": [
        "{}",
        "{ a = null }",
        "{ b = 5 }",
        '{ a = 1, b = "y" }',
    ],
    "object({ idle = optional(number, 300), inner = optional(object({ on = optional(bool, true) }), {}) })": [
        "{}",
        "{ idle = 5 }",
        "{ idle = null, inner = {} }",
        "{ inner = { on = false } }",
        "{ inner = null }",
    ],
    'list(object({ a = number, b = optional(string, "x") }))': [
        "[{ a = 1 }]",
        '[{ a = "1", b = null }, { a = 2 }]',
        "[]",
    ],
    "map(object({ idle = optional(number), tags = optional(map(string), {}) }))": [
        "{ x = { idle = 1 }, y = { tags = { k = 1 } } }",
        "{ x = {}, y = null }",
    ],
    "list(map(any))": ["[{ a = 1 }]", '[{ a = 1 }, { b = "x" }]'],
    "object({ a = list(string), b = any })": ['{ a = ["x"], b = 2 }', "{ a = [1, 2], b = [3] }"],
}
GIVEN = [
    "60",
    '"60"',
    '"x"',
    "true",
    '"true"',
    "null",
    "[]",
    "{}",
    "[1, 2]",
    '["a", "b"]',
    '["1", 2]',
    "[true, 1]",
    '["a", 1, true]',
    "[[1], [2]]",
    "{ a = 1 }",
    '{ a = "60" }',
    '{ a = 1, b = "y" }',
    '{ a = ["x"], b = 2 }',
    "{ a = [1, 2], b = [3] }",
    "{ a = null }",
    "{ idle = 5 }",
    "{ idle = null, inner = {} }",
    "{ inner = { on = false } }",
    "[{ a = 1 }]",
    '[{ a = "1", b = null }, { a = 2 }]',
    "{ x = { idle = 1 }, y = { tags = { k = 1 } } }",
    "{ x = {}, y = null }",
    '[{ a = 1 }, { b = "x" }]',
    "1.50",
    "{ a = { b = 1 } }",
]


@dataclass(frozen=True)
class Variable:
    """A variable: its type as written ("": none), its default ("": none), and what it is given, in a file or as an option."""

    type: str
    default: str
    file: str = ""
    option: str | None = None
    nullable: bool = True

    def block(self, name: str) -> str:
        lines = [f'variable "{name}" {{']
        lines += [f"  type = {self.type}"] * bool(self.type)
        lines += [f"  default = {self.default}"] * bool(self.default)
        lines += ["  nullable = false"] * (not self.nullable)
        return "\n".join([*lines, "}", ""])


def variables(count: int, seed: int = 0) -> list[Variable]:
    """So many random variables, each with a value."""
    found = []
    for number in range(count):
        pick = random.Random(seed * 1_000_003 + number)
        kind = pick.choice(list(TYPES))
        fits = [*TYPES[kind]] * 12 + GIVEN
        given, default, way = pick.choice(fits), pick.choice([*fits, ""]), pick.choice(["default", "file", "option"])
        found.append(
            Variable(
                kind,
                default or (given if way == "default" else ""),
                given if way == "file" else "",
                pick.choice([*[given] * 6, "plain text", "60", ""]) if way == "option" else None,
                pick.random() > 0.2,
            )
        )
    return found
