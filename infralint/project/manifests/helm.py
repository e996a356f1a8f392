"""Helm charts, rendered with their values: once as they are, and once for each values file beside them.

https://helm.sh/docs/topics/charts/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from infralint.model import Location, Unfollowed, Unknown, Unreadable
from infralint.project import CantRead, Project
from infralint.project.manifests.atlas import Atlas, Piece, Sheet
from infralint.project.manifests.given import ChartRelease, GivenValue, place_value
from infralint.project.manifests.manifest import COMPLETE
from infralint.project.manifests.value_schemas import contradictions, missing_values
from infralint.text.display import HOLE
from infralint.text.go_templates import (
    RenderedOutput,
    Renderer,
    TemplateAllowance,
    TemplateFile,
    TemplateProblem,
    merge_values,
    plain_values,
)
from infralint.text.go_templates.values import PlacedMapping, PlacedText
from infralint.text.json_places import BadJson, parse_json, yaml_of_json
from infralint.text.lazy import lazy
from infralint.text.wording import listing
from infralint.text.yaml_places import YamlProblem, YamlValue, has_holes, read_yaml

KUBERNETES = (1, 31)
"""The version of a cluster that charts are rendered for."""
SCHEMA = "values.schema.json"
_VALUES = lazy(r"values[._-]([\w.-]+?)\.ya?ml|([\w.-]+?)[._-]values\.ya?ml")
_VALUES_FOLDERS = frozenset({"values", "env", "envs", "environment", "environments"})
"""Of a chart, in which lie values for each place that it is installed in."""
_READ = 8
"""Characters of what a template comes to that are read as YAML in the time of a step."""
MOST_FILES = 12
"""Values files of one chart that make an environment each."""
_SKIPPED_ENVIRONMENTS = frozenset({"schema", "example", "examples", "sample", "test", "ci", "template", "tmpl"})


class Chart(msgspec.Struct, eq=False):
    """A chart. folder: where it lies; metadata: its Chart.yaml; values: its values.yaml; parts: its vendored subcharts,
    by the name under which their values stand; schema: what its values.schema.json says."""

    folder: str
    metadata: PlacedMapping
    values: PlacedMapping
    templates: list[TemplateFile]
    schema: YamlValue | None = None
    parts: dict[str, Chart] = {}

    @property
    def name(self) -> str:
        return str(self.metadata.get("name") or posixpath.basename(self.folder) or "chart")


class RenderedText(msgspec.Struct, eq=False):
    """What a template comes to, also with several values. rows: where each line comes from."""

    text: str
    rows: list[list[Piece]]


class RenderedFile(msgspec.Struct, frozen=True):
    """A template of a chart as it comes out. path: the template's; environment: of the values file."""

    path: str
    written: RenderedText
    environment: str
    sealed: str


class Charts:
    """The charts of a project."""

    def __init__(
        self, project: Project, atlas: Atlas, folders: frozenset[str], releases: Sequence[ChartRelease] = ()
    ) -> None:
        self.project = project
        self.atlas = atlas
        self.folders = folders
        self.releases = releases
        self.unknown: list[Unknown] = []
        self.unreadable: list[Unreadable] = []
        self.unfollowed: list[Unfollowed] = []
        self.files: list[str] = []
        self.failed: set[str] = set()
        self.rendered: set[str] = set()
        self.allowance = TemplateAllowance()
        self._written: dict[tuple[str, str], list[tuple[RenderedOutput, RenderedText]]] = {}
        self._below: dict[str, list[str]] = {folder: [] for folder in folders}
        for path in project.files:
            owner = self._owner(path)
            if owner is not None:
                self._below[owner].append(path)

    def _owner(self, path: str) -> str | None:
        """The innermost chart whose folder a file lies in."""
        folder = posixpath.dirname(path)
        while True:
            if folder in self.folders:
                return folder
            if not folder:
                return None
            folder = posixpath.dirname(folder)

    def render(self) -> Iterator[RenderedFile]:
        """What all charts come to."""
        for folder in sorted(self.folders):
            if self._is_part(folder):
                continue
            chart = self._chart(folder)
            if chart is not None and chart.metadata.get("type") != "library":
                environments = list(self._environments(chart))
                for environment, values, release in environments:
                    if environment or len(environments) == 1:  # its own values alone are for others to complete
                        self._refuse_values(chart, values)
                    yield from self._render_release(chart, values, environment, release)

    def _refuse_values(self, chart: Chart, values: PlacedMapping) -> None:
        """Name the values that contradict the schema of a chart, or of one within it."""
        for span, why in contradictions(chart.schema, values) if chart.schema is not None else ():
            refused = Unreadable(f"holds values with which Helm refuses the chart: {why}", self.atlas.place(span))
            self.unreadable += [refused] if refused not in self.unreadable else []
        for span, name in missing_values(chart.schema, values) if chart.schema is not None else ():
            path = self.project.show(posixpath.join(chart.folder, SCHEMA))
            why = f"Helm refuses this chart with the values that are here: its schema requires `{name}`, which nothing sets"
            missing = Unknown(Location(path, span.line, span.column), "", why, COMPLETE)
            self.unknown += [missing] if missing not in self.unknown else []
        for part, inner in _installed_parts(chart, values):
            self._refuse_values(part, inner)

    def _schema(self, folder: str) -> YamlValue | None:
        """What the `values.schema.json` of a chart says; None where there is none. Helm refuses a chart with a broken one."""
        path = posixpath.join(folder, SCHEMA)
        if path not in self.project.file_set:
            return None
        try:
            text = self.project.utf8_text(path)
            return yaml_of_json(parse_json(text)) if text.strip() else None
        except CantRead as problem:
            self.unreadable.append(self.project.unreadable(path, problem))
        except BadJson as problem:
            if not has_holes(text):
                self.unreadable.append(self.project.unreadable(path, problem))
        return None

    def _is_part(self, folder: str) -> bool:
        """Whether a chart lies in the `charts/` of another."""
        parent, _, name = folder.rpartition("/")
        return posixpath.basename(parent) == "charts" and posixpath.dirname(parent) in self.folders and bool(name)

    def _chart(self, folder: str, depth: int = 0) -> Chart | None:
        metadata = self._mapping(posixpath.join(folder, "Chart.yaml")) or self._mapping(
            posixpath.join(folder, "Chart.yml")
        )
        if not metadata:
            path = posixpath.join(folder, "Chart.yaml")
            if path in self.project.file_set and not self._is_named(path):
                why = "is empty, where Helm expects the name and the version of a chart"
                self.unreadable.append(self.project.unreadable(path, why))
            return None
        if depth > 5:
            return None
        self._refuse_incomplete(folder, metadata)
        values = self._mapping(posixpath.join(folder, "values.yaml")) or PlacedMapping()
        base = posixpath.join(folder, "templates")
        called = str(metadata.get("name") or posixpath.basename(folder))
        templates = [
            template
            for path in self._below[folder]
            if path.startswith(f"{base}/") and path.endswith((".yaml", ".yml", ".tpl"))
            if (template := self._template(path, f"{called}/{path.removeprefix(f'{folder}/') if folder else path}"))
            is not None
        ]
        chart = Chart(folder, metadata, values, templates, self._schema(folder))
        inside = posixpath.join(folder, "charts")
        vendored = {posixpath.basename(other): other for other in self.folders if posixpath.dirname(other) == inside}
        for name, other in vendored.items():
            part = self._chart(other, depth + 1)
            if part is not None:
                chart.parts[self._alias(metadata, part.name) or name] = part
        missing = [name for name in _dependencies(metadata) if name not in chart.parts]
        if missing:
            listed = ", ".join(missing)
            why = f"its subcharts ({listed}) are not vendored here"
            self.unfollowed.append(Unfollowed(Location(self.project.show(folder)), why))
        return chart

    def _refuse_incomplete(self, folder: str, metadata: PlacedMapping) -> None:
        """https://helm.sh/docs/topics/charts/#the-chartyaml-file"""
        missing = [f"`{key}`" for key in ("name", "version") if not metadata.get(key)]
        path = posixpath.join(folder, "Chart.yaml")
        if missing and path in self.project.file_set and not self._is_named(path):
            self.unreadable.append(
                self.project.unreadable(path, f"has no {listing(missing)}, which Helm expects of a chart")
            )

    def _is_named(self, path: str) -> bool:
        """Whether something was said of a file."""
        shown = self.project.show(path)
        places = [*(entry.where for entry in self.unreadable), *(unknown.where for unknown in self.unknown)]
        return any(where.path == shown for where in places)

    @staticmethod
    def _alias(metadata: Mapping[str, Any], name: str) -> str:
        for dependency in metadata.get("dependencies") or ():
            if isinstance(dependency, Mapping) and dependency.get("name") == name:
                return str(dependency.get("alias") or name)
        return name

    def _template(self, path: str, called: str) -> TemplateFile | None:
        try:
            text = self.project.text(path)
        except CantRead as problem:
            self.unreadable.append(self.project.unreadable(path, problem))
            return None
        self.allowance.grow(len(text))
        first = self.atlas.add(Sheet(self.project.show(path)), text.count("\n") + 1)
        return TemplateFile(path, text, first, called)

    def _mapping(self, path: str) -> PlacedMapping | None:
        """The mapping that a YAML file holds; None where there is none."""
        if path not in self.project.file_set:
            return None
        try:
            text = self.project.utf8_text(path)
            self.allowance.grow(len(text))
            first = self.atlas.add(Sheet(self.project.show(path)), text.count("\n") + 1)
            documents = read_yaml(text, allow_duplicates=True, first_line=first)
            value = plain_values(documents[0]) if documents else None
        except CantRead as problem:
            self.unreadable.append(self.project.unreadable(path, problem))
            return None
        except YamlProblem as problem:
            self._refuse(path, text, problem.complaint(), problem.line, problem.column)
            return None
        if value is not None and not isinstance(value, PlacedMapping):
            self._refuse(path, text, "holds no keys with values, which Helm expects here", first)
        return value if isinstance(value, PlacedMapping) else PlacedMapping()

    def _refuse(self, path: str, text: str, why: str, line: int, column: int = 0) -> None:
        """A file that Helm refuses; one that something else renders first could not be told."""
        where = Location(self.project.show(path), self.atlas.line_in_file(line), column)
        if has_holes(text):
            self.unknown.append(Unknown(where, "", why))
        else:
            self.unreadable.append(Unreadable(why, where))

    def _environments(self, chart: Chart) -> Iterator[tuple[str, PlacedMapping, ChartRelease | None]]:
        """The values of a chart: those of its releases; else its own, and with those of each file beside it, or named in
        infralint.yaml."""
        named = [
            entry
            for entry in self.project.settings.helm.charts
            if posixpath.normpath(entry.path) == (chart.folder or ".")
        ]
        if named:
            for entry in named:
                values = chart.values
                for name in entry.values:
                    over = self._mapping(posixpath.normpath(posixpath.join(chart.folder, name)))
                    values = merge_values(values, over or {})
                yield entry.name, values, None
            return
        releases = [release for release in self.releases if release.folder == chart.folder]
        for release in releases:
            yield release.name, self._with_layers(chart, release), release
        if not releases:
            yield "", chart.values, None
        layers = {layer for release in releases for layer in release.layers if isinstance(layer, str)}
        for path in self._values_files(chart):
            over = self._mapping(path) if path not in layers else None
            if over and ("values" in path.removeprefix(chart.folder) or _overrides(chart, over)):
                yield _environment_name(path), merge_values(chart.values, over), None

    def _with_layers(self, chart: Chart, release: ChartRelease) -> PlacedMapping:
        """The values that a release is installed with."""
        values = chart.values
        for layer in release.layers:
            if isinstance(layer, Unfollowed):
                self.unfollowed.append(layer)
                continue
            if isinstance(layer, Unreadable):
                self.unreadable.append(layer)
                continue
            if isinstance(layer, str):
                over: Any = self._mapping(layer)
                if over is None and layer not in self.project.file_set:
                    why = f"{layer}, which it names, is not here"
                    self.unfollowed.append(Unfollowed(Location(self.project.show(release.path)), why))
            else:
                placed = layer
                if isinstance(placed, GivenValue):
                    placed = place_value(self.atlas, placed, self.project.show(release.path))
                over = plain_values(placed)
            values = merge_values(values, over if isinstance(over, PlacedMapping) else {})
        return values

    def _values_files(self, chart: Chart) -> list[str]:
        """The values files beside a chart's own: `values-prod.yaml`, and in folders for them `prod.yaml`, `prod/values.yaml`."""
        prefix = f"{chart.folder}/" if chart.folder else ""
        found = []
        for path in self._below[chart.folder]:
            *folders, name = path.removeprefix(prefix).split("/")
            is_named = _VALUES.fullmatch(name) is not None
            if not folders:
                fits = is_named
            elif folders[0] in _VALUES_FOLDERS and name.endswith((".yaml", ".yml")):
                fits = len(folders) == 1 or (len(folders) == 2 and (is_named or name.startswith("values.")))
            else:
                fits = False
            if fits and _environment_name(path) not in _SKIPPED_ENVIRONMENTS:
                found.append(path)
        return sorted(found)[:MOST_FILES]

    def _render_release(
        self, chart: Chart, values: PlacedMapping, environment: str, installed: ChartRelease | None
    ) -> Iterator[RenderedFile]:
        name = installed.name if installed is not None else chart.name
        namespace = (installed.namespace if installed is not None else "") or "default"
        release = {"Name": name, "Namespace": namespace, "Service": "Helm", "IsInstall": True}
        release |= {"IsUpgrade": False, "Revision": 1}
        library = list(_all_templates(chart, values))
        yield from self._of_chart(chart, values, values.get("global") or {}, release, library, environment)

    def _of_chart(
        self,
        chart: Chart,
        values: PlacedMapping,
        shared: Mapping[str, Any],
        release: Mapping[str, Any],
        library: Sequence[TemplateFile],
        environment: str,
    ) -> Iterator[RenderedFile]:
        metadata = {f"{key[:1].upper()}{key[1:]}": value for key, value in chart.metadata.items()}
        if shared and not values.get("global"):
            values = merge_values(values, {"global": shared})
        dot = PlacedMapping(
            {
                "Values": values,
                "Release": release,
                "Chart": PlacedMapping(metadata),
                "Capabilities": _capabilities(),
                "Files": self._files(chart),
                "Template": {"BasePath": f"{chart.name}/templates", "Name": ""},
            }
        )
        renderer = Renderer(library, allowance=self.allowance)
        for file, problem in renderer.broken:
            self._refuse_template(file, problem)
        broken = {file.name for file, _ in renderer.broken}
        self.failed |= broken
        for template in chart.templates:
            if template.name not in broken and _is_asked_for(template):
                dot["Template"] = {"BasePath": f"{chart.name}/templates", "Name": template.called}
                yield from self._of_template(template, renderer, dot, environment)
        for part, inner in _installed_parts(chart, values):
            yield from self._of_chart(part, inner, values.get("global") or shared, release, library, environment)

    def _refuse_template(self, file: TemplateFile, problem: TemplateProblem) -> None:
        """Name a template that Helm can't parse, which keeps it from installing the chart."""
        where = self.atlas.place(file.span(problem.offset))
        if problem.is_limit or "{%" in file.text:
            unknown = Unknown(where, "", f"this template of a Helm chart can't be parsed: {problem}")
            self.unknown += [unknown] if unknown not in self.unknown else []
        else:
            refused = Unreadable(f"is a template that Helm refuses: {problem}", where)
            self.unreadable += [refused] if refused not in self.unreadable else []

    def _of_template(
        self, template: TemplateFile, renderer: Renderer, dot: PlacedMapping, environment: str
    ) -> Iterator[RenderedFile]:
        try:
            written = self._text_of(template, renderer.render(template, dot))
        except TemplateProblem as problem:
            self.failed.add(template.name)
            if not _ROUTED.search(template.text) and not problem.is_limit:
                return
            where = self.atlas.place(template.span(problem.offset))
            given = f" with the values of {environment}" if environment else " with its own values"
            why = f"this template of a Helm chart can't be rendered{given}: {problem.message}"
            self.unknown.append(Unknown(where, "", why, COMPLETE))
            return
        self.rendered.add(template.name)
        if written.text.strip():
            self.files.append(template.name)
            yield RenderedFile(template.name, written, environment, "a Helm template makes it")

    def _text_of(self, template: TemplateFile, output: RenderedOutput) -> RenderedText:
        """What a template comes to: the same for all values with which it writes the same from the same places."""
        text = output.text()
        alike = self._written.setdefault((template.name, text), [])
        for other, written in alike:
            if other.pieces == output.pieces:
                return written
        self.allowance.spend(len(text) // _READ)
        alike.append((output, RenderedText(text, self._rows(output))))
        return alike[-1][1]

    def _rows(self, output: RenderedOutput) -> list[list[Piece]]:
        return [
            [Piece(column, self.atlas.place(place), literal) for column, place, literal in row] for row in output.rows()
        ]

    def _files(self, chart: Chart) -> PlacedMapping:
        """`.Files` of a chart: https://helm.sh/docs/chart_template_guide/accessing_files/"""

        def get(path: Any) -> PlacedText:
            inside = posixpath.normpath(posixpath.join(chart.folder, str(path)))
            if not inside.startswith(f"{chart.folder}/" if chart.folder else "") or inside not in self.project.file_set:
                return PlacedText("")
            try:
                text = self.project.text(inside)
            except CantRead:
                return PlacedText(HOLE)
            first = self.atlas.add(Sheet(self.project.show(inside)), text.count("\n") + 1)
            file = TemplateFile(inside, text, first)
            starts = [0, *(found.end() for found in re.finditer("\n", text))]
            return PlacedText.of(text, [file.span(start) for start in starts])

        return PlacedMapping(
            {"Get": get, "Glob": lambda *_: PlacedMapping(), "Lines": lambda path: get(path).split("\n")}
        )


def _dependencies(metadata: Mapping[str, Any]) -> list[str]:
    listed = metadata.get("dependencies")
    return [
        str(entry.get("alias") or entry.get("name"))
        for entry in (listed if isinstance(listed, list) else ())
        if isinstance(entry, Mapping) and entry.get("name")
    ]


def _is_enabled(chart: Chart, name: str, values: Mapping[str, Any]) -> bool:
    """Whether a subchart is installed: by the condition of its dependency, true where that is not set."""
    for entry in chart.metadata.get("dependencies") or ():
        if isinstance(entry, Mapping) and name in (entry.get("alias"), entry.get("name")) and entry.get("condition"):
            for path in str(entry["condition"]).split(","):
                value: Any = values
                for key in path.strip().split("."):
                    value = value.get(key) if isinstance(value, Mapping) else None
                if isinstance(value, bool):
                    return value
    return True


def _installed_parts(chart: Chart, values: PlacedMapping) -> Iterator[tuple[Chart, PlacedMapping]]:
    """The subcharts that are installed with a chart, and the values of each."""
    for name, part in chart.parts.items():
        if _is_enabled(chart, name, values):
            given = values.get(name)
            yield part, merge_values(part.values, given if isinstance(given, Mapping) else {})


def _all_templates(chart: Chart, values: PlacedMapping) -> Iterator[TemplateFile]:
    """The templates of a chart and its parts: they share their names, and a parent's come last."""
    for part, inner in _installed_parts(chart, values):
        yield from _all_templates(part, inner)
    yield from chart.templates


_ASKED = lazy(
    r"kind:[ \t]*[\"']?(?:\{\{|AI|Ingress|Gateway|HTTPRoute|GRPCRoute|Virtual|Destination|Backend|Client|Middleware|Servers|HTTPProxy"
    r"|Route|Service\b|Deployment|StatefulSet|DaemonSet|ConfigMap|Horizontal|Target)"
)
_INCLUDES = lazy(r"\b(?:include|template)\s+\"")
_ROUTED = lazy(
    r"kind:[ \t]*[\"']?(?:AIGatewayRoute|Ingress|Gateway|HTTPRoute|GRPCRoute|VirtualService|IngressRoute|HTTPProxy)\b|_pass[ \t]"
)
"""What a template has to hold for it to matter that it can't be rendered."""


def _is_asked_for(template: TemplateFile) -> bool:
    """Whether a template may make an object of a kind that is asked for."""
    name = posixpath.basename(template.name)
    plain = not name.startswith("_") and not name.endswith(".tpl") and "/templates/tests/" not in template.name
    if "kind:" not in template.text:
        return plain and bool(_INCLUDES.search(template.text))
    return plain and bool(_ASKED.search(template.text))


def _environment_name(path: str) -> str:
    """`values-prod.yaml`, `values/prod.yaml` and `env/prod/values.yaml` are `prod`."""
    folder, _, name = path.rpartition("/")
    found = _VALUES.fullmatch(name)
    stem = (found[1] or found[2]) if found else name.rpartition(".")[0]
    return posixpath.basename(folder) if stem == "values" else stem


def _overrides(chart: Chart, values: PlacedMapping) -> bool:
    """Whether a mapping has values that a chart knows, and is no manifest."""
    return "apiVersion" not in values and any(name in chart.values for name in values)


def _capabilities() -> PlacedMapping:
    """A cluster of today, which knows the kinds that come with it."""
    major, minor = KUBERNETES
    version = f"v{major}.{minor}.0"
    kube = PlacedMapping({"Version": version, "GitVersion": version, "Major": str(major), "Minor": str(minor)})
    versions = PlacedMapping({"Has": _has_version})
    helm = PlacedMapping({"Version": "v3.19.0", "GitCommit": "", "GoVersion": ""})
    return PlacedMapping({"KubeVersion": kube, "APIVersions": versions, "HelmVersion": helm})


_OLD = frozenset(
    {"extensions/v1beta1", "networking.k8s.io/v1beta1", "policy/v1beta1", "autoscaling/v2beta1", "autoscaling/v2beta2"}
)


def _has_version(version: Any) -> bool:
    """Whether a cluster of today knows an API version, or a kind of one."""
    group = "/".join(str(version).split("/")[:2])
    return group not in _OLD and ("." not in group or "k8s.io" in group)
