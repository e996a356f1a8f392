"""Changes to objects as Kustomize makes them: every value keeps the place at which it was written.

Strategic merge: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md;
JSON patches: https://www.rfc-editor.org/rfc/rfc6902
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from infralint.text.numbers import whole_number
from infralint.text.yaml_places import YamlSpan, YamlValue

EACH = "*"
"""In a path: each item of a list."""
_DIRECTIVE = "$patch"
_MERGE_KEYS: Mapping[str, Sequence[str]] = {
    "containers": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ports": ("containerPort", "port"),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}
"""Lists of the kinds that come with Kubernetes whose items are merged -> by which of their members. Others are replaced."""


class PatchProblem(ValueError):
    """A patch that Kustomize refuses to apply: what is wrong with it, and where it stands."""

    def __init__(self, message: str, span: YamlSpan) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


def text_value(text: str, span: YamlSpan) -> YamlValue:
    """A scalar that stands for text."""
    return YamlValue(span, text=text, quoted=True)


def with_member(mapping: YamlValue, key: str, member: YamlValue, span: YamlSpan | None = None) -> YamlValue:
    """A mapping with one more member, or another one of that key. span: where the key stands."""
    place = span or mapping.keys.get(key) or member.span
    members = {**(mapping.members or {}), key: member}
    return replace(mapping, text=None, members=members, keys={**mapping.keys, key: place})


def without_member(mapping: YamlValue, key: str) -> YamlValue:
    return replace(mapping, members={name: value for name, value in (mapping.members or {}).items() if name != key})


Change = Callable[[YamlValue], YamlValue]


def change_at(value: YamlValue, path: Sequence[str], change: Change, create: bool = False) -> YamlValue:
    """A value with what lies at a path changed, wherever `*` leads. create: mappings that are not there yet are made."""
    if not path:
        return change(value)
    key, rest = path[0], path[1:]
    if key == EACH:
        items = [change_at(item, rest, change, create) for item in value.items or ()]
        return replace(value, items=items) if value.items is not None else value
    member = value.get(key)
    if member is None and not create:
        return value
    if value.members is None and not value.is_null:
        return value
    return with_member(value, key, change_at(member or YamlValue(value.span, members={}), rest, change, create))


def merge_strategically(value: YamlValue, patch: YamlValue, is_built_in: bool) -> YamlValue | None:
    """An object with a patch laid over it; None where the patch deletes it. is_built_in: its lists have merge keys."""
    directive = patch.text_of(_DIRECTIVE)
    if directive == "delete":
        return None
    if directive == "replace":
        return without_member(patch, _DIRECTIVE)
    merged = value
    for key, member in (patch.members or {}).items():
        if key == _DIRECTIVE:
            continue
        if member.is_null:
            merged = without_member(merged, key)
            continue
        here = merged.get(key)
        changed = _merge_member(here, member, key, is_built_in)
        merged = without_member(merged, key)
        if changed is not None:
            merged = with_member(merged, key, changed, patch.keys.get(key))
    return merged


def _merge_member(here: YamlValue | None, patch: YamlValue, key: str, is_built_in: bool) -> YamlValue | None:
    if patch.members is not None:
        return merge_strategically(here if here is not None and here.members else _empty(patch), patch, is_built_in)
    if patch.items is None or not is_built_in:
        return patch
    plain = [item for item in patch.items if item.text_of(_DIRECTIVE) != "replace"]
    if here is None or here.items is None or len(plain) < len(patch.items):
        return replace(patch, items=plain)
    by = next((name for name in _MERGE_KEYS.get(key, ()) if all(item.text_of(name) for item in patch.items)), "")
    return _merge_items(here, patch, by) if by and patch.items else patch


def _empty(patch: YamlValue) -> YamlValue:
    return YamlValue(patch.span, members={})


def _merge_items(here: YamlValue, patch: YamlValue, by: str) -> YamlValue:
    """Two lists of mappings: items that bear the same name are one."""
    over = {item.text_of(by): item for item in patch.items or ()}
    items: list[YamlValue] = []
    for item in here.items or ():
        change = over.pop(item.text_of(by), None)
        merged = item if change is None else merge_strategically(item, change, True)
        if merged is not None:
            items.append(merged)
    added = (merge_strategically(_empty(item), item, True) for item in over.values())
    return replace(here, items=[*items, *(item for item in added if item is not None)])


def apply_json_patch(value: YamlValue, patch: YamlValue) -> YamlValue:
    """An object after the operations of a JSON patch. Raises PatchProblem."""
    if patch.items is None:
        raise PatchProblem("a JSON patch is a list of operations", patch.span)
    for operation in patch.items:
        value = _operate(value, operation)
    return value


def _operate(value: YamlValue, operation: YamlValue) -> YamlValue:
    name, path = operation.text_of("op"), operation.text_of("path")
    if name in ("add", "replace", "test") and operation.get("value") is None:
        raise PatchProblem(f"`op: {name}` needs a value", operation.span)
    content = operation.get("value") or operation
    match name:
        case "add":
            return _put(value, _steps(path), content, operation, is_new=True)
        case "replace":
            return _put(value, _steps(path), content, operation, is_new=False)
        case "remove":
            return _remove(value, _steps(path), operation)
        case "move" | "copy":
            source = _steps(operation.text_of("from"))
            found = _find(value, source, operation)
            after = _remove(value, source, operation) if name == "move" else value
            return _put(after, _steps(path), found, operation, is_new=True)
        case "test":
            if _plain(_find(value, _steps(path), operation)) != _plain(content):
                raise PatchProblem(f"its test of {path} fails: another value stands there", operation.span)
            return value
    raise PatchProblem(f"`op: {name}` is no operation of a JSON patch", operation.span)


def _steps(path: str) -> list[str]:
    """The parts of a JSON pointer: https://www.rfc-editor.org/rfc/rfc6901"""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _missing(steps: Sequence[str], operation: YamlValue) -> PatchProblem:
    return PatchProblem(f"its path {operation.text_of('path')} leads nowhere: there is no {steps[0]}", operation.span)


def _child(value: YamlValue, steps: Sequence[str], operation: YamlValue) -> YamlValue:
    key = steps[0]
    member = value.get(key)
    if value.items is not None and key.isascii() and key.isdecimal() and whole_number(key) < len(value.items):
        member = value.items[whole_number(key)]
    if member is None:
        raise _missing(steps, operation)
    return member


def _find(value: YamlValue, steps: Sequence[str], operation: YamlValue) -> YamlValue:
    for at in range(len(steps)):
        value = _child(value, steps[at:], operation)
    return value


def _within(value: YamlValue, steps: Sequence[str], member: YamlValue) -> YamlValue:
    """A mapping or list with another value at its step."""
    if value.items is not None:
        items = list(value.items)
        items[whole_number(steps[0])] = member
        return replace(value, items=items)
    return with_member(value, steps[0], member)


def _put(value: YamlValue, steps: Sequence[str], content: YamlValue, operation: YamlValue, is_new: bool) -> YamlValue:
    if not steps:
        return content
    if len(steps) > 1:
        return _within(value, steps, _put(_child(value, steps, operation), steps[1:], content, operation, is_new))
    key = steps[0]
    if value.items is not None:
        items = list(value.items)
        at = len(items) if key == "-" else whole_number(key) if key.isascii() and key.isdecimal() else -1
        if not 0 <= at < len(items) + is_new:
            raise _missing(steps, operation)
        items[at : at + (not is_new)] = [content]
        return replace(value, items=items)
    # Kustomize's library takes a replaced member that is not there for a new one, unlike the RFC:
    # https://github.com/evanphx/json-patch/blob/v4.13.0/patch.go
    if value.members is None and not value.is_null:
        raise _missing(steps, operation)
    return with_member(value, key, content, content.span)


def _remove(value: YamlValue, steps: Sequence[str], operation: YamlValue) -> YamlValue:
    if not steps:
        raise PatchProblem("it removes the whole object", operation.span)
    if len(steps) > 1:
        return _within(value, steps, _remove(_child(value, steps, operation), steps[1:], operation))
    _child(value, steps, operation)
    if value.items is not None:
        at = whole_number(steps[0])
        return replace(value, items=[*value.items[:at], *value.items[at + 1 :]])
    return without_member(value, steps[0])


def _plain(value: YamlValue) -> object:
    """A value without its places."""
    if value.members is not None:
        return {key: _plain(member) for key, member in value.members.items()}
    return [_plain(item) for item in value.items] if value.items is not None else value.text
