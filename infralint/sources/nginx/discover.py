"""Which files are nginx configuration: by where people keep it and by what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infralint.model import Location, Reading, Unknown
from infralint.project import CantRead, Project, TooLarge
from infralint.project.charts import chart_folders, chart_of
from infralint.project.names import name_of
from infralint.sources.nginx.templates import foreign_language, prepare
from infralint.sources.nginx.tree import NginxFile
from infralint.text.lazy import lazy

if TYPE_CHECKING:
    from infralint.project.manifests import Manifest

_OTHER_ENDINGS = frozenset(
    "py pyi md mdx rst txt js jsx ts tsx mjs cjs css scss less html htm vue svelte go rs java kt php c h cc cpp hpp cs swift"
    " scala lua sh bash zsh fish ps1 bat sql json jsonc json5 toml lock xml svg png jpg jpeg gif ico webp woff woff2 ttf pdf"
    " zip gz tgz whl so dll exe bin class jar map csv tsv parquet tf tofu tfvars hcl ipynb proto graphql pem crt key service"
    " ini env properties gradle plist snap po mo wasm pyc mp3 mp4 wav patch diff log gitkeep gitignore dockerignore rb"
    " bats ksh awk tcl pl pm vim adoc asciidoc org tex nix dart ex exs erl clj jl vcl mk cmake".split()
)
_DOMAINS = frozenset({"mk", "org", "pl", "pm"})
"""Those by which the names of sites end, too."""
_OTHER_NAMES = (
    "license copying notice authors changelog readme codeowners makefile dockerfile containerfile procfile gemfile rakefile"
    " vagrantfile jenkinsfile caddyfile justfile version go."
).split()
_PROSE_BEGINS = ("changes", "changelog", "history", "news", "todo", "install", "thanks", "credits")
_PROSE = lazy(rf"(?:{'|'.join(_PROSE_BEGINS)})(?:[-._][\d.]*)?", re.IGNORECASE)
"""Names of texts about a program, such as nginx's own CHANGES."""
_SAMPLES = frozenset({"sample", "example", "dist"})
_PLACES = lazy(
    r"(?:^|/)(?:nginx[^/]*|sites-(?:available|enabled)|conf\.d|openresty|swag|proxy-confs)/|nginx[^/]*$", re.IGNORECASE
)
_SITES = lazy(r"(?:^|/)(?:sites-(?:available|enabled)|conf\.d|vhosts?(?:\.d)?)/[^/]*$", re.IGNORECASE)
"""Folders of which nginx takes files by any name: that of a site's host as a rule."""
_ENDINGS = lazy(
    r"\.conf(?:$|[._-])|\.(?:template|tmpl|tpl|j2|jinja2?|erb|ejs|epp|mustache|hbs|liquid|sample|inc|vhost|nginx|cfg|dist|example)(?:$|\.)"
    r"|\.template\.|_nginx$|nginx",
    re.IGNORECASE,
)
_MANIFESTS = frozenset({"yaml", "yml", "tpl"})

_OURS = (
    rb"(?:^|[;{}])[ \t]*(?:"
    rb"(?:server_name|proxy_pass|fastcgi_pass|uwsgi_pass|scgi_pass|grpc_pass|proxy_set_header|proxy_http_version"
    rb"|proxy_buffering|proxy_read_timeout|worker_processes|worker_connections|worker_shutdown_timeout|try_files"
    rb"|ssl_certificate|add_header|fastcgi_param|uwsgi_param|client_max_body_size|log_format|gzip|gzip_types"
    rb"|ip_hash|fastcgi_buffering|uwsgi_buffering)[ \t]++[^;{}\n]{0,400};"
    rb"|(?:location|upstream|map|geo|split_clients)[ \t]++[^;{}\n]{0,400}\{"
    rb"|(?:http|events)\s*\{)"
)
_SNIFF = lazy(_OURS, re.MULTILINE)
_STRONG = lazy(
    rb"(?:^|[;{}\s])(?:proxy_pass|fastcgi_pass|uwsgi_pass|scgi_pass|grpc_pass|server_name|proxy_set_header|proxy_buffering"
    rb"|proxy_http_version|proxy_read_timeout|worker_connections|worker_shutdown_timeout|ip_hash)[ \t]++[^;\n]{0,400};"
    rb"|(?:^|[;{}])[ \t]*(?:location[ \t]++[^;{}\n]{0,400}|upstream[ \t]++[^\s;{}]{1,400}[ \t]*)\{"
    rb"|(?:^|[;{}])[ \t]*(?:map|geo|split_clients)[ \t]++[^;{}\n]{0,400}\$\w+[ \t]*\{",
    re.MULTILINE,
)
_WEAK = lazy(
    rb"(?:^|[;{}])\s*(?:server|http|events|stream|location[ \t]++[^;{}\n]{1,400}|upstream[ \t]++[^;{}\n]{1,400})\s*\{"
)
_APACHE = lazy(rb"^[ \t]*</?(?:VirtualHost|Directory|Location|IfModule|Proxy|FilesMatch)\b", re.MULTILINE)
_PASSING = lazy(
    rb"(?:^|[;{}\s])(?:(?:proxy|fastcgi|uwsgi|scgi|grpc)_\w+|server_name|listen|worker_connections)[ \t]++[^=\s]",
    re.MULTILINE,
)
_ASSIGNMENT = lazy(rb"^[ \t]*[A-Za-z][\w.-]*[ \t]*=[ \t]*[^=\s][^\n]*$", re.MULTILINE)
_DUMP_MARK = lazy(r"^# configuration file (\S.*):$", re.MULTILINE)
_BLOCK_SCALAR = lazy(r"^([ \t]*)(?:- )?[^\s#][^\n]*?:[ \t]*[|>][-+0-9]*[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_QUOTED = lazy(
    r'^[ \t]*(?:- )?([^\s#"][^\n"]*?):[ \t]*"(?:[^"\\\n]|\\.)*?_pass[ \t](?:[^"\\\n]|\\.)*?;\\n', re.MULTILINE
)
_DOCUMENT = lazy(r"^---", re.MULTILINE)
_NAMED = lazy(
    r"^metadata:(?:[ \t]*\n(?:[ \t][^\n]*\n)*?[ \t]+|[ \t]*\{[^\n]*?)name:[ \t]*[\"']?([\w.-]+)", re.MULTILINE
)
_SCRIPT = lazy(r"\A\s*#!|<<-?\s*[\"']?[A-Z]\w*|^[ \t]*(?:cat|sed|echo|apt-get|cp|mkdir)\s", re.MULTILINE)
"""A shell script that writes nginx configuration is not nginx configuration."""


def sources(project: Project, reading: Reading) -> Iterator[NginxFile]:
    """Every nginx text of a project; what can't be read or told is noted in the reading."""
    shown: set[str] = set()
    charts = chart_folders(project)
    rendered = _find_rendered(project) if charts else set()
    for path, name in _possible(project):
        if path in rendered and chart_of(path, charts) is not None:
            continue
        if path in project.given:
            yield from _sources_of(project, path, reading, shown)
        elif _could_be(path, name):
            if live := _shown_by(path, project):
                reading.skipped.append(f"{project.show(path)}: {live} beside it is the one in use")
            else:
                yield from _sources_of(project, path, reading, shown)
    if rendered:
        yield from _from_charts(project, reading)
    for path, reason in sorted(project.tree.odd.items()):
        if _named_nginx(path) and not _is_manifest(path):
            reading.unreadable.append(project.unreadable(path, reason))


def _find_rendered(project: Project) -> set[str]:
    """The templates of charts that could be rendered. Rendering is not loaded where there is no chart."""
    from infralint.project.manifests import read_manifests

    return read_manifests(project).rendered


def _shown_by(path: str, project: Project) -> str:
    """The file that a sample is a sample of, if both stand side by side."""
    live, _, ending = path.rpartition(".")
    return live.rpartition("/")[2] if ending in _SAMPLES and live in project.file_set else ""


def _possible(project: Project) -> list[tuple[str, str]]:
    """The files whose names do not rule nginx out at once, each with its last part, in order."""
    found = {path for path in project.given if path in project.file_set}
    for ending, paths in project.names.by_ending.items():
        if ending not in _OTHER_ENDINGS:
            found.update(paths)
        elif ending in _DOMAINS:
            found.update(path for path in paths if path.count(".") > 1 or _SITES.search(path))
        else:
            found.update([path for path in paths if path.count(".") > 1])
    return [(path, name_of(path)) for path in sorted(found)]


def _could_be(path: str, name: str) -> bool:
    if path.endswith(".snap"):
        # What a test of a chart has rendered: https://github.com/helm-unittest/helm-unittest#snapshot-testing
        return False
    if _ends_as_manifest(path):
        return True
    if name.lower().endswith((".bak", ".old", ".orig", ".disabled", "~", ".save", ".swp")):
        return False
    ending = name.rpartition(".")[2].lower()
    if (name.lower().startswith(_PROSE_BEGINS) and _PROSE.fullmatch(name)) or ending in _DOMAINS:
        return bool(_SITES.search(path))
    if ending in _OTHER_ENDINGS or name.lower().startswith(tuple(_OTHER_NAMES)):
        return False
    if ending == "conf" or "." not in name.lstrip("."):
        return True
    return bool(_ENDINGS.search(name) or _PLACES.search(path))


def _ends_as_manifest(path: str) -> bool:
    """Whether an ending of a path, be it before another, is that of YAML or of a chart's template."""
    return not _MANIFESTS.isdisjoint(path.lower().split(".")[1:])


def _sources_of(project: Project, path: str, reading: Reading, shown: set[str]) -> Iterator[NginxFile]:
    """The nginx texts of one file. shown: names of dumped files that are taken."""
    try:
        if path not in project.given and not project.glance(
            "nginx", path, lambda: _worth_decoding(path, project.content(path))
        ):
            return
        text = project.text(path)
    except CantRead as problem:
        large = isinstance(problem, TooLarge) and is_nginx(project.head(path).decode("latin-1"))
        if large or _named_nginx(path) or (path in project.given and not path.endswith(".json")):
            reading.unreadable.append(project.unreadable(path, problem))
        return
    if _is_manifest(path):
        yield from _from_manifest(project, path, text, reading)
    elif "# configuration file " in text and _DUMP_MARK.search(text):
        yield from _from_dump(project, path, text, shown, reading)
    elif is_nginx(text) or (_named_nginx(path) and _has_some(path, project.bytes(path))):
        yield from _plain(project, path, text, reading)


def _worth_decoding(path: str, content: bytes) -> bool:
    """A quick look at the bytes: is there anything that only nginx would say?"""
    if _is_manifest(path):
        return b"_pass" in content or b"server {" in content
    if content[:2] == b"#!" and ".conf" not in path:
        return False
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content[:1024]:
        return _named_nginx(path)
    return bool(_STRONG.search(content) or _SNIFF.search(content) or (_named_nginx(path) and _WEAK.search(content)))


def _has_some(path: str, content: bytes) -> bool:
    """Whether a file that is named as nginx's are holds anything of nginx: one file of many may hold one directive."""
    if "nginx" not in path.rpartition("/")[2] and _assigns(content):
        return False
    return bool(_WEAK.search(content) or (_SNIFF.search(content) and not _APACHE.search(content)))


def _named_nginx(path: str) -> bool:
    name = path.rpartition("/")[2]
    return bool(
        re.search(r"nginx[^/]{0,255}\.conf|^nginx$", name, re.IGNORECASE) or (_PLACES.search(path) and ".conf" in name)
    )


def _is_manifest(path: str) -> bool:
    return _ends_as_manifest(path) and not re.search(r"\.(?:conf|vhost|nginx)\b|nginx[^/]{0,255}\.tpl$", path)


def _assigns(content: bytes) -> bool:
    """Whether a text gives values with `=`, as UCL, HOCON and Dovecot do, and says nothing that only nginx would."""
    return (
        b"=" in content
        and bool(_ASSIGNMENT.search(content))
        and b"_by_lua" not in content
        and not _PASSING.search(content)
    )


def is_nginx(text: str) -> bool:
    """Whether a text is nginx configuration by its content; Apache, HOCON, INI and the like are not."""
    content = text.encode("utf-8", "replace")
    if (b"<" in content and _APACHE.search(content)) or _assigns(content):
        return False
    return bool(_STRONG.search(content)) or len(set(_SNIFF.findall(content))) >= 2


def _plain(project: Project, path: str, text: str, reading: Reading) -> Iterator[NginxFile]:
    if _is_read(project.show(path), text, 1, reading):
        yield NginxFile(path, project.show(path), prepare(text, path=path))


def _is_read(shown: str, text: str, line: int, reading: Reading) -> bool:
    """Whether a text is no template in a language that infralint does not read, which is told."""
    language = foreign_language(text)
    if language:
        why = f"this file is a template in a language that infralint does not read ({language})"
        remedy = "render it and check the result, or hand in the output of `nginx -T`"
        reading.unknown.append(Unknown(Location(shown, line), "", why, remedy))
    return not language


def _from_dump(project: Project, path: str, text: str, shown: set[str], reading: Reading) -> Iterator[NginxFile]:
    """The files of an `nginx -T` dump, each under its own name; that of the dump goes before one that others have, too."""
    marks = list(_DUMP_MARK.finditer(text))
    bodies: dict[str, str] = {}
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        body = text[mark.end() + 1 : following.start() if following else len(text)]
        if bodies.setdefault(mark[1], body).strip() != body.strip():
            where = text.count("\n", 0, mark.start()) + 1
            problem = f"holds {mark[1]} twice, with different content; hand in the dumps of two servers as two files"
            reading.unreadable.append(project.unreadable(path, problem, where))
    for name, body in bodies.items():
        called = name if name not in shown else f"{project.show(path)}: {name}"
        shown.add(called)
        yield NginxFile(f"{name}#{path}", called, prepare(body), dump=path)


def _from_manifest(project: Project, path: str, text: str, reading: Reading) -> Iterator[NginxFile]:
    """nginx texts in the block scalars of a Kubernetes manifest, rendered or as a Helm template."""
    shown = project.show(path)
    sealed = "the manifest is a template" if "{{" in text else ""
    for mark in _BLOCK_SCALAR.finditer(text):
        folded = "" if "|" in mark[0].partition(":")[2] else "the manifest folds its lines (`>`)"
        body, indent = _scalar(text, mark.end() + 1, len(mark[1]))
        if "snippet" not in mark[0] and is_nginx(body) and not _SCRIPT.search(body):
            line = text.count("\n", 0, mark.end()) + 2
            if _is_read(shown, body, line, reading):
                key = mark[0].strip().removeprefix("- ").partition(":")[0].strip("\"' ")
                document = len(_DOCUMENT.findall(text, 0, mark.start()))
                yield NginxFile(
                    f"{path}#{line}",
                    shown,
                    prepare(body),
                    line,
                    indent,
                    sealed=sealed or folded,
                    key=key,
                    document=document,
                    owner=_owner(text, mark.start()),
                )
    for mark in _QUOTED.finditer(text):
        why = "this nginx configuration is written as one quoted string, which infralint does not read"
        where = Location(shown, text.count("\n", 0, mark.start(1)) + 1)
        reading.unknown.append(Unknown(where, "", why, "write it as a block (`|`)"))


_MAIN = lazy(r"^[ \t]*+http\s*+\{", re.MULTILINE)


def _from_charts(project: Project, reading: Reading) -> Iterator[NginxFile]:
    """nginx texts in the ConfigMaps that Helm charts come to: those of another environment where they are another nginx."""
    from infralint.project.manifests import read_manifests

    known: set[tuple[str, str, str]] = set()
    firsts: dict[tuple[str, str], str] = {}
    for number, manifest in enumerate(read_manifests(project).of("ConfigMap")):
        if not manifest.sealed:
            continue
        for key, value in manifest.root.members_of("data").items():
            text = value.text or ""
            place = (manifest.path, manifest.name, key)
            again = firsts.setdefault((manifest.path, key), manifest.environment) != manifest.environment
            if (*place[:1], key, text) in known or (again and not _MAIN.search(text)):
                continue
            if is_nginx(text) and not _SCRIPT.search(text):
                known.add((*place[:1], key, text))
                shown = manifest.where.path
                if _is_read(shown, text, manifest.where.line, reading):
                    yield _rendered_file(manifest, key, text, value.line, number)


def _rendered_file(manifest: Manifest, key: str, text: str, line: int, number: int) -> NginxFile:
    """One entry of a ConfigMap that a chart makes."""
    from infralint.text.display import HOLE
    from infralint.text.yaml_places import YamlSpan

    atlas = manifest.atlas
    first = atlas.text_of(line + 1)
    prepared = prepare(text)
    if HOLE in text:
        prepared.holes[HOLE] = "{{ … }}"

    def locate(number: int, column: int, end_column: int) -> Location:
        return atlas.place(YamlSpan(number, column, end_column))

    return NginxFile(
        f"{manifest.path}#{manifest.environment}/{manifest.name}/{key}",
        manifest.where.path,
        prepared,
        line + 1,
        len(first) - len(first.lstrip()),
        sealed=manifest.sealed,
        key=key,
        document=number,
        owner=manifest.name,
        locate=locate,
    )


def _owner(text: str, at: int) -> str:
    """The name of the object whose document holds an offset."""
    following = _DOCUMENT.search(text, at + 1)
    start = max(0, text.rfind("\n---", 0, at) + 1)
    found = _NAMED.search(text, start, following.start() if following else len(text))
    return found[1] if found else ""


def _scalar(text: str, start: int, parent: int) -> tuple[str, int]:
    """A block scalar's lines without their common indentation, and how deep that is."""
    lines: list[str] = []
    indent = None
    while start <= len(text):
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        depth = len(line) - len(line.lstrip(" "))
        control = line.lstrip().startswith("{{")
        if line.strip() and not control and depth <= parent:
            break
        if line.strip() and not control and indent is None:
            indent = depth
        lines.append(line)
        start = end + 1 if end >= 0 else len(text) + 1
    indent = indent or 0
    return "\n".join(line[indent:] if not line[:indent].strip() else line.lstrip() for line in lines), indent
