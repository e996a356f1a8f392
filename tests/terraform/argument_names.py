"""Writes infralint/sources/terraform/argument_names.json: what the providers' own schemas call the arguments and blocks of the
resources that are judged, of all versions together that are given.

It needs unpacked npm packages of CDK for Terraform, which are made of these schemas:
`npm pack @cdktf/provider-aws@21.22.1`, and so on; `python argument_names.py FOLDER…`, each with such packages somewhere in it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from infralint.sources.terraform.items import ALIASES, SHAPES, BlockSchema

PATH = Path(__file__).parents[2] / "infralint/sources/terraform/argument_names.json"
_CLASS = re.compile(r'^(\w+)\.tfResourceType = "(\w+)";', re.MULTILINE)
_FUNCTION = re.compile(r"^function (\w+ToTerraform)\(struct\) \{(.*?)^\}", re.DOTALL | re.MULTILINE)
_MEMBER = re.compile(r'^\s+"?([a-z]\w*)"?: (.+?),?$', re.MULTILINE)
_MADE_BY = re.compile(r"(?<!cdktf\.)\b(\w+ToTerraform)\b")


def _members(body: str) -> dict[str, str]:
    """The members of the object that a function returns last, with what each is made of."""
    returned = body.rpartition("return {")[2]
    return dict(_MEMBER.findall(returned.partition("};")[0]))


def _schema_of(text: str, name: str) -> dict[str, str]:
    found = re.search(
        rf"class {name} extends cdktf\.TerraformResource.*?synthesizeAttributes\(\) \{{(.*?)\n    \}}", text, re.DOTALL
    )
    return _members(found[1]) if found else {}


def _names(
    members: Mapping[str, str], functions: Mapping[str, str], shape: BlockSchema, place: str
) -> Iterator[tuple[str, str]]:
    """Place and name of each argument and block, as far as the place is judged."""
    for name, made in members.items():
        yield place, name
        function = _MADE_BY.search(made)
        if name in shape.blocks and function is not None and function[1] in functions:
            inner = _members(functions[function[1]])
            yield from _names(inner, functions, shape.blocks[name], f"{place}.{name}" if place else name)


def main() -> None:
    found: dict[str, dict[str, set[str]]] = {}
    for folder in sys.argv[1:]:
        for path in Path(folder).rglob("*.js"):
            text = path.read_text(errors="replace")
            for name, kind in _CLASS.findall(text):
                if kind in SHAPES and (members := _schema_of(text, name)):
                    for place, argument in _names(members, dict(_FUNCTION.findall(text)), SHAPES[kind], ""):
                        found.setdefault(ALIASES[kind], {}).setdefault(place, set()).add(argument)
    table = {
        kind: {place: " ".join(sorted(names)) for place, names in sorted(places.items())}
        for kind, places in sorted(found.items())
    }
    PATH.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
