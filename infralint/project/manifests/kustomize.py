"""Kustomize: what the overlays of a project make of their bases, each value with the place that decides it.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import islice

import msgspec
from msgspec.structs import replace

from infralint.model import Location, Unfollowed, Unreadable
from infralint.project import CantRead, Project
from infralint.project.manifests.atlas import Atlas, Piece, Sheet
from infralint.project.manifests.manifest import Manifest, api_group, is_selected, texts_of
from infralint.project.manifests.patching import (
    EACH,
    Change,
    PatchProblem,
    apply_json_patch,
    change_at,
    merge_strategically,
    text_value,
    with_member,
)
from infralint.project.variables import env_values
from infralint.text.lazy import lazy
from infralint.text.patterns import Unsearchable, search
from infralint.text.suggestions import closest
from infralint.text.yaml_places import YamlProblem, YamlSpan, YamlValue, has_holes, read_yaml

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_API = "kustomize.config.k8s.io/"
MOST_OBJECTS = 20_000
"""Objects of all overlays of a project together."""
DEEPEST = 30
"""Kustomizations within each other."""
_LEAST_CHANGES = 40_000
"""How often patches may be held against an object or change something in one, in a run."""
_CHARACTERS = 5
"""Characters of kustomizations and patches that add a change to that."""

_REMOTE = lazy(r"[a-z+]+://|git@|git::|github\.com[/:]|[\w.-]+@[\w.-]+:|[^?]*\?(?:ref|version|timeout)=")
_BUILT_IN = frozenset("Service Deployment StatefulSet DaemonSet ReplicaSet Ingress".split())
_WORKLOADS = frozenset("Deployment StatefulSet DaemonSet ReplicaSet".split())
_CLUSTER_WIDE = frozenset({"IngressClass", "IngressClassParams", "GatewayClass"})
_TEMPLATE = ("spec", "template")
_CHARTS = ("helmCharts", "helmChartInflationGenerator")
_KINDS = ("Kustomization", "Component")
_FIELDS = (
    "apiVersion kind metadata resources bases components crds configurations openapi namespace namePrefix nameSuffix"
    " commonLabels labels commonAnnotations buildMetadata images imageTags replicas patches patchesStrategicMerge"
    " patchesJson6902 configMapGenerator secretGenerator generatorOptions helmGlobals helmCharts"
    " helmChartInflationGenerator vars replacements generators transformers validators sortOptions inventory"
).split()
"""https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/"""
_NOT_APPLIED = (*_CHARTS, "replacements", "vars", "generators", "transformers")
"""Fields that can change what is judged, and are not read."""
_RENAMING = ("replacements", "vars", "transformers")
"""Those of them that can change names."""
_BACKEND_NAMES = (
    ("spec", "rules", EACH, "http", "paths", EACH, "backend", "service", "name"),
    ("spec", "rules", EACH, "http", "paths", EACH, "backend", "serviceName"),
    ("spec", "defaultBackend", "service", "name"),
    ("spec", "backend", "serviceName"),
)
"""Where an Ingress names Services."""


_LISTS = (
    "resources bases components patches patchesStrategicMerge patchesJson6902 images replicas configMapGenerator"
    " secretGenerator generators transformers replacements crds vars labels"
).split()
"""https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/"""


class _TooManyChanges(Exception):
    """Patches change more than is followed. span: of the one with which it is too much."""

    def __init__(self, span: YamlSpan) -> None:
        super().__init__()
        self.span = span


class Kustomization(msgspec.Struct, eq=False):
    """A kustomization. path: its file; root: what that holds."""

    path: str
    root: YamlValue

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)

    @property
    def is_component(self) -> bool:
        return self.root.text_of("kind") == "Component"

    def items_of(self, *names: str) -> list[YamlValue]:
        return [item for name in names for item in self.root.items_of(name)]


class LayeredObject(msgspec.Struct, frozen=True, eq=False):
    """An object on its way through the layers. path: the file that it stands in; names: those that it had, with their
    namespaces; layers: the files that changed it; carries: those that a generated ConfigMap holds, by their keys."""

    root: YamlValue
    path: str
    names: frozenset[tuple[str, str]] = frozenset()
    layers: frozenset[str] = frozenset()
    carries: Mapping[str, str] = {}

    @property
    def kind(self) -> str:
        return self.root.text_of("kind")

    @property
    def name(self) -> str:
        return self.root.text_of("metadata", "name")

    @property
    def namespace(self) -> str:
        return self.root.text_of("metadata", "namespace")

    @property
    def group(self) -> str:
        return api_group(self.root)

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What no other object may share; no namespace is the namespace `default`."""
        return self.root.text_of("apiVersion"), self.kind, self.namespace or "default", self.name

    def change(self, path: Sequence[str], change: Change, by: str, create: bool = False) -> LayeredObject:
        """The object with what lies at a path changed by a file."""
        root = change_at(self.root, path, change, create)
        return self if root is self.root else replace(self, root=root, layers=self.layers | {by})


class Kustomizations:
    """The kustomizations of a project. load: the objects of a file, as far as they are asked for.

    consumed: the files that a kustomization names; they say nothing by themselves.
    """

    def __init__(self, project: Project, atlas: Atlas, load: Callable[[str], list[Manifest]]) -> None:
        self.project = project
        self.atlas = atlas
        self.load = load
        self.unreadable: list[Unreadable] = []
        self.unfollowed: dict[Unfollowed, None] = {}
        self.files: list[str] = []
        self.consumed: set[str] = set()
        self._partial: set[str] = set()
        self._objects = 0
        self._changes = _LEAST_CHANGES
        self._lines: dict[str, list[str]] = {}
        self._documents: dict[str, list[YamlValue]] = {}
        self._built: dict[str, list[LayeredObject]] = {}
        self._by_folder = {found.folder: found for found in self._find()}

    def _find(self) -> Iterator[Kustomization]:
        firsts: dict[str, str] = {}
        for path in self.project.files_named(*NAMES):
            documents = self._yaml(path)
            api = documents[0].text_of("apiVersion") if documents else ""
            if not documents or (api and not api.startswith(_API)):
                continue
            found = Kustomization(path, documents[0])
            if (first := firsts.setdefault(found.folder, path)) != path:
                why = f"stands beside {posixpath.basename(first)}, and Kustomize refuses a folder with both"
                self.unreadable.append(Unreadable(why, Location(self.project.show(path))))
            else:
                yield found

    def render(self) -> Iterator[Manifest]:
        """The objects of all overlays that no other kustomization builds on."""
        named = {folder for found in self._by_folder.values() for folder in self._folders_below(found)}
        tops = [found for found in self._by_folder.values() if found.folder not in named and not found.is_component]
        environments = self._environments(tops)
        for top in tops:
            for resource in self._build(top):
                yield Manifest(
                    resource.root,
                    self.atlas,
                    resource.path,
                    environments[top.folder],
                    folder=top.folder,
                    layers=resource.layers,
                    carries=frozenset(resource.carries.values()),
                )
        for found in self._by_folder.values():
            if found.folder not in self._built and not found.is_component:  # in a circle that nothing else builds on
                self._build(found)

    def _folders_below(self, kustomization: Kustomization) -> Iterator[str]:
        """The folders of the kustomizations that one names."""
        for item in kustomization.items_of("resources", "bases", "components"):
            folder = self._path(kustomization, item.text or "")
            if folder in self._by_folder:
                yield folder

    def _environments(self, tops: Sequence[Kustomization]) -> dict[str, str]:
        """The environment of each overlay: its folder's name (all of its path, where that would not tell them apart) for
        those that build on the same files; "" for one that shares nothing with another."""
        users: dict[str, set[str]] = {}
        for top in tops:
            for path in self._files_below(top, set()):
                users.setdefault(path, set()).add(top.folder)
        shared = {folder for folders in users.values() if len(folders) > 1 for folder in folders}
        crowded = {
            folder
            for folders in users.values()
            if len({posixpath.basename(folder) for folder in folders}) < len(folders)
            for folder in folders
        }
        named = {folder: folder if folder in crowded else posixpath.basename(folder) for folder in shared}
        return {top.folder: named.get(top.folder, "") for top in tops}

    def _files_below(self, kustomization: Kustomization, known: set[str]) -> Iterator[str]:
        """The resources that one names, and those of the kustomizations that it builds on."""
        known.add(kustomization.folder)
        for item in kustomization.items_of("resources", "bases"):
            path = self._path(kustomization, item.text or "")
            if path in self._by_folder:
                if path not in known:
                    yield from self._files_below(self._by_folder[path], known)
            elif path is not None and path in self.project.file_set:
                yield path

    # What one comes to

    def _build(self, kustomization: Kustomization, around: Sequence[str] = ()) -> list[LayeredObject]:
        """The objects of a kustomization. around: the folders of those that build on it."""
        folder = kustomization.folder
        if len(around) > DEEPEST and folder not in around:
            why = f"more than {DEEPEST} kustomizations build on each other, and this is not read"
            self._pass_over(kustomization, why)
            return []
        if folder in around:
            where = Location(self.project.show(kustomization.path))
            problem = Unreadable("builds on itself, which Kustomize refuses", where)
            if problem not in self.unreadable:
                self.unreadable.append(problem)
            return []
        if folder not in self._built:
            self._built[folder] = self._layer(kustomization, [], around)
        if folder in self._partial and around:
            self._partial.add(around[-1])
        return self._built[folder]

    def _layer(
        self, kustomization: Kustomization, beneath: list[LayeredObject], around: Sequence[str]
    ) -> list[LayeredObject]:
        """What a kustomization, or a component on top of the objects beneath it, makes: in Kustomize's order."""
        self.consumed.add(kustomization.path)
        self.files.append(kustomization.path)
        inside = (*around, kustomization.folder)
        self._refuse_texts(kustomization)
        self._refuse_mistyped(kustomization)
        resources = list(beneath)
        known = {resource.identity for resource in beneath}
        for item in kustomization.items_of("resources", "bases"):
            resources += self._add_once(item, self._resources(kustomization, item, inside), known)
        self._objects += len(resources)
        if self._objects > MOST_OBJECTS:
            self._pass_over(kustomization, f"the overlays of this project come to more than {MOST_OBJECTS:,} objects")
            return []
        for item in kustomization.root.items_of("configMapGenerator"):
            resources = self._add_generated(kustomization, item, resources)
        for item in kustomization.items_of("components"):
            folder = self._path(kustomization, item.text or "")
            if folder is not None and folder in self._by_folder and folder not in inside:
                resources = self._layer(self._by_folder[folder], resources, inside)
            else:
                self._name_unread(kustomization, item)
        try:
            transformed = self._transform(kustomization, resources)
        except _TooManyChanges as limit:
            why = "its patches change more, object by object, than is followed: none of its objects is read"
            self.unfollowed[Unfollowed(self.atlas.place(limit.span), why)] = None
            self._partial.add(kustomization.folder)
            return []
        except PatchProblem as problem:
            where = self.atlas.place(problem.span)
            self.unreadable.append(Unreadable(f"is a patch that Kustomize refuses: {problem.message}", where))
            return resources
        for name in _NOT_APPLIED:
            if kustomization.root.get(name) is not None and (transformed or name in _CHARTS):
                self._pass_over(kustomization, f"its `{name}` are not applied")
        return transformed

    def _refuse_texts(self, kustomization: Kustomization) -> None:
        """Fields that have to be lists."""
        for name in _LISTS:
            value = kustomization.root.get(name)
            if value is not None and value.items is None and not value.is_null:
                self._refuse(value.span, f"`{name}` must be a list")

    def _refuse_mistyped(self, kustomization: Kustomization) -> None:
        """Fields that Kustomize does not know, and patches that are none."""
        root = kustomization.root
        if root.items is not None or root.text:
            self._refuse(root.span, "holds no keys with values, which Kustomize expects here")
        kind = root.get("kind")
        if kind is not None and kind.text not in _KINDS and not kind.is_null:
            self._refuse(kind.span, f"is a Kustomization or a Component for Kustomize, and no `kind: {kind.text}`")
        for name in root.members or ():
            if name not in _FIELDS and (near := closest(name, _FIELDS)):
                self._refuse(
                    root.keys.get(name, root.span), f"Kustomize knows no field `{name}`; did you mean `{near}`?"
                )
        for item in kustomization.root.items_of("patches"):
            if item.members is not None and len(_written_patches(item)) != 1:
                self._refuse(item.span, "is a patch that Kustomize refuses: it takes either `patch` or `path`")

    def _add_once(
        self, item: YamlValue, more: Iterable[LayeredObject], known: set[tuple[str, str, str, str]]
    ) -> Iterator[LayeredObject]:
        """Objects without those of a name that is there already: another layer may have brought the first. Where something
        renames them that is not read, all are kept."""
        for resource in more:
            if resource.name and resource.identity in known and not self._is_renamed_unseen:
                why = f"brings a second {resource.kind} of the name {resource.name}, which Kustomize refuses"
                self._refuse(item.span, why)
            else:
                known.add(resource.identity)
                yield resource

    @cached_property
    def _is_renamed_unseen(self) -> bool:
        """Whether a kustomization has what may rename objects, and is not applied."""
        return any(found.root.get(name) is not None for found in self._by_folder.values() for name in _RENAMING)

    def _refuse(self, span: YamlSpan, why: str) -> None:
        refused = Unreadable(why, self.atlas.place(span))
        if refused not in self.unreadable:
            self.unreadable.append(refused)

    def _resources(self, kustomization: Kustomization, item: YamlValue, inside: Sequence[str]) -> list[LayeredObject]:
        path = self._path(kustomization, item.text or "")
        if path is not None and path in self._by_folder:
            return self._build(self._by_folder[path], inside)
        if path is None or path not in self.project.file_set:
            self._name_unread(kustomization, item)
            return []
        self.consumed.add(path)
        loaded = self.load(path)
        if not loaded:
            self._partial.add(kustomization.folder)
        return [LayeredObject(found.root, path) for found in loaded]

    def _name_unread(self, kustomization: Kustomization, item: YamlValue) -> None:
        text = (item.text or "").partition("\n")[0]
        if _REMOTE.match(text):
            self._pass_over(kustomization, f"builds on {text}, which lies elsewhere and is not read")
        elif self._path(kustomization, text) is None:
            self._pass_over(kustomization, f"builds on {text}, which leads out of the project and is not read")
        else:
            self._pass_over(kustomization, f"names {text}, which is not here")

    def _pass_over(self, kustomization: Kustomization, why: str) -> None:
        self._partial.add(kustomization.folder)
        self.unfollowed[Unfollowed(Location(self.project.show(kustomization.path)), why)] = None

    def _path(self, kustomization: Kustomization, text: str) -> str | None:
        """A path that a kustomization names, from the project's root; None for one elsewhere."""
        if not text or _REMOTE.match(text) or text.startswith("/") or "\0" in text:
            return None
        path = posixpath.normpath(posixpath.join(kustomization.folder, text))
        if path == ".." or path.startswith("../"):
            return None
        return "" if path == "." else path

    # Generated ConfigMaps

    def _add_generated(
        self, kustomization: Kustomization, item: YamlValue, resources: Sequence[LayeredObject]
    ) -> list[LayeredObject]:
        """https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/configmapgenerator/"""
        name = item.text_of("name")
        data, carries = self._collect_data(kustomization, item)
        if item.text_of("behavior") in ("merge", "replace"):
            keep = item.text_of("behavior") == "merge"
            return [
                _lay_data(resource, data, carries, kustomization.path, keep)
                if resource.kind == "ConfigMap" and resource.name == name
                else resource
                for resource in resources
            ]
        metadata = YamlValue(item.span, members={}, keys={})
        for key in ("name", "namespace"):
            if (value := item.get(key)) is not None:
                metadata = with_member(metadata, key, value, item.keys.get(key))
        made = YamlValue(item.span, members={}, keys={})
        for key, value in (
            ("apiVersion", text_value("v1", item.span)),
            ("kind", text_value("ConfigMap", item.span)),
            ("metadata", metadata),
            ("data", data),
        ):
            made = with_member(made, key, value, item.span)
        return [*resources, LayeredObject(made, kustomization.path, carries=carries)]

    def _collect_data(self, kustomization: Kustomization, item: YamlValue) -> tuple[YamlValue, Mapping[str, str]]:
        """What a ConfigMap is made of, and the files that it carries, by their keys."""
        data = YamlValue(item.span, members={}, keys={})
        carries: dict[str, str] = {}
        for literal in item.items_of("literals"):
            key, _, text = (literal.text or "").partition("=")
            if key:
                data = with_member(data, key, text_value(text.strip("\"'"), literal.span), literal.span)
        for entry in item.items_of("files"):
            key, equals, text = (entry.text or "").partition("=")
            named = text if equals else key
            path = self._path(kustomization, named)
            if path is not None and path in self.project.file_set:
                carries[key if equals else posixpath.basename(path)] = path
            elif named:
                self._name_unread(kustomization, text_value(named, entry.span))
        single = item.get("env")
        for entry in (*item.items_of("envs"), *([single] if single is not None else ())):
            path = self._path(kustomization, entry.text or "")
            for key, text in self._variables(path).items():
                data = with_member(data, key, text_value(text, entry.span), entry.span)
        return data, carries

    def _variables(self, path: str | None) -> dict[str, str]:
        try:
            return env_values(self.project.text(path)) if path is not None and path in self.project.file_set else {}
        except CantRead:
            return {}

    # Changes to all objects

    def _transform(self, kustomization: Kustomization, resources: list[LayeredObject]) -> list[LayeredObject]:
        for item in kustomization.items_of("patchesStrategicMerge"):
            for patch, by in self._patches(kustomization, item):
                self._refuse_aimless(kustomization, patch, resources)
                self._count(len(resources), item)
                resources = _lay_patch(resources, patch, None, by)
        for item in kustomization.items_of("patches"):
            resources = self._apply_patch(kustomization, item, resources)
        resources = _set_namespace(resources, kustomization)
        resources = _rename(resources, kustomization)
        resources = _label(resources, kustomization)
        resources = _annotate(resources, kustomization)
        for item in kustomization.items_of("patchesJson6902"):
            resources = self._apply_patch(kustomization, item, resources)
        return _set_images(_scale(resources, kustomization), kustomization)

    def _apply_patch(
        self, kustomization: Kustomization, item: YamlValue, resources: list[LayeredObject]
    ) -> list[LayeredObject]:
        """https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/"""
        target = item.get("target")
        written = _written_patches(item)
        for patch, by in self._patches(kustomization, written[0]) if written else ():
            self._count(len(resources), item)
            if patch.items is None:
                if target is None:
                    self._refuse_aimless(kustomization, patch, resources)
                resources = _lay_patch(resources, patch, target, by)
                continue
            chosen = [target is not None and _is_target(resource, target) for resource in resources]
            self._count(len(patch.items) * sum(chosen), item)
            change = partial(apply_json_patch, patch=patch)
            resources = [
                resource.change((), change, by) if is_chosen else resource
                for resource, is_chosen in zip(resources, chosen, strict=True)
            ]
        return resources

    def _count(self, changes: int, item: YamlValue) -> None:
        """Take changes that an item of a kustomization makes. Raises _TooManyChanges."""
        self._changes -= changes
        if self._changes < 0:
            raise _TooManyChanges(item.span)

    def _refuse_aimless(
        self, kustomization: Kustomization, patch: YamlValue, resources: Sequence[LayeredObject]
    ) -> None:
        """A patch that names its object itself, where there is none of that name, and all objects are here."""
        unseen = any(kustomization.root.get(name) is not None for name in (*_NOT_APPLIED, "secretGenerator"))
        name, kind, api = patch.text_of("metadata", "name"), patch.text_of("kind"), patch.text_of("apiVersion")
        if unseen or kustomization.is_component or kustomization.folder in self._partial or self._is_renamed_unseen:
            return
        if not all((name, kind, api)) or any(has_holes(text) for text in (name, *(each.name for each in resources))):
            return
        if not any(_is_named(resource, patch) for resource in resources):
            namespace = patch.text_of("metadata", "namespace")
            inside = f" in the namespace {namespace}" if namespace else ""
            self._refuse(
                patch.span,
                f"is a patch that Kustomize refuses: there is no {kind} of {api} called {name}{inside}",
            )

    def _patches(self, kustomization: Kustomization, written: YamlValue) -> Iterator[tuple[YamlValue, str]]:
        """The patches of a file, or of a text that is written out, each with the file that it stands in."""
        text = written.text or ""
        if "\n" in text or ":" in text or text.lstrip().startswith(("[", "{")):
            yield from ((patch, kustomization.path) for patch in self._inline(kustomization, written))
            return
        path = self._path(kustomization, text)
        if path is None or path not in self.project.file_set:
            self._name_unread(kustomization, written)
            return
        self.consumed.add(path)
        yield from ((patch, path) for patch in self._yaml(path))

    def _yaml(self, path: str) -> list[YamlValue]:
        """The documents of a file, read once."""
        if path not in self._documents:
            self._documents[path] = []
            try:
                text = self.project.utf8_text(path)
                self._changes += len(text) // _CHARACTERS
                first = self.atlas.add(Sheet(self.project.show(path)), text.count("\n") + 1)
                self._documents[path] = read_yaml(text, allow_duplicates=True, first_line=first)
            except CantRead as problem:
                self.unreadable.append(self.project.unreadable(path, problem))
            except YamlProblem as problem:
                line = self.atlas.line_in_file(problem.line)
                self.unreadable.append(self.project.unreadable(path, problem, line))
        return self._documents[path]

    def _inline(self, kustomization: Kustomization, written: YamlValue) -> list[YamlValue]:
        """A patch that is written out in the kustomization itself."""
        text, where = written.text or "", self.atlas.place(written.span)
        if kustomization.path not in self._lines:
            self._lines[kustomization.path] = self.project.text(kustomization.path).split("\n")
        lines = self._lines[kustomization.path]
        is_block = lines[where.line - 1][where.column - 1 : where.column] == "|"
        body = next((line for line in islice(lines, where.line, None) if line.strip()), "")
        column = len(body) - len(body.lstrip()) + 1

        def row(offset: int) -> list[Piece]:
            if not is_block:
                return [Piece(1, where)]
            line = where.line + 1 + offset
            return [Piece(1, Location(where.path, line, column, line, column), literal=True)]

        rows = [row(offset) for offset in range(text.count("\n") + 1)]
        first = self.atlas.add(Sheet(where.path, rows=rows, lines=text.split("\n")), len(rows))
        try:
            return read_yaml(text, allow_duplicates=True, first_line=first)
        except YamlProblem as problem:
            place = self.atlas.place(YamlSpan(problem.line, problem.column, problem.column))
            self.unreadable.append(Unreadable(f"is a patch that {problem.complaint()}", place))
            return []


def _written_patches(item: YamlValue) -> list[YamlValue]:
    """The text of a patch and the path to one, as far as they are not empty: Kustomize takes empty ones for absent."""
    values = (item.get(key) for key in ("patch", "path"))
    return [value for value in values if value is not None and not value.is_null and value.text != ""]


def _lay_data(
    resource: LayeredObject, data: YamlValue, carries: Mapping[str, str], by: str, keep: bool
) -> LayeredObject:
    """A ConfigMap with the entries of a generator laid over it, or in the place of its own."""
    written = {*(data.members or {}), *carries}

    def lay_over(value: YamlValue) -> YamlValue:
        members = {key: member for key, member in (value.members or {}).items() if keep and key not in written}
        value = replace(value, members=members)
        for key, member in (data.members or {}).items():
            value = with_member(value, key, member, data.keys[key])
        return value

    left = {key: path for key, path in resource.carries.items() if keep and key not in written}
    return replace(resource.change(("data",), lay_over, by, create=True), carries=left | dict(carries))


def _lay_patch(
    resources: Iterable[LayeredObject], patch: YamlValue, target: YamlValue | None, by: str
) -> list[LayeredObject]:
    """Objects with a strategic merge patch laid over those that it is for."""
    found = []
    for resource in resources:
        chosen = _is_target(resource, target) if target is not None else _is_named(resource, patch)
        if not chosen:
            found.append(resource)
            continue
        content = patch if target is None else _without_identity(patch)
        merged = merge_strategically(resource.root, content, resource.kind in _BUILT_IN)
        if merged is not None:
            found.append(replace(resource, root=merged, layers=resource.layers | {by}))
    return found


def _without_identity(patch: YamlValue) -> YamlValue:
    """A patch for whatever its target selects: its own kind and name say nothing."""
    members = {key: value for key, value in (patch.members or {}).items() if key not in ("apiVersion", "kind")}
    plain = replace(patch, members=members)
    keep = {key: value for key, value in plain.members_of("metadata").items() if key not in ("name", "namespace")}
    metadata = plain.get("metadata")
    return with_member(plain, "metadata", replace(metadata, members=keep)) if metadata is not None else plain


def _is_named(resource: LayeredObject, patch: YamlValue) -> bool:
    """Whether a patch bears the version, the kind and a name of an object, one of now or of before; no namespace is the
    namespace `default`."""
    name, namespace = patch.text_of("metadata", "name"), patch.text_of("metadata", "namespace")
    names = resource.names | {(resource.name, resource.namespace)}
    return (
        patch.text_of("kind") == resource.kind
        and patch.text_of("apiVersion") == resource.root.text_of("apiVersion")
        and any((name, namespace or "default") == (known, inside or "default") for known, inside in names)
    )


_TARGETED: Mapping[str, Callable[[LayeredObject], Iterable[str]]] = {
    "kind": lambda resource: (resource.kind,),
    "group": lambda resource: (resource.group,),
    "version": lambda resource: (resource.root.text_of("apiVersion").rpartition("/")[2],),
    "name": lambda resource: {resource.name, *(name for name, _ in resource.names)},
    "namespace": lambda resource: {resource.namespace, *(namespace for _, namespace in resource.names)},
}
"""What a target may ask for -> the texts of an object that may fit it."""


def _is_target(resource: LayeredObject, target: YamlValue) -> bool:
    """https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/#name-and-kind-changes"""
    for field, texts in _TARGETED.items():
        wanted = target.text_of(field)
        if wanted and not any(_fits(wanted, text) for text in texts(resource)):
            return False
    labels = texts_of(resource.root.get("metadata", "labels"))
    annotations = texts_of(resource.root.get("metadata", "annotations"))
    return _is_chosen(target.text_of("labelSelector"), labels) and _is_chosen(
        target.text_of("annotationSelector"), annotations
    )


def _fits(pattern: str, text: str) -> bool:
    """Whether an anchored expression fits a text."""
    try:
        return pattern == text or search(f"^(?:{pattern})$", text, False) is not None
    except Unsearchable:
        return False


def _is_chosen(selector: str, labels: dict[str, str]) -> bool:
    """Whether labels fit a selector of equalities: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors"""
    for term in filter(None, (term.strip() for term in selector.split(","))):
        name, equals, text = term.replace("==", "=").partition("=")
        if name.endswith("!"):
            if labels.get(name.rstrip("!").strip()) == text.strip():
                return False
        elif not equals:
            if (name.lstrip("!") in labels) == name.startswith("!"):
                return False
        elif not is_selected(labels, {name.strip(): text.strip()}):
            return False
    return True


def _set_namespace(resources: list[LayeredObject], kustomization: Kustomization) -> list[LayeredObject]:
    namespace = kustomization.root.get("namespace")
    if namespace is None or not namespace.text:
        return resources
    return [
        resource
        if resource.kind in _CLUSTER_WIDE
        else replace(
            resource.change(("metadata", "namespace"), lambda _: namespace, kustomization.path, create=True),
            names=resource.names | {(resource.name, resource.namespace)},
        )
        for resource in resources
    ]


def _rename(resources: list[LayeredObject], kustomization: Kustomization) -> list[LayeredObject]:
    """`namePrefix` and `nameSuffix`, with the references to the objects that they rename."""
    before, after = kustomization.root.text_of("namePrefix"), kustomization.root.text_of("nameSuffix")
    if not before and not after:
        return resources
    known = {(resource.kind, resource.name) for resource in resources}

    def rename(kind: str) -> Change:
        def change(value: YamlValue) -> YamlValue:
            if (kind, value.text or "") not in known:
                return value
            return text_value(f"{before}{value.text}{after}", value.span)

        return change

    found = []
    for resource in resources:
        names = resource.names | {(resource.name, resource.namespace)}
        for path, kind in _references(resource):
            resource = resource.change(path, rename(kind), kustomization.path)
        # A ConfigMap goes by its first name here, as those do that mount it.
        if resource.kind != "ConfigMap":
            resource = resource.change(("metadata", "name"), rename(resource.kind), kustomization.path)
        found.append(replace(resource, names=names))
    return found


def _references(resource: LayeredObject) -> Iterator[tuple[Sequence[str], str]]:
    """Where an object names others, and of which kind: https://github.com/kubernetes-sigs/kustomize/blob/master/api/internal/konfig/builtinpluginconsts/namereference.go"""
    if resource.kind == "Ingress":
        yield from ((path, "Service") for path in _BACKEND_NAMES)
        yield ("spec", "ingressClassName"), "IngressClass"
    elif resource.kind == "StatefulSet":
        yield ("spec", "serviceName"), "Service"
    elif resource.kind == "HorizontalPodAutoscaler":
        yield ("spec", "scaleTargetRef", "name"), resource.root.text_of("spec", "scaleTargetRef", "kind")


def _label(resources: list[LayeredObject], kustomization: Kustomization) -> list[LayeredObject]:
    """`commonLabels`, which also go into selectors, and `labels`, which go there if they say so."""
    common = kustomization.root.get("commonLabels")
    groups = [(common, True, True)] if common is not None else []
    for item in kustomization.root.items_of("labels"):
        pairs = item.get("pairs")
        selects = item.text_of("includeSelectors") == "true"
        if pairs is not None:
            groups.append((pairs, selects, selects or item.text_of("includeTemplates") == "true"))
    for pairs, selects, is_in_template in groups:
        change = _adder_of(pairs)
        found = []
        for resource in resources:
            for path in _label_paths(resource.kind, selects, is_in_template):
                resource = resource.change(path, change, kustomization.path, create=True)
            found.append(resource)
        resources = found
    return resources


def _label_paths(kind: str, selects: bool, is_in_template: bool) -> Iterator[Sequence[str]]:
    yield ("metadata", "labels")
    if kind == "Service" and selects:
        yield ("spec", "selector")
    if kind in _WORKLOADS:
        if selects:
            yield ("spec", "selector", "matchLabels")
        if is_in_template:
            yield (*_TEMPLATE, "metadata", "labels")


def _adder_of(pairs: YamlValue) -> Change:
    def change(value: YamlValue) -> YamlValue:
        added = pairs.members or {}
        members, keys = {**(value.members or {}), **added}, {**value.keys, **pairs.keys}
        return replace(value, text=None, members=members, keys=keys) if added else value

    return change


def _annotate(resources: list[LayeredObject], kustomization: Kustomization) -> list[LayeredObject]:
    pairs = kustomization.root.get("commonAnnotations")
    if pairs is None:
        return resources
    path = ("metadata", "annotations")
    return [resource.change(path, _adder_of(pairs), kustomization.path, create=True) for resource in resources]


def _scale(resources: list[LayeredObject], kustomization: Kustomization) -> list[LayeredObject]:
    """`replicas`: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/replicas/"""
    counts = {item.text_of("name"): item.get("count") for item in kustomization.root.items_of("replicas")}
    found = []
    for resource in resources:
        names = {resource.name, *(name for name, _ in resource.names)}
        count = next((counts[name] for name in names if counts.get(name) is not None), None)
        if count is not None and resource.kind in _WORKLOADS:
            resource = resource.change(("spec", "replicas"), lambda _, count=count: count, kustomization.path, True)  # type: ignore[misc]
        found.append(resource)
    return found


def _set_images(resources: list[LayeredObject], kustomization: Kustomization) -> list[LayeredObject]:
    """`images`: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/"""
    changes = {item.text_of("name"): item for item in kustomization.root.items_of("images")}
    if not changes:
        return resources

    def change(value: YamlValue) -> YamlValue:
        name, tag = _name_of_image(value.text or "")
        item = changes.get(name)
        if item is None:
            return value
        digest = item.text_of("digest")
        new_tag = f"@{digest}" if digest else f":{item.text_of('newTag')}" if item.text_of("newTag") else tag
        return text_value(f"{item.text_of('newName') or name}{new_tag}", value.span)

    found = []
    for resource in resources:
        around = () if resource.kind == "Pod" else _TEMPLATE
        for key in ("containers", "initContainers") if resource.kind in (*_WORKLOADS, "Pod") else ():
            resource = resource.change((*around, "spec", key, EACH, "image"), change, kustomization.path)
        found.append(resource)
    return found


def _name_of_image(text: str) -> tuple[str, str]:
    """The name of an image, and its tag or digest with the mark before it."""
    name, at, digest = text.partition("@")
    head, colon, tag = name.rpartition(":")
    if colon and "/" not in tag:
        return head, f":{tag}{at}{digest}"
    return name, f"{at}{digest}"
