"""Every way an idle timeout can arrive. V stands for the value: 60 cuts a stream, 300 does not.

Each case is a deployment; the same text with `terraform_data` for `aws_lb` is what the real
terraform program is asked about.
"""

from __future__ import annotations

from dataclasses import dataclass

SHORT, LONG = 60, 300


@dataclass(frozen=True)
class Case:
    """files: path -> text. arguments: what a user would pass. alone: it needs a root of its own."""

    name: str
    files: dict[str, str]
    workspace: str = "default"
    alone: bool = False
    options: tuple[str, ...] = ()

    def with_value(self, value: int) -> dict[str, str]:
        other = LONG if value == SHORT else SHORT
        return {path: text.replace("OTHER", str(other)).replace("V!", str(value)) for path, text in self.files.items()}


def lb(expression: str, more: str = "") -> str:
    return f'\nresource "aws_lb" "main" {{\n  {more}\n  idle_timeout = {expression}\n}}\n'


def one(name: str, expression: str, before: str = "", **files: str) -> Case:
    return Case(
        name, {"main.tf": before + lb(expression), **{key.replace("__", "."): text for key, text in files.items()}}
    )


def module(name: str, call: str, inner: str, root: str = "") -> Case:
    return Case(name, {"main.tf": root + call, "m/main.tf": inner})


VAR = 'variable "idle" {\n  type = number\n}\n'
OPTIONAL = """
variable "settings" {
  type = object({ idle = optional(number, V!), name = optional(string) })
  default = {}
}
"""

SIMPLE = [
    one("literal", "V!"),
    one("string", '"V!"'),
    one("arithmetic", "V! * 2 / 2 + 1 - 1"),
    one("negated and back", "-(-V!)"),
    one("remainder", "1000 % 400 == 200 ? V! : OTHER"),
    one("template alone", '"${V!}"'),
    one("template of parts", '"${V! / 10}${0}"'),
    one("heredoc", "tonumber(trimspace(<<EOT\n  V!\nEOT\n))"),
    one("indented heredoc", "tonumber(trimspace(<<-EOT\n    V!\n    EOT\n  ))"),
    one("template if", '"%{ if true }V!%{ else }OTHER%{ endif }"'),
    one("template for", '"%{ for c in split("", "V!") }${c}%{ endfor }"'),
    one("template trim", '"${ " " == " " ? "V!" : "" ~}   "'),
    one("variable default", "var.idle", 'variable "idle" { default = V! }\n'),
    one("typed default", "var.idle", 'variable "idle" {\n  type    = number\n  default = "V!"\n}\n'),
    one("text default", "tonumber(var.idle)", 'variable "idle" {\n  type    = string\n  default = V!\n}\n'),
    one("local", "local.idle", "locals { idle = V! }\n"),
    one("local chain", "local.a", "locals {\n  a = local.b\n  b = local.c + 0\n  c = V!\n}\n"),
    one("local of variable", "local.idle", 'variable "idle" { default = V! }\nlocals { idle = var.idle }\n'),
    one("object member", "local.o.alb.idle", "locals { o = { alb = { idle = V! } } }\n"),
    one("object index", 'local.o["alb"]["idle"]', 'locals { o = { "alb" = { idle = V! } } }\n'),
    one("colon object", "local.o.idle", "locals { o = { idle : V! } }\n"),
    one(
        "computed key",
        "local.o.prod",
        'locals {\n  env = "prod"\n  o   = { (local.env) = V!, "${local.env}2" = OTHER }\n}\n',
    ),
    one("list member", "local.l[1]", "locals { l = [OTHER, V!] }\n"),
    one("legacy index", "local.l.1", "locals { l = [OTHER, V!] }\n"),
    one("splat", "(local.l[*].idle)[0]", "locals { l = [{ idle = V! }, { idle = OTHER }] }\n"),
    one("legacy splat", "element(local.l.*.idle, 0)", "locals { l = [{ idle = V! }, { idle = OTHER }] }\n"),
    one("splat of one", "one(local.o[*].idle)", "locals { o = { idle = V! } }\n"),
    one("splat of null", "coalesce(one(local.o[*]), V!)", "locals { o = null }\n"),
    one("lookup", 'lookup(local.m, "prod", OTHER)', "locals { m = { prod = V! } }\n"),
    one("lookup default", 'lookup(local.m, "dev", V!)', "locals { m = { prod = OTHER } }\n"),
    one("merge", "local.m.idle", "locals { m = merge({ idle = OTHER, x = 1 }, { idle = V! }) }\n"),
    one("merge of null", "local.m.idle", "locals { m = merge(null, { idle = V! }) }\n"),
    one("conditional then", 'var.env == "prod" ? V! : OTHER', 'variable "env" { default = "prod" }\n'),
    one("conditional else", 'var.env == "prod" ? OTHER : V!', 'variable "env" { default = "dev" }\n'),
    one("nested conditional", 'local.e == "a" ? OTHER : local.e == "b" ? V! : 1', 'locals { e = "b" }\n'),
    one("logic", "(true && !false) || false ? V! : OTHER"),
    one("comparison", "3 >= 3 && 2 < 3 && 1 != 2 ? V! : OTHER"),
    one("a number is no text", '1 == "1" ? OTHER : V!'),
    one("coalesce", 'coalesce(null, "", "V!")'),
    one("coalescelist", "coalescelist([], [V!])[0]"),
    one("try falls back", "try(local.o.missing, V!)", "locals { o = {} }\n"),
    one("try first", "try(local.o.idle, OTHER)", "locals { o = { idle = V! } }\n"),
    one("can", "can(local.o.missing) ? OTHER : V!", "locals { o = {} }\n"),
    one("optional default", "var.settings.idle", OPTIONAL),
    one("optional null", "coalesce(var.settings.name, V!)", OPTIONAL),
    one("for list", "[for n in local.l : n * 2 if n > 10][0]", "locals { l = [1, V! / 2] }\n"),
    one("for object", "{ for k, v in local.m : upper(k) => v }.PROD", "locals { m = { prod = V!, dev = OTHER } }\n"),
    one(
        "for grouped",
        '{ for o in local.l : o.k => o.v... }["a"][0]',
        'locals { l = [{ k = "a", v = V! }, { k = "b", v = 1 }] }\n',
    ),
    one("for with index", "[for i, v in local.l : v if i == 1][0]", "locals { l = [OTHER, V!] }\n"),
    one("for over a set", 'tonumber([for v in toset(["V!", "V!"]) : v][0])'),
    one("jsondecode", 'jsondecode("{\\"idle\\": V!}").idle'),
    one(
        "yamldecode of a file",
        'yamldecode(file("${path.module}/values.yaml")).alb.idle',
        values__yaml="alb:\n  idle: V!\n",
    ),
    one("jsondecode of a file", 'jsondecode(file("${path.module}/v.json"))["idle"]', v__json='{"idle": V!}'),
    one(
        "templatefile",
        'jsondecode(templatefile("${path.module}/t.tpl", { idle = V! })).idle',
        t__tpl='{"idle": ${idle}}',
    ),
    one("fileexists", 'fileexists("${path.module}/none.txt") ? OTHER : V!'),
    one("max and min", "max(min(V!, 1000), 5)"),
    one("ceil, floor, abs", "ceil(floor(V!.9) - 0.5) + abs(0)"),
    one("format", 'format("%d%s", V! / 10, "0")'),
    one("replace", 'replace("xV!", "x", "")'),
    one("replace by pattern", 'replace("aV!b", "/[a-z]/", "")'),
    one("regex", 'regex("[0-9]+", "idle V! s")'),
    one("regex with a group", 'regex("idle=(?P<n>[0-9]+)", "idle=V!").n'),
    one("split and join", 'join("", split("-", "-V!"))'),
    one("substr", 'substr("abcV!", 3, -1)'),
    one("trimprefix", 'trimsuffix(trimprefix("sV!s", "s"), "s")'),
    one("contains", 'contains(["a", "b"], "b") ? V! : OTHER'),
    one("keys and values", "zipmap(keys(local.m), values(local.m)).idle", "locals { m = { idle = V!, z = OTHER } }\n"),
    one("flatten", "flatten([[OTHER], [[V!]]])[1]"),
    one("distinct and compact", 'compact(distinct(["", "V!", "V!"]))[0]'),
    one("concat and reverse", "reverse(concat([V!], [OTHER]))[1]"),
    one("range and sum", "sum(range(1, 4)) == 6 ? V! : OTHER"),
    one("slice", "slice([1, V!, 3], 1, 2)[0]"),
    one("sort", 'sort(["b", "a"])[0] == "a" ? V! : OTHER'),
    one("setproduct", 'length(setproduct(["a", "b"], ["c"])) == 2 ? V! : OTHER'),
    one("setsubtract", 'one(setsubtract(["a", "b"], ["a"])) == "b" ? V! : OTHER'),
    one("spread", "max([1, V!]...)"),
    one("alltrue", "alltrue([true, 1 == 1]) ? V! : OTHER"),
    one("startswith", 'startswith(lower("PROD-eu"), "prod") ? V! : OTHER'),
    one(
        "null keeps a default of its own",
        "coalesce(var.idle, V!)",
        'variable "idle" {\n  type    = number\n  default = null\n}\n',
    ),
    one("tomap", 'tomap({ a = "V!" })["a"]'),
    one("parseint", 'parseint("V!", 10)'),
    one("base64", 'tonumber(base64decode(base64encode("V!")))'),
    one("matchkeys", 'matchkeys([OTHER, V!], ["a", "b"], ["b"])[0]'),
    one("another resource", "aws_lb.other.idle_timeout", 'resource "aws_lb" "other" {\n  idle_timeout = V!\n}\n'),
    one("workspace", 'terraform.workspace == "default" ? V! : OTHER'),
    one("a comment between", "/* seconds */ V! # OTHER"),
    one("brackets over lines", "(\n    true\n    ? V!\n    : OTHER\n  )"),
]

BLOCKS = [
    Case("count of one", {"main.tf": lb("V!", "count = 1")}),
    Case(
        "count by condition",
        {"main.tf": 'variable "on" { default = true }' + lb("V! + count.index", "count = var.on ? 1 : 0")},
    ),
    Case("for_each map", {"main.tf": lb("each.value", "for_each = { a = V! }")}),
    Case("for_each objects", {"main.tf": lb("each.value.idle", "for_each = { a = { idle = V! } }")}),
    Case("for_each set", {"main.tf": lb("tonumber(each.key)", 'for_each = toset(["V!"])')}),
    Case(
        "for_each of a for",
        {"main.tf": lb("each.value", 'for_each = { for k, v in { a = V!, b = 1 } : k => v if k == "a" }')},
    ),
    module("module input", 'module "m" {\n  source = "./m"\n  idle   = V!\n}\n', VAR + lb("var.idle")),
    module(
        "module default", 'module "m" {\n  source = "./m"\n}\n', 'variable "idle" { default = V! }\n' + lb("var.idle")
    ),
    module(
        "module input over default",
        'module "m" {\n  source = "./m"\n  idle   = V!\n}\n',
        'variable "idle" { default = OTHER }\n' + lb("var.idle"),
    ),
    module(
        "null to a module",
        'module "m" {\n  source = "./m"\n  idle   = null\n}\n',
        'variable "idle" {\n  default  = V!\n  nullable = false\n}\n' + lb("var.idle"),
    ),
    module(
        "passed through",
        'module "m" {\n  source = "./m"\n  idle   = var.idle\n}\n',
        VAR + lb("var.idle"),
        'variable "idle" { default = V! }\n',
    ),
    module(
        "object to a module",
        'module "m" {\n  source = "./m"\n  settings = { idle = V! }\n}\n',
        'variable "settings" {\n  type = object({ idle = optional(number, OTHER) })\n}\n' + lb("var.settings.idle"),
    ),
    module(
        "module for_each",
        'module "m" {\n  source   = "./m"\n  for_each = { a = V! }\n  idle     = each.value\n}\n',
        VAR + lb("var.idle"),
    ),
    module(
        "module count",
        'module "m" {\n  source = "./m"\n  count  = 1\n  idle   = V! + count.index\n}\n',
        VAR + lb("var.idle"),
    ),
    Case(
        "module output",
        {
            "main.tf": 'module "m" { source = "./m" }\n' + lb("module.m.idle"),
            "m/main.tf": 'output "idle" { value = V! }\n',
        },
    ),
    Case(
        "output of for_each",
        {
            "main.tf": 'module "m" {\n  source = "./m"\n  for_each = toset(["a"])\n}\n' + lb('module.m["a"].idle'),
            "m/main.tf": 'output "idle" { value = V! }\n',
        },
    ),
    Case(
        "module in a module",
        {
            "main.tf": 'module "a" {\n  source = "./a"\n  idle = V!\n}\n',
            "a/main.tf": VAR + 'module "b" {\n  source = "../b"\n  idle = var.idle\n}\n',
            "b/main.tf": VAR + lb("var.idle"),
        },
    ),
    Case("override", {"main.tf": lb("OTHER"), "override.tf": lb("V!")}),
    Case("named override", {"main.tf": lb("OTHER"), "z_override.tf": lb("V!")}),
    Case(
        "override of a local",
        {"main.tf": lb("local.idle") + "locals { idle = OTHER }\n", "override.tf": "locals { idle = V! }\n"},
    ),
    Case(
        "override of a default", {"main.tf": lb("var.idle") + VAR, "override.tf": 'variable "idle" { default = V! }\n'}
    ),
    Case(
        "json syntax",
        {
            "main.tf.json": '{"resource": {"aws_lb": {"main": {"idle_timeout": "${local.idle}"}}}, "locals": {"idle": V!}}'
        },
    ),
    Case("carriage returns", {"main.tf": lb("V!").replace("\n", "\r\n")}),
]

VALUES = [
    Case("terraform.tfvars", {"main.tf": VAR + lb("var.idle"), "terraform.tfvars": "idle = V!\n"}, alone=True),
    Case(
        "terraform.tfvars over default",
        {"main.tf": 'variable "idle" { default = OTHER }' + lb("var.idle"), "terraform.tfvars": "idle = V!\n"},
        alone=True,
    ),
    Case(
        "terraform.tfvars.json", {"main.tf": VAR + lb("var.idle"), "terraform.tfvars.json": '{"idle": V!}'}, alone=True
    ),
    Case(
        "auto.tfvars over terraform.tfvars",
        {"main.tf": VAR + lb("var.idle"), "terraform.tfvars": "idle = OTHER\n", "a.auto.tfvars": "idle = V!\n"},
        alone=True,
    ),
    Case(
        "auto.tfvars by name",
        {"main.tf": VAR + lb("var.idle"), "a.auto.tfvars": "idle = OTHER\n", "b.auto.tfvars": "idle = V!\n"},
        alone=True,
    ),
    Case("json auto.tfvars", {"main.tf": VAR + lb("var.idle"), "a.auto.tfvars.json": '{"idle": V!}'}, alone=True),
    Case(
        "object in tfvars",
        {
            "main.tf": 'variable "o" { type = map(number) }' + lb("var.o.prod"),
            "terraform.tfvars": "o = {\n  prod = V!\n}\n",
        },
        alone=True,
    ),
    Case(
        "another tfvars is not read",
        {"main.tf": 'variable "idle" { default = V! }' + lb("var.idle"), "prod.tfvars": "idle = OTHER\n"},
        alone=True,
    ),
    Case(
        "var file",
        {"main.tf": VAR + lb("var.idle"), "terraform.tfvars": "idle = OTHER\n", "prod.tfvars": "idle = V!\n"},
        alone=True,
        options=("-var-file=prod.tfvars",),
    ),
    Case(
        "var",
        {"main.tf": VAR + lb("var.idle"), "terraform.tfvars": "idle = OTHER\n"},
        alone=True,
        options=("-var=idle=V!",),
    ),
    Case(
        "var of an object",
        {"main.tf": 'variable "o" { type = object({ idle = number }) }' + lb("var.o.idle")},
        alone=True,
        options=("-var=o={ idle = V! }",),
    ),
    Case(
        "named workspace", {"main.tf": lb('terraform.workspace == "prod" ? V! : OTHER')}, alone=True, workspace="prod"
    ),
]

CASES = [*SIMPLE, *BLOCKS, *VALUES]
