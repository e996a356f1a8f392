"""One Kubernetes object as a manifest describes it, every value with its place."""

from __future__ import annotations

import msgspec

from infralint.model import Known, Location, Setting, Unknown
from infralint.project.manifests.atlas import Atlas
from infralint.text.display import HOLE
from infralint.text.yaml_places import YamlValue

COMPLETE = "name the values it is installed with under `helm: charts:` in infralint.yaml"
"""What to do about a chart whose values are not all here."""


class Manifest(msgspec.Struct, eq=False):
    """One object. path: the project file that it is written in; environment: what it is deployed to, "" for any.
    sealed: why nothing can be written into it. folder: the one that is deployed as a whole, where that is not the file's;
    layers: other files that changed it; carries: files whose content a ConfigMap holds.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/
    """

    root: YamlValue
    atlas: Atlas
    path: str
    environment: str = ""
    sealed: str = ""
    folder: str = ""
    layers: frozenset[str] = frozenset()
    carries: frozenset[str] = frozenset()

    @property
    def files(self) -> frozenset[str]:
        """The files that decide what it says."""
        return self.layers | {self.path}

    @property
    def kind(self) -> str:
        return self.root.text_of("kind")

    @property
    def group(self) -> str:
        return api_group(self.root)

    @property
    def name(self) -> str:
        return self.root.text_of("metadata", "name") or self.root.text_of("metadata", "generateName")

    @property
    def title(self) -> str:
        """What people call it: `Ingress web`."""
        return f"{self.kind} {self.name}" if self.name else f"{self.kind} without a name"

    @property
    def namespace(self) -> str:
        return self.root.text_of("metadata", "namespace")

    @property
    def where(self) -> Location:
        """The line of its name, by which people know it."""
        name, metadata = self.root.get("metadata", "name"), self.root.get("metadata")
        if self.sealed and metadata is not None and "name" in metadata.keys:
            return self.atlas.place(metadata.keys["name"])
        return self.place(name if name is not None else self.root)

    def place(self, value: YamlValue) -> Location:
        return self.atlas.place(value.span)

    def place_of_member(self, mapping: YamlValue, key: str) -> Location:
        """From a member's key to the end of its value."""
        member = (mapping.members or {}).get(key)
        return self.atlas.place(mapping.keys.get(key, mapping.span), member.span if member is not None else None)

    def setting(self, value: YamlValue, key: str, name: str = "") -> Known[str] | Unknown | None:
        """A scalar member as it is written; None where it is not there. name: what to call it, if not by its key."""
        member = (value.members or {}).get(key)
        if member is None or member.text is None:
            return None
        if HOLE in member.text:
            why = f"what {name or key} comes to can't be told from the files here"
            return Unknown(self.place_of_member(value, key), name or key, why)
        shown = member.text if len(member.text) < 200 else f"{member.text[:80]}…"
        return Known(member.text, self.place_of_member(value, key), name or key, written=f"{key}: {shown}")

    @property
    def annotations(self) -> dict[str, Setting[str]]:
        """Its annotations by their whole names."""
        found = self.root.get("metadata", "annotations")
        if found is None:
            return {}
        settings = ((name, self.setting(found, name)) for name in found.members or ())
        return {name: setting for name, setting in settings if setting is not None}

    @property
    def labels(self) -> dict[str, str]:
        return texts_of(self.root.get("metadata", "labels"))

    def written_at(self, *path: str) -> Location | None:
        """Where the value of a member stands, if that is text in its file that can be replaced."""
        value = self.root.get(*path)
        if value is None or value.text is None or not self.atlas.is_written(value.span):
            return None
        return self.place(value) if value.span.end_column > value.span.column else None


def api_group(root: YamlValue) -> str:
    """The API group of an object: `networking.k8s.io` of `networking.k8s.io/v1`, "" for the core group."""
    group, slash, _ = root.text_of("apiVersion").partition("/")
    return group if slash else ""


def texts_of(value: YamlValue | None) -> dict[str, str]:
    """The scalar members of a mapping."""
    members = value.members or {} if value is not None else {}
    return {name: member.text for name, member in members.items() if member.text is not None}


def is_selected(labels: dict[str, str], selector: dict[str, str]) -> bool:
    """Whether labels fit a selector, which asks for something."""
    return bool(selector) and all(labels.get(name) == text for name, text in selector.items())


def number_of(value: YamlValue | None) -> int | None:
    """A whole number; None for a name, or what can't be told."""
    text = value.text if value is not None and value.text is not None else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None
