"""Which YAML and JSON files are Kubernetes manifests, and the objects in them that decide what becomes of a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from infralint.model import Location, Unfollowed, Unknown, Unreadable
from infralint.project import CantRead, Project, TooLarge
from infralint.project.charts import chart_folders, chart_of
from infralint.project.manifests.atlas import Atlas, Sheet
from infralint.project.manifests.given import ChartRelease, given_manifests, place_value
from infralint.project.manifests.helm import Charts, RenderedFile, RenderedText
from infralint.project.manifests.kustomize import NAMES, Kustomizations
from infralint.project.manifests.manifest import Manifest
from infralint.project.manifests.releases import releases_in
from infralint.project.manifests.shapes import check_shape, is_mistyped, missing_parts
from infralint.text.display import HOLE
from infralint.text.json_places import BadJson, parse_json_stream, yaml_of_json
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlProblem, YamlSpan, YamlValue, has_holes, read_yaml

ROUTING = (
    "Ingress IngressClass IngressClassParams TargetGroupBinding Gateway GatewayClass HTTPRoute GRPCRoute VirtualService"
    " DestinationRule BackendTrafficPolicy ClientTrafficPolicy IngressRoute Middleware ServersTransport HTTPProxy Route"
    " BackendConfig GCPBackendPolicy TrafficPolicy AIGatewayRoute AIServiceBackend Backend"
).split()
"""Kinds that send requests on, or say how."""
RUNNING = "Service Deployment StatefulSet DaemonSet ReplicaSet Rollout Pod ConfigMap HorizontalPodAutoscaler".split()
"""Kinds that say what stands behind, and how it is set up."""

KNATIVE = "Knative Service"
"""What objects of kind `Service` in Knative's group are called here: they are none of the core's."""
_KNATIVE_API = "serving.knative.dev"

RELEASES = ("Application", "ApplicationSet", "HelmRelease")
"""Kinds that install charts."""
ASKED = frozenset((*ROUTING, *RUNNING, *RELEASES))

_KIND = lazy(
    rb"(?m)(?:(?:^|\r)[ \t]*(?:-[ \t]+)?|[{,][ \t]*)[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?("
    + b"|".join(map(str.encode, (*ROUTING, *RUNNING, *RELEASES)))
    + rb")\b"
)
_WORD = lazy(rb"(?m)^[ \t]*(?:-[ \t]+)?[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?([A-Za-z]{4,40})")
_MAPPED_KIND = lazy(rb"(?m)^[\"']?kind[\"']?[ \t]*:[ \t]*[\"']?[A-Za-z]")
_BLANK = lazy(rb"\s*+(?:(?:#[^\r\n]*+|---[ \t]*+|%[^\r\n]*+)(?:[\r\n]\s*+|\Z))*+")
_CONTROLLER = lazy(
    rb"tcp-services|(?m:^[ \t]+[\"']?(?:proxy-[a-z-]+|use-[a-z-]+|enable-[a-z-]+|worker-[a-z-]+|allow-snippet-annotations"
    rb"|client-max-body-size|lb-method|location-snippets|timeout-server|timeout-tunnel|cookie-persistence)[\"']?:)"
)
"""What the ConfigMap of a controller holds; others say nothing here."""
_LIST = lazy(rb"(?m)^kind:[ \t]*[\"']?\w*List\b")
_DOCUMENT = lazy(rb"(?m)^---(?=[ \t\r\n]|$)")
MANIFEST_ENDINGS = ("yaml", "yml", "json")
LARGEST = 4 * 1024 * 1024
"""Bytes of a file of manifests."""


class Manifests(msgspec.Struct):
    """The objects of a project's manifests; what could not be read or told of them; templates that were passed over.
    rendered: the templates of charts that could be rendered, also to nothing."""

    objects: list[Manifest] = []
    unreadable: list[Unreadable] = []
    unfollowed: list[Unfollowed] = []
    files: list[str] = []
    unknown: list[Unknown] = []
    rendered: set[str] = set()
    atlas: Atlas = msgspec.field(default_factory=Atlas)

    kinds: dict[str, list[Manifest]] = {}

    def of(self, *kinds: str) -> list[Manifest]:
        """The objects of some kinds."""
        return [manifest for kind in kinds for manifest in self.kinds.get(kind, ())]


def is_manifest(content: bytes) -> bool:
    """A quick look at the bytes: is there an object of a kind that is asked for?"""
    if b"apiVersion" not in content:
        return False
    kinds = set(_KIND.findall(content))
    if kinds == {b"ConfigMap"}:
        return bool(_CONTROLLER.search(content))
    return bool(kinds) or bool(_LIST.search(content)) or any(map(is_mistyped, set(_WORD.findall(content))))


def read_manifests(project: Project) -> Manifests:
    """Every object of a project's manifests that is asked for. Read once a project."""
    return project.remember("manifests", lambda: _ManifestReader(project).read())


class _ManifestDocument(msgspec.Struct, array_like=True):
    """What one document of a file says. line: its first one; lines: how many there are, 0 for JSON behind other JSON."""

    line: int
    lines: int
    values: list[YamlValue]


class _ManifestDocuments(msgspec.Struct, array_like=True):
    """What a file says. first: the number of the first line of it, on which all others rest."""

    first: int
    documents: list[_ManifestDocument]


class _ManifestReader:
    """The manifests of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.found = Manifests()
        self.by_path: dict[str, list[Manifest]] = {}
        self.templates: set[str] = set()
        self.repeated: list[YamlProblem] = []
        self.twice: dict[str, YamlProblem] = {}

    def read(self) -> Manifests:
        consumed = self._overlays() if self.project.files_named(*NAMES) else frozenset()
        for path in self._candidates():
            if path not in consumed:
                objects = self._objects(path)
                self._name_missing(path, objects)
                self.found.objects += objects
        given = given_manifests(self.project)
        for written in given.objects:
            root = place_value(self.found.atlas, written.value, self.project.show(written.path))
            self.found.objects.append(
                Manifest(root, self.found.atlas, written.path, written.environment, written.sealed)
            )
        if folders := chart_folders(self.project):
            self._charts(folders, [*given.releases, *releases_in(self.found.objects, folders, self.project)])
        _tell_apart(self.found.objects)
        for manifest in self.found.objects:
            kind = manifest.kind
            if kind == "Service" and manifest.group == _KNATIVE_API:
                kind = KNATIVE
            self.found.kinds.setdefault(kind, []).append(manifest)
        return self.found

    def _candidates(self) -> Iterator[str]:
        charts = chart_folders(self.project)
        for path in self.project.files_ending(*MANIFEST_ENDINGS):
            if not (charts and chart_of(path, charts) is not None):
                yield path

    def _objects(self, path: str) -> list[Manifest]:
        """The objects of a file; none where it holds none that is asked for. Read once."""
        if path not in self.by_path:
            if (roots := self._recall(path)) is not None:
                self.by_path[path] = self._take_known(path, roots)
            elif self.project.glance("manifests", path, lambda: self._may_hold_objects(path)):
                self.by_path[path] = self._file(path)
            else:
                self.by_path[path] = []
        return self.by_path[path]

    def _take_known(self, path: str, roots: Sequence[YamlValue]) -> list[Manifest]:
        """The objects of a file that was parsed by an earlier run; such hold nothing that Kubernetes refuses."""
        objects = [
            Manifest(item, self.found.atlas, path)
            for root in roots
            for item in objects_in(root)
            if item.text_of("kind")
        ]
        if objects:
            self.found.files.append(path)
        return objects

    def _recall(self, path: str) -> list[YamlValue] | None:
        """What a file says, as an earlier run parsed it; None where it has to be read."""
        atlas, known = self.found.atlas, self.project.recall(path, _ManifestDocuments)
        if known is None or known.first != atlas.next:
            return None
        shown = self.project.show(path)
        for document in known.documents:
            if document.lines:
                atlas.add(Sheet(shown, document.line), document.lines)
        return [value for document in known.documents for value in document.values]

    def _may_hold_objects(self, path: str) -> bool:
        """Whether a file holds what is asked for, or can't be read."""
        try:
            return is_manifest(self.project.searchable(path, LARGEST))
        except CantRead:
            return True

    def _beginning(self, path: str) -> bytes:
        """What can be had of a file that can't be read as a whole."""
        try:
            return self.project.searchable(path, LARGEST)
        except CantRead:
            return self.project.head(path)

    def _file(self, path: str) -> list[Manifest]:
        try:
            text = self.project.utf8_text(path)
        except CantRead as problem:
            if is_manifest(self._beginning(path)):
                self.found.unreadable.append(self.project.unreadable(path, problem))
            elif not isinstance(problem, TooLarge):
                self.found.unfollowed.append(Unfollowed(Location(self.project.show(path)), str(problem)))
            return []
        is_template, first, refused = has_holes(text), self.found.atlas.next, len(self.found.unreadable)
        documents: list[_ManifestDocument] = []
        objects: list[Manifest] = []
        if is_template:
            self.templates.add(path)
        self.repeated.clear()
        try:
            for document in self._documents(path, text):
                documents.append(document)
                objects += self._objects_of(path, document.values, is_template)
        except YamlProblem as problem:
            self._refuse(path, text, problem)
            return []
        except BadJson as problem:
            self._refuse_json(path, text, problem)
            return []
        if self.repeated:
            self.twice[path] = self.repeated[0]
        is_taken = len(self.found.unreadable) == refused and not self.repeated
        if is_taken and not (is_template or "&" in text):  # what an anchor shares is written only once
            self.project.keep(path, _ManifestDocuments(first, documents))
        if objects:
            self.found.files.append(path)
        return objects

    def _objects_of(self, path: str, roots: Iterable[YamlValue], is_template: bool) -> Iterator[Manifest]:
        """The objects of a file's documents, but for those that Kubernetes refuses."""
        for root in roots:
            for item in objects_in(root):
                if item.text_of("kind") and (is_template or self._has_shape(item, path)):
                    yield Manifest(item, self.found.atlas, path)

    def _has_shape(self, item: YamlValue, path: str) -> bool:
        """Whether Kubernetes would take an object; one that it refuses is named, and the others of its file go on."""
        try:
            check_shape(item)
        except YamlProblem as problem:
            line = self.found.atlas.line_in_file(problem.line)
            self.found.unreadable.append(self.project.unreadable(path, problem.message, line, problem.column))
            return False
        return True

    def _name_missing(self, path: str, objects: Sequence[Manifest]) -> None:
        """What Kubernetes misses in the objects of a file; they are judged all the same."""
        if path in self.templates:
            return
        for problem in (problem for manifest in objects for problem in missing_parts(manifest.root)):
            line = self.found.atlas.line_in_file(problem.line)
            self.found.unreadable.append(self.project.unreadable(path, problem.message, line, problem.column))

    def _documents(self, path: str, text: str) -> Iterator[_ManifestDocument]:
        """What a file holds: JSON, or the documents of YAML, as kubectl tells them apart. Raises YamlProblem, BadJson."""
        shown = self.project.show(path)
        if path.endswith(".json") and text.lstrip()[:1] == "{":
            lines = text.count("\n") + 1
            first = self.found.atlas.add(Sheet(shown), lines)
            for node in parse_json_stream(text):
                yield _ManifestDocument(1, lines, [yaml_of_json(node, first)])
                lines = 0
            return
        for line, document in _split(text):
            lines = document.count("\n") + 1
            first = self.found.atlas.add(Sheet(shown, line), lines)
            yield _ManifestDocument(line, lines, read_yaml(document, first_line=first, repeated=self.repeated))

    def _overlays(self) -> frozenset[str]:
        """The objects of Kustomize's overlays: the files that these are made of, which count in no other way."""
        overlays = Kustomizations(self.project, self.found.atlas, self._objects)
        objects = list(overlays.render())
        self.found.objects += objects
        self.found.unreadable += overlays.unreadable
        self.found.unfollowed += overlays.unfollowed
        for path in sorted(overlays.consumed & self.twice.keys()):
            problem = self.twice[path]
            line = self.found.atlas.line_in_file(problem.line)
            why = f"Kustomize refuses this file: {problem.message}"
            self.found.unreadable.append(self.project.unreadable(path, why, line, problem.column))
        if objects:
            self.found.files += dict.fromkeys(overlays.files)
        return frozenset(overlays.consumed)

    def _charts(self, folders: frozenset[str], releases: Sequence[ChartRelease]) -> None:
        """The objects of Helm charts."""
        charts = Charts(self.project, self.found.atlas, folders, releases)
        read: dict[RenderedText, list[YamlValue]] = {}
        for rendered in charts.render():
            if rendered.written not in read:
                read[rendered.written] = self._read_rendered(rendered, charts)
            self.found.objects += (
                Manifest(root, self.found.atlas, rendered.path, rendered.environment, rendered.sealed)
                for root in read[rendered.written]
            )
        self.found.unknown += charts.unknown
        self.found.unreadable += charts.unreadable
        self.found.unfollowed += charts.unfollowed
        self.found.files += dict.fromkeys(charts.files)
        self.found.rendered = charts.rendered - charts.failed

    def _read_rendered(self, rendered: RenderedFile, charts: Charts) -> list[YamlValue]:
        """The objects in what a template of a chart came to."""
        lines = rendered.written.text.split("\n")
        sheet = Sheet(self.project.show(rendered.path), rows=rendered.written.rows, lines=lines)
        first = self.found.atlas.add(sheet, len(lines))
        try:
            roots = read_yaml(rendered.written.text, allow_duplicates=True, first_line=first)
        except YamlProblem as problem:
            where = self.found.atlas.place(YamlSpan(problem.line, problem.column, problem.column))
            why = f"what this template of a Helm chart comes to {problem.complaint()}"
            self.found.unknown.append(Unknown(where, "", why))
            charts.failed.add(rendered.path)
            return []
        found = [item for root in roots for item in objects_in(root) if item.text_of("kind") in ASKED]
        if HOLE not in rendered.written.text:
            self._doubt_shapes(found)
        return found

    def _doubt_shapes(self, items: Iterable[YamlValue]) -> None:
        """Objects of a chart that Kubernetes would refuse as these values make them: other values may be given."""
        for item in items:
            if (problem := _first_problem(item)) is not None:
                where = self.found.atlas.place(YamlSpan(problem.line, problem.column, problem.column))
                why = f"as this template of a Helm chart comes out with the values here, {problem.message}"
                self.found.unknown.append(Unknown(where, "", why))

    def _refuse_json(self, path: str, text: str, problem: BadJson) -> None:
        """A file that is no JSON."""
        if has_holes(text):
            self.found.unfollowed.append(Unfollowed(Location(self.project.show(path)), _TEMPLATE))
        else:
            self.found.unreadable.append(self.project.unreadable(path, problem))

    def _refuse(self, path: str, text: str, problem: YamlProblem) -> None:
        """A file that is no YAML: a template is somebody else's to render, the rest is broken."""
        shown = self.project.show(path)
        if has_holes(text):
            self.found.unfollowed.append(Unfollowed(Location(shown), _TEMPLATE))
            return
        line = self.found.atlas.line_in_file(problem.line)
        self.found.unreadable.append(self.project.unreadable(path, problem, line))


def _split(text: str) -> Iterator[tuple[int, str]]:
    """The documents of a file that hold what is asked for, each with its first line; also those that are no objects,
    for what is broken may have been meant for one."""
    plain = text.encode()
    if not _DOCUMENT.search(plain):
        yield 1, text
        return
    line = 1
    start = 0
    for mark in (*_DOCUMENT.finditer(plain), None):
        end = mark.start() if mark is not None else len(plain)
        document = plain[start:end]
        if is_manifest(document) or not (_MAPPED_KIND.search(document) or _BLANK.fullmatch(document)):
            yield line, document.decode()
        line += document.count(b"\n")
        start = end


def _first_problem(item: YamlValue) -> YamlProblem | None:
    """Why Kubernetes would refuse an object that is whole; None where nothing speaks against it."""
    try:
        check_shape(item)
    except YamlProblem as problem:
        return problem
    return next(missing_parts(item), None)


def objects_in(root: YamlValue) -> Iterator[YamlValue]:
    """An object, or the items of a list of them."""
    if root.text_of("kind").endswith("List") and root.get("items") is not None:
        yield from (item for item in root.items_of("items") if item.members is not None)
    elif root.members is not None:
        yield root


def _tell_apart(objects: Iterable[Manifest]) -> None:
    """Folders that describe the same object in different files are environments of their own."""
    places: dict[tuple[str, str, str], dict[str, list[Manifest]]] = {}
    for manifest in objects:
        if manifest.sealed:
            continue
        key = (manifest.kind, manifest.namespace, manifest.name)
        folder = manifest.folder or manifest.path.rpartition("/")[0]
        places.setdefault(key, {}).setdefault(folder, []).append(manifest)
    apart = {folder for folders in places.values() if len(folders) > 1 for folder in folders}
    for folders in places.values():
        for folder in apart.intersection(folders):
            for manifest in folders[folder]:
                manifest.environment = manifest.environment or folder


_TEMPLATE = "is a template, which has to be rendered first"
