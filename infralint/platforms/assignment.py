"""How a setting is written in the language that a platform's settings were read from, for advice that can be pasted."""

from __future__ import annotations

import msgspec


class AssignmentStyle(msgspec.Struct, frozen=True):
    """template: a name and its value. quoted: a text as a value."""

    template: str = "{name} = {value}"
    quoted: str = '"{text}"'

    def number(self, name: str, value: float) -> str:
        return self.template.format(name=name, value=f"{value:g}")

    def text(self, name: str, text: str) -> str:
        return self.template.format(name=name, value=self.quoted.format(text=text))

    def list_of(self, name: str, *texts: str) -> str:
        return self.template.format(name=name, value=f"[{', '.join(f'{chr(34)}{text}{chr(34)}' for text in texts)}]")


TERRAFORM_STYLE = AssignmentStyle()
JSON_STYLE = AssignmentStyle('"{name}": {value}')
YAML_STYLE = AssignmentStyle("{name}: {value}", "{text}")
