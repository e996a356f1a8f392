"""A CloudFormation template: its resources with their places, and what its functions come to, as far as that can be told.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec

from infralint.model import Known, Location, Related, Setting, Unknown
from infralint.sources.cloudformation.loops import FOR_EACH, CantExpand, expand
from infralint.sources.cloudformation.mistypes import meant_section
from infralint.sources.cloudformation.parameters import GivenParameter, GivenParameters
from infralint.text.json_places import BadJson, parse_json, yaml_of_json
from infralint.text.lazy import lazy
from infralint.text.numbers import whole_number
from infralint.text.placeholders import has_mark
from infralint.text.wording import listing
from infralint.text.yaml_places import YamlProblem, YamlSpan, YamlValue, read_yaml

DEEPEST = 48
"""Functions within one another."""
LONGEST = 4096
"""Characters that `!Sub` and `!Join` make at most."""
NO_VALUE = "AWS::NoValue"
_PSEUDO: Mapping[str, str] = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
"""Pseudo parameters that are the same nearly everywhere."""
HOLE = lazy(r"\$\{(!?)([^${}]+)\}")


class BadTemplate(ValueError):
    """A text that is no template: message, line, column (1-based)."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class Missing(msgspec.Struct, frozen=True):
    """A value that can't be told before the stack is deployed. references: the resources that it is made of, with the
    attribute that is asked for ("" where the resource itself is)."""

    reason: str
    references: tuple[tuple[str, str], ...] = ()
    remedy: str = ""


Value = YamlValue | Missing | None
"""What a value comes to; None where there is none."""


class TemplateResource(msgspec.Struct, frozen=True, kw_only=True):
    """A resource. name: what to call it. doubt: why it may not be there ("" where it is)."""

    logical: str
    type: str
    name: str
    where: Location
    properties: YamlValue
    doubt: str = ""


class CloudFormationTemplate(msgspec.Struct, dict=True):
    """A template. shown: its path, as the user would type it. refused: what CloudFormation does not take, by line and
    column, as far as it was asked for. unknown: resources that can't be told, once `resources` was asked for. given: what
    is given for its parameters, where files of the project say so."""

    path: str
    shown: str
    lines: list[str]
    root: YamlValue
    is_json: bool = False
    refused: dict[tuple[int, int], str] = {}
    unknown: list[Unknown] = []
    given: GivenParameters = msgspec.field(default_factory=GivenParameters)
    _conditions: dict[str, bool | None] = {}

    @classmethod
    def parse(cls, path: str, shown: str, text: str) -> CloudFormationTemplate | None:
        """A template from its text, None for what has no resources. Raises BadTemplate."""
        try:
            is_json = text.lstrip()[:1] == "{"
            root = yaml_of_json(parse_json(text)) if is_json else _from_yaml(text)
        except BadJson as error:
            raise BadTemplate(error.complaint("is not valid JSON"), error.line, error.column) from error
        except YamlProblem as error:
            raise BadTemplate(error.complaint("is not valid YAML"), error.line, error.column) from error
        found = root.get("Resources") if root is not None else None
        if root is None or (found is None and root.get("AWSTemplateFormatVersion") is None):
            return None
        if found is None or found.is_null:
            raise _without_resources(root)
        if found.members is None or found.tag:
            message = "Resources: expected a mapping of logical ids to resources"
            raise BadTemplate(message, found.span.line, found.span.column)
        return cls(path, shown, text.splitlines(), root, is_json)

    # Resources

    @cached_property
    def resources(self) -> dict[str, TemplateResource]:
        """The resources that are made, or may be."""
        found: dict[str, TemplateResource] = {}
        keys = self.root.members["Resources"].keys if self.root.members else {}
        for logical, body, key in self._listed_resources():
            if body.members is None:
                self.refuse(f"{logical}: expected a resource with Type and Properties", body)
                continue
            type_ = body.text_of("Type")
            condition = body.text_of("Condition")
            holds = self.holds(condition) if condition else True
            if not type_.startswith("AWS::") or holds is False:
                continue
            properties = body.get("Properties")
            call = function_of(properties) if properties is not None else None
            if call is not None and call[0] == "Fn::Transform":
                why = "its properties are made by a transform where the stack is deployed"
                self.unknown.append(Unknown(self._place(keys[key]), logical, f"{logical} is not judged: {why}"))
                continue
            if properties is not None and not properties.is_null and (call is not None or properties.members is None):
                self.refuse(f"{logical}.Properties: expected a mapping of names to values", properties)
                continue
            found[logical] = TemplateResource(
                logical=logical,
                type=type_,
                name=_display(body, logical),
                where=self._place(keys[key]),
                properties=properties
                if properties is not None and properties.members is not None
                else YamlValue(body.span, members={}),
                doubt="" if holds else f"whether {logical} is made depends on the condition {condition}",
            )
        return found

    def _listed_resources(self) -> Iterator[tuple[str, YamlValue, str]]:
        """The resources by logical id, those of loops among them, each with the key that it is written under."""
        keys = self.root.members["Resources"].keys if self.root.members else {}
        for logical, body in self.root.members_of("Resources").items():
            if not logical.startswith("Fn::"):
                yield logical, body, logical
                continue
            try:
                if not logical.startswith(FOR_EACH):
                    raise CantExpand(
                        f"infralint does not work out {logical.partition('::')[2].partition('::')[0]} there"
                    )
                yield from [(made, inner, logical) for made, inner in expand(body, self._collection)]
            except CantExpand as error:
                why = f"{error}, so that what it makes is not judged"
                self.unknown.append(Unknown(self._place(keys[logical]), logical, f"{logical}: {why}"))

    def _collection(self, value: YamlValue) -> list[str] | None:
        """What a loop goes through: a list, or a parameter that is one."""
        found = self.resolve(value)
        if not isinstance(found, YamlValue):
            return None
        if found.text is not None:
            return [part.strip() for part in found.text.split(",")]
        members = [self.resolve(item) for item in found.items or []]
        texts = [member.text for member in members if isinstance(member, YamlValue) and member.text is not None]
        return texts if len(texts) == len(members) and members else None

    def refuse(self, message: str, value: YamlValue) -> None:
        """Note that CloudFormation does not take a value."""
        self.refused.setdefault((value.span.line, value.span.column), message)

    def of(self, *types: str) -> list[TemplateResource]:
        return [resource for resource in self.resources.values() if resource.type in types]

    # Places

    def of_parent(self, kind: str, key: str, parent: TemplateResource) -> list[TemplateResource]:
        """The resources of a type whose property refers to another one."""
        return [
            resource
            for resource in self.of(kind)
            if any(logical == parent.logical for logical, _ in self.references(resource.properties, key))
        ]

    def _place(self, span: YamlSpan, until: YamlSpan | None = None) -> Location:
        end = until.end_column if until is not None and until.line == span.line else span.end_column
        return Location(self.shown, span.line, span.column, span.line, max(end, span.column + 1))

    def place_of(self, owner: YamlValue, key: str = "") -> Location:
        """Where a property stands, or what it would stand in."""
        value = (owner.members or {}).get(key)
        return self._place(owner.keys[key], value.span) if value is not None else self._place(owner.span)

    def _words(self, owner: YamlValue, key: str) -> str:
        """The words that set a property, as far as they stand on one line."""
        span, value = owner.keys[key], (owner.members or {})[key].span
        end = value.end_column - 1 if value.line == span.line and value.end_column > value.column else None
        line = self.lines[span.line - 1][span.column - 1 : end] if span.line <= len(self.lines) else key
        return line.strip().rstrip(",").partition(" #")[0].rstrip()[:120]

    def words_of(self, owner: YamlValue, key: str) -> str:
        """What stands behind a key, as it is written."""
        return self._words(owner, key).partition(":")[2].strip().strip("\"'}")

    # Settings

    def setting(
        self, owner: YamlValue, key: str, default: Any, convert: Callable[[str], Any], where: Location | None = None
    ) -> Setting[Any]:
        """A property as a setting. where: the place that stands for one that is left out."""
        value = (owner.members or {}).get(key)
        if value is None:
            return Known(default, where or self.place_of(owner), key, "default")
        return self.setting_of(value, key, default, convert, self.place_of(owner, key), self._words(owner, key))

    def setting_of(
        self, value: YamlValue, name: str, default: Any, convert: Callable[[str], Any], where: Location, written: str
    ) -> Setting[Any]:
        """What a value comes to as a setting. written: the words that set it."""
        trail: list[Related] = []
        found = self.resolve(value, trail)
        if isinstance(found, Missing):
            return Unknown(where, name, found.reason, found.remedy)
        if found is None or found.is_null:
            return Known(default, where, name, "default", related=tuple(trail))
        if found.text is None:
            return Unknown(where, name, f"`{written}` is no simple value", refused=not trail)
        try:
            converted = convert(found.text)
        except ValueError:
            why = f"`{written}`: CloudFormation takes no {found.text!r} for {name}"
            is_open = trail or has_mark(found.text)  # other parameters may be given
            return Unknown(where, name, why, refused=not is_open)
        because = trail[0].message if trail else ""
        return Known(converted, where, name, "explicit", written, because, tuple(trail))

    def dig(self, value: Value, *path: str) -> Value:
        """A member of a member."""
        found = self.resolve(value) if isinstance(value, YamlValue) else value
        for key in path:
            if not isinstance(found, YamlValue):
                return found
            found = self.resolve((found.members or {}).get(key))
        return found

    def mapping(self, value: Value, *path: str) -> YamlValue | None:
        """A member that is a mapping; another one in its place is refused."""
        found = self.dig(value, *path)
        if not isinstance(found, YamlValue) or found.is_null:
            return None
        if found.members is None and path:
            self.refuse(f"{path[-1]}: expected a mapping of names to values", found)
        return found if found.members is not None else None

    def items(self, value: Value, *path: str) -> list[YamlValue]:
        """The members of a list, without those that are left out; what is no list is refused."""
        found = self.dig(value, *path)
        if isinstance(found, YamlValue) and not found.is_null and found.items is None and path:
            self.refuse(f"{path[-1]}: expected a list", found)
        listed = found.items or [] if isinstance(found, YamlValue) else []
        resolved = [self.resolve(item) for item in listed]
        return [item for item in resolved if isinstance(item, YamlValue)]

    def text(self, value: Value, *path: str) -> str | None:
        """A member that is a known text."""
        found = self.dig(value, *path)
        return found.text if isinstance(found, YamlValue) and not found.is_null else None

    def is_missing(self, value: Value, *path: str) -> Missing | None:
        found = self.dig(value, *path)
        return found if isinstance(found, Missing) else None

    def texts(self, owner: YamlValue, key: str) -> Setting[frozenset[str]]:
        """A list of texts as a setting."""
        found = self.dig(owner, key)
        if isinstance(found, Missing):
            return Unknown(self.place_of(owner, key), key, found.reason, found.remedy)
        if found is None:
            return Known(frozenset(), self.place_of(owner), key, "default")
        listed = [self.resolve(item) for item in found.items or [found]]
        hole = next((item for item in listed if isinstance(item, Missing)), None)
        if hole is not None:
            return Unknown(self.place_of(owner, key), key, hole.reason, hole.remedy)
        members = frozenset(item.text for item in listed if isinstance(item, YamlValue) and item.text is not None)
        return Known(members, self.place_of(owner, key), key, "explicit", self._words(owner, key))

    def plain(self, value: Value, holes: list[Missing], depth: int = 0) -> Any:
        """A value as AWS's API would have it: a resource goes by its logical id; what can't be told is left out, and
        added to the holes."""
        found = self.resolve(value) if isinstance(value, YamlValue) else value
        if isinstance(found, Missing):
            if len(found.references) == 1:
                return found.references[0][0]
            holes.append(found)
            return None
        if found is None or depth > DEEPEST:
            return None
        if found.members is not None:
            members = {key: self.plain(member, holes, depth + 1) for key, member in found.members.items()}
            return {key: member for key, member in members.items() if member is not None}
        if found.items is not None:
            listed = [self.plain(item, holes, depth + 1) for item in found.items]
            return [item for item in listed if item is not None]
        return _scalar(found)

    # References

    def address(self, logical: str) -> str:
        """What other nodes call a resource by."""
        return f"{self.path}#{logical}"

    def references(self, value: Value, *path: str) -> tuple[tuple[str, str], ...]:
        """The resources that a value, or the members of a list, are made of."""
        found = self.dig(value, *path)
        if isinstance(found, YamlValue):
            members = (self.resolve(member) for member in found.items or ())
            return tuple(pair for member in members if isinstance(member, Missing) for pair in member.references)
        return found.references if isinstance(found, Missing) else ()

    def lead(self, references: Iterable[tuple[str, str]], types: frozenset[str]) -> TemplateResource | None:
        """The first resource of one of these types that references lead to, also through a record, a stage or an alias."""
        pending, seen = [logical for logical, _ in references], set[str]()
        while pending:
            resource = self.resources.get(pending.pop(0))
            if resource is None or resource.logical in seen:
                continue
            if resource.type in types:
                return resource
            seen.add(resource.logical)
            for path in _FURTHER.get(resource.type, ()):
                pending += [logical for logical, _ in self.references(resource.properties, *path)]
        return None

    def aliases_of(self, types: frozenset[str]) -> Iterator[tuple[str, TemplateResource]]:
        """The names of DNS records, each with the resource of one of these types that it leads to."""
        for record in self.of("AWS::Route53::RecordSet"):
            name = self.text(record.properties, "Name")
            target = self.lead([(record.logical, "")], types)
            if target is not None and name:
                yield name.rstrip(".").lower(), target

    def record_target(self, host: str, types: frozenset[str]) -> TemplateResource | None:
        """The resource that a DNS record of the template leads to by a name."""
        for record in self.of("AWS::Route53::RecordSet"):
            name = self.text(record.properties, "Name")
            if name is not None and name.rstrip(".").lower() == host.rstrip(".").lower():
                return self.lead([(record.logical, "")], types)
        return None

    # Conditions

    def holds(self, name: str, depth: int = 0) -> bool | None:
        """Whether a condition holds; None: that can't be told."""
        if name not in self._conditions:
            self._conditions[name] = None
            self._conditions[name] = self._decide(self.root.get("Conditions", name), depth)
        return self._conditions[name]

    def _decide(self, value: YamlValue | None, depth: int) -> bool | None:
        if value is None or depth > DEEPEST:
            return None
        call = function_of(value)
        if call is None:
            return {"true": True, "false": False}.get((value.text or "").lower())
        name, argument = call
        if name == "Condition":
            return self.holds(argument.text or "", depth + 1)
        if name == "Fn::Equals":
            sides = [self.resolve(side) for side in argument.items or []]
            texts = [side.text for side in sides if isinstance(side, YamlValue)]
            return texts[0] == texts[1] if len(texts) == 2 else None
        answers = [self._decide(item, depth + 1) for item in argument.items or [argument]]
        if name == "Fn::Not":
            return None if answers[0] is None else not answers[0]
        if name == "Fn::And":
            return False if False in answers else None if None in answers else True
        if name == "Fn::Or":
            return True if True in answers else None if None in answers else False
        return None

    # Functions

    def resolve(self, value: YamlValue | None, trail: list[Related] | None = None, depth: int = 0) -> Value:
        """What a value comes to once its own function is worked out; its members are left as they are. trail: takes the
        places that decided it."""
        if value is None:
            return None
        call = function_of(value)
        if call is None:
            return value
        if depth > DEEPEST:
            return Missing("its functions are nested too deep")
        name, argument = call
        work = _FUNCTIONS.get(name)
        if work is None:
            return Missing(f"infralint does not work out {name}", self._all_references(argument, depth + 1))
        return work(self, argument, trail if trail is not None else [], depth + 1)

    def _all_references(self, argument: YamlValue, depth: int) -> tuple[tuple[str, str], ...]:
        """The resources that the arguments of a function are made of."""
        found: list[tuple[str, str]] = []
        for item in argument.items or [argument]:
            resolved = self.resolve(item, None, depth)
            if isinstance(resolved, Missing):
                found += resolved.references
        return tuple(found)

    def _ref(self, argument: YamlValue, trail: list[Related], depth: int) -> Value:
        return self.value_of(argument.text or "", trail, argument.span)

    def value_of(self, name: str, trail: list[Related], span: YamlSpan) -> Value:
        """What `!Ref` of a name gives."""
        if name == NO_VALUE:
            return None
        if name in _PSEUDO:
            return YamlValue(span, text=_PSEUDO[name], quoted=True)
        if name.startswith("AWS::"):
            return Missing(f"{name} is known where the stack is deployed")
        parameter = self.root.get("Parameters", name)
        if parameter is not None:
            return self._parameter(name, parameter, trail)
        return Missing(f"{name} is known once the stack is deployed", ((name, ""),))

    def _parameter(self, name: str, parameter: YamlValue, trail: list[Related]) -> Value:
        if is_secret(parameter):
            return Missing(f"the parameter {name} is NoEcho, and its value is not shown")
        default = parameter.get("Default")
        given = self.given.of(name)
        if given:
            return self._agree_on(name, given, parameter, trail)
        if parameter.text_of("Type").startswith("AWS::SSM::Parameter::"):
            return Missing(f"the parameter {name} is looked up where the stack is deployed")
        if default is None:
            remedy = f"give the parameter {name} a Default"
            return Missing(f"the parameter {name} has no Default, and its value is given at deployment", (), remedy)
        trail.append(Related(f"the Default of the parameter {name}", self.place_of(parameter, "Default")))
        return default

    def _agree_on(self, name: str, given: list[GivenParameter], parameter: YamlValue, trail: list[Related]) -> Value:
        """What is given for a parameter, where all that give it agree."""
        values = {each.value for each in given}
        if len(values) > 1:
            texts = [f"{each.value} by {each.by}" for each in given if each.value is not None]
            return Missing(f"the parameter {name} is given as {listing(texts)}")
        [value] = values
        if value is None:
            return Missing(f"the parameter {name} is given by {given[0].by}: {given[0].reason}")
        if parameter.text_of("Type").startswith("AWS::SSM::Parameter::"):
            return Missing(f"the parameter {name} is looked up where the stack is deployed")
        trail.append(Related(f"{given[0].by} gives the parameter {name}", given[0].where))
        return YamlValue(parameter.span, text=value, quoted=True)

    def _get_att(self, argument: YamlValue, trail: list[Related], depth: int) -> Value:
        parts = [item.text or "" for item in argument.items] if argument.items else (argument.text or "").split(".", 1)
        logical, attribute = parts[0], parts[1] if len(parts) > 1 else ""
        return Missing(f"{logical}.{attribute} is known once the stack is deployed", ((logical, attribute),))

    def _sub(self, argument: YamlValue, trail: list[Related], depth: int) -> Value:
        pattern, values = (argument.items[0], argument.items[1:]) if argument.items else (argument, [])
        names = values[0].members or {} if values else {}
        parts: list[str] = []
        holes: list[Missing] = []
        end = 0
        text = pattern.text or ""
        for hole in HOLE.finditer(text):
            parts.append(text[end : hole.start()])
            end = hole.end()
            if hole[1]:
                parts.append(f"${{{hole[2]}}}")
                continue
            name = hole[2].strip()
            found = (
                self.resolve(names[name], trail, depth) if name in names else self._insert(name, trail, pattern.span)
            )
            if isinstance(found, Missing):
                holes.append(found)
            elif found is not None:
                parts.append(found.text or "")
        if holes:
            return Missing(holes[0].reason, tuple(pair for hole in holes for pair in hole.references), holes[0].remedy)
        return _made_text(pattern, "".join([*parts, text[end:]]))

    def _insert(self, name: str, trail: list[Related], span: YamlSpan) -> Value:
        """`${Name}` is a parameter or a resource, `${Name.Attribute}` what a resource has."""
        logical, dot, attribute = name.partition(".")
        if dot:
            return Missing(f"{name} is known once the stack is deployed", ((logical, attribute),))
        return self.value_of(name, trail, span)

    def _join(self, argument: YamlValue, trail: list[Related], depth: int) -> Value:
        separator, listed = _two(argument)
        found = self.resolve(listed, trail, depth)
        if isinstance(found, Missing) or found is None or separator is None:
            return found if isinstance(found, Missing) else Missing("!Join joins nothing")
        members = [self.resolve(item, trail, depth) for item in found.items or []]
        holes = [member for member in members if isinstance(member, Missing)]
        if holes:
            return Missing(holes[0].reason, tuple(pair for hole in holes for pair in hole.references), holes[0].remedy)
        texts = [member.text for member in members if isinstance(member, YamlValue) and member.text is not None]
        if found.items is None or len(texts) < len(found.items):
            return Missing("!Join joins what is no list of texts")
        return _made_text(argument, (separator.text or "").join(texts))

    def _if(self, argument: YamlValue, trail: list[Related], depth: int) -> Value:
        branches = argument.items or []
        if len(branches) != 3:
            return Missing("!If takes a condition and two values")
        condition = branches[0].text or ""
        holds = self.holds(condition)
        if holds is not None:
            return self.resolve(branches[1 if holds else 2], trail, depth)
        both = [self.resolve(branch, [], depth) for branch in branches[1:]]
        texts = {branch.text for branch in both if isinstance(branch, YamlValue)}
        if len(texts) == 1 and None not in texts and all(isinstance(branch, YamlValue) for branch in both):
            return both[0]
        references = tuple(pair for branch in both if isinstance(branch, Missing) for pair in branch.references)
        return Missing(
            f"it depends on the condition {condition}", references, "give the parameters it asks for a Default"
        )

    def _find_in_map(self, argument: YamlValue, trail: list[Related], depth: int) -> Value:
        keys = [self.resolve(item, trail, depth) for item in (argument.items or [])[:3]]
        hole = next((key for key in keys if isinstance(key, Missing)), None)
        if hole is not None:
            return Missing(hole.reason, (), hole.remedy)
        path = [key.text or "" for key in keys if isinstance(key, YamlValue)]
        found = self.root.get("Mappings", *path)
        return found if found is not None else Missing(f"the mapping {'.'.join(path)} is not in this template")

    def _select(self, argument: YamlValue, trail: list[Related], depth: int) -> Value:
        index, listed = _two(argument)
        found, position = self.resolve(listed, trail, depth), self.resolve(index, trail, depth)
        if isinstance(found, Missing):
            return found
        text = position.text or "" if isinstance(position, YamlValue) else ""
        members = found.items or [] if found is not None else []
        if not text.isdecimal() or whole_number(text) >= len(members):
            return Missing("what !Select picks can't be told")
        return self.resolve(members[whole_number(text)], trail, depth)

    def _split(self, argument: YamlValue, trail: list[Related], depth: int) -> Value:
        separator, text = _two(argument)
        found = self.resolve(text, trail, depth)
        if isinstance(found, Missing) or found is None or separator is None or not separator.text:
            return found if isinstance(found, Missing) else Missing("!Split splits nothing")
        parts = (found.text or "").split(separator.text)[:DEEPEST]
        return YamlValue(argument.span, items=[YamlValue(argument.span, text=part, quoted=True) for part in parts])

    def _import(self, argument: YamlValue, trail: list[Related], depth: int) -> Value:
        name = self.resolve(argument, trail, depth)
        words = f" ({name.text})" if isinstance(name, YamlValue) and name.text else ""
        return Missing(f"another stack exports it{words}")


_Work = Callable[[CloudFormationTemplate, YamlValue, list[Related], int], Value]
_FUNCTIONS: Mapping[str, _Work] = {
    "Ref": CloudFormationTemplate._ref,
    "Fn::GetAtt": CloudFormationTemplate._get_att,
    "Fn::Sub": CloudFormationTemplate._sub,
    "Fn::Join": CloudFormationTemplate._join,
    "Fn::If": CloudFormationTemplate._if,
    "Fn::FindInMap": CloudFormationTemplate._find_in_map,
    "Fn::Select": CloudFormationTemplate._select,
    "Fn::Split": CloudFormationTemplate._split,
    "Fn::ImportValue": CloudFormationTemplate._import,
}

_FURTHER: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "AWS::ApiGateway::Deployment": (("RestApiId",),),
    "AWS::ApiGateway::Stage": (("RestApiId",),),
    "AWS::ApiGatewayV2::Stage": (("ApiId",),),
    "AWS::CloudFront::VpcOrigin": (("VpcOriginEndpointConfig", "Arn"),),
    "AWS::Lambda::Alias": (("FunctionName",),),
    "AWS::Lambda::Version": (("FunctionName",),),
    "AWS::Route53::RecordSet": (("AliasTarget", "DNSName"), ("ResourceRecords",)),
}
"""Types that only lead to another resource -> the properties that say to which."""


def is_secret(parameter: YamlValue) -> bool:
    """Whether CloudFormation shows a parameter's value to nobody.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    return parameter.text_of("NoEcho").lower() == "true"


def function_of(value: YamlValue) -> tuple[str, YamlValue] | None:
    """The function that a value calls, in its short form (`!Ref`) or its long one (`{"Ref": …}`), with its argument."""
    if value.tag:
        name = value.tag[1:]
        plain = YamlValue(value.span, value.text, value.items, value.members, value.keys, value.quoted)
        return (name if name in ("Ref", "Condition") else f"Fn::{name}"), plain
    members = value.members
    if members is not None and len(members) == 1:
        [(name, argument)] = members.items()
        if name in ("Ref", "Condition") or name.startswith("Fn::"):
            return name, argument
    return None


def _made_text(source: YamlValue, text: str) -> Value:
    """A text that a function makes."""
    if len(text) > LONGEST:
        return Missing(f"it makes a text of more than {LONGEST:,} characters")
    return YamlValue(source.span, text=text, quoted=True)


def _without_resources(root: YamlValue) -> BadTemplate:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html"""
    for name, key in root.keys.items():
        if meant_section(name) == "Resources":
            return BadTemplate(f"a template has no section `{name}`; did you mean Resources?", key.line, key.column)
    return BadTemplate("a template has to have Resources", root.span.line, root.span.column)


def _two(argument: YamlValue) -> tuple[YamlValue | None, YamlValue | None]:
    """The two arguments of a function; none where it has others."""
    items = argument.items or []
    return (items[0], items[1]) if len(items) == 2 else (None, None)


def _display(body: YamlValue, logical: str) -> str:
    """What people call a resource: its path in the program that made the template, else its logical id."""
    path = body.text_of("Metadata", "aws:cdk:path")
    return path.removesuffix("/Resource") if path else logical


def _scalar(value: YamlValue) -> Any:
    text = value.text or ""
    if value.quoted:
        return text
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"-?[0-9]{1,15}", text) else text


def _from_yaml(text: str) -> YamlValue | None:
    documents = read_yaml(text, allow_duplicates=True)  # CloudFormation takes the last of several
    return documents[0] if documents else None
