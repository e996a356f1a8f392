"""Changes to Terraform's code, written so that `terraform fmt` leaves them alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from infralint.model import CantFix, Edit, Known, Setting
from infralint.sources.terraform.hcl import Attribute, Block, HclFile, Literal, Template
from infralint.sources.terraform.sensitive import references


def with_stickiness(group: Block, kind: str, setting: Setting[object]) -> Edit:
    """A target group that keeps clients on their targets. kind: the type of stickiness; setting: what holds now.
    Raises CantFix."""
    found = group.of("stickiness")
    if any(block.type == "dynamic" and block.labels == ("stickiness",) for block in group.blocks) or len(found) > 1:
        raise CantFix("a dynamic block makes its stickiness")
    if found:
        return with_argument(found[0], "enabled", "true", setting)
    return _add_lines(group, ["stickiness {", f'  type = "{kind}"', "}"])


def with_argument(block: Block, name: str, value: str, setting: Setting[object]) -> Edit:
    """An attribute of a block with another value: only a literal is replaced. Raises CantFix."""
    attribute = block.attributes.get(name)
    if attribute is None:
        return _add_lines(block, [f"{name} = {value}"])
    if not _is_literal(attribute):
        raise CantFix(f"`{attribute.written}` is worked out elsewhere: change {_behind(attribute, setting)}")
    return _replace_value(attribute, value)


def _replace_value(attribute: Attribute, value: str) -> Edit:
    """Another value; a comment behind it that is aligned with others stays where it is."""
    start, end = attribute.value.start, attribute.value.end
    space = re.match(r"( {2,})(?=#|//)", attribute.source.text[end:])
    if space is None:
        return Edit(attribute.source.at(start, end), value)
    width = end - start + len(space[1])
    return Edit(attribute.source.at(start, start + width), f"{value:<{width - 1}} ")


def _is_literal(attribute: Attribute) -> bool:
    value = attribute.value
    return isinstance(value, Literal) or (
        isinstance(value, Template) and all(isinstance(part, Literal) for part in value.parts)
    )


def _behind(attribute: Attribute, setting: Setting[object]) -> str:
    """The variable or local behind a value, and where it is set."""
    names = [".".join(reference) for reference in references(attribute.value)]
    places = setting.related if isinstance(setting, Known) else ()
    where = f" ({places[-1].location})" if places else ""
    return f"{names[0] if names else 'what it is worked out from'}{where}"


def _add_lines(block: Block, lines: Sequence[str]) -> Edit:
    """Lines at the end of a block, after an empty one: alignment ends there, so that no other line has to move."""
    source, text = block.source, block.source.text
    closing = block.end - 1
    opening = text.index("{", block.header - 1, block.end)
    if text[closing : closing + 1] != "}":
        raise CantFix("infralint can't find the end of the block")
    indent = _indent(source, block.start)
    if "\n" not in text[opening:closing]:
        return _unfold(block, opening, closing, indent, lines)
    last = len(text[:closing].rstrip())
    ends = "\r\n" if text.startswith("\r\n", last) else "\n"
    between = "" if last == opening + 1 else ends
    body = "".join(f"{ends}{indent}  {line}" for line in lines)
    return Edit(source.at(last), f"{between}{body}")


def _unfold(block: Block, opening: int, closing: int, indent: str, lines: Sequence[str]) -> Edit:
    """A block of one line with more lines in it."""
    text = block.source.text
    ends = "\r\n" if "\r\n" in text else "\n"
    inner = text[opening + 1 : closing].strip()
    rows = [inner, "", *lines] if inner else list(lines)
    body = "".join(f"{ends}{indent}  {row}" if row else ends for row in rows)
    return Edit(block.source.at(opening + 1, closing), f"{body}{ends}{indent}")


def _indent(source: HclFile, offset: int) -> str:
    line = source.text[source.text.rfind("\n", 0, offset) + 1 : offset]
    found = re.match(r"[ \t]*", line)
    return found[0] if found else ""
