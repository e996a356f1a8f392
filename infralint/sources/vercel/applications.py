"""The Vercel projects and Next.js applications of a repository: folders, frameworks, versions and configuration."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import msgspec

from infralint.model import Location, Reading, Unfollowed, Unreadable
from infralint.project import CantRead, Project
from infralint.sources.vercel.config import VercelConfig, VercelService, find_refused, read_config, wrong_path
from infralint.sources.vercel.javascript import JavaScriptModule, Modules, read_manifest
from infralint.sources.vercel.next_config import NextSettings, read_next_config
from infralint.sources.vercel.routes import api_routes, below
from infralint.sources.vercel.texts import Texts
from infralint.text.json_places import BadJson, check_json_object, parse_json
from infralint.text.lazy import lazy
from infralint.text.yaml_places import has_holes

LARGEST_CONFIG = 1024 * 1024
"""Bytes of a vercel.json."""
OTHER_CONFIGS = ("vercel.ts", "vercel.toml")
"""Forms of configuration that stand in for vercel.json: https://vercel.com/docs/project-configuration."""
_CONFIGURES = lazy(rb"@vercel/config|\bexport\s+(?:default\b|const\s+config\b)")
NEXT_CONFIGS = tuple(f"next.config.{ending}" for ending in ("js", "mjs", "ts", "mts", "cjs"))

BACKENDS = frozenset("express hono fastify h3 koa nestjs elysia fastapi flask django fasthtml python node bun".split())
"""Frameworks whose functions lie outside `api/`."""
ADAPTERS = {
    "@astrojs/vercel": "Astro on Vercel",
    "@sveltejs/adapter-vercel": "SvelteKit on Vercel",
    "@vercel/remix": "Remix on Vercel",
    "@vercel/react-router": "React Router on Vercel",
}
_FRAMEWORKS = {
    "next": "nextjs",
    "astro": "astro",
    "nuxt": "nuxtjs",
    "nitropack": "nitro",
    "@sveltejs/kit": "sveltekit-1",
    "@remix-run/dev": "remix",
    "@react-router/dev": "react-router",
    "@redwoodjs/core": "redwoodjs",
    "@nestjs/core": "nestjs",
    "hono": "hono",
    "fastify": "fastify",
    "elysia": "elysia",
    "koa": "koa",
    "express": "express",
}
_RELEVANT = lazy("|".join(f'"{re.escape(name)}"' for name in (*_FRAMEWORKS, *ADAPTERS)).encode())
_SHOWN = {
    "astro": "Astro",
    "nuxtjs": "Nuxt",
    "nitro": "Nitro",
    "sveltekit-1": "SvelteKit",
    "remix": "Remix",
    "react-router": "React Router",
    "hono": "Hono",
}
_PYTHON_SERVERS = {"fastapi": "FastAPI", "flask": "Flask", "django": "Django"}
_SERVERS = {
    "nestjs": "NestJS",
    "fastify": "Fastify",
    "elysia": "Elysia",
    "koa": "Koa",
    "express": "Express",
    **_PYTHON_SERVERS,
}
"""https://vercel.com/docs/frameworks/backend: deployed from their entry file, without anything below `api/`."""
_STATIC = frozenset("vite create-react-app vue angular preact svelte parcel gatsby hugo docusaurus-2 vitepress".split())
_ENTRY = lazy(r"(?:src/)?(?:app|index|server|main)\.[cm]?[jt]s")
_PYTHON_ENTRY = lazy(r"(?:(?:src|app)/)?(?:app|index|server|main|wsgi|asgi)\.py|manage\.py")
_REQUIREMENTS = ("requirements.txt", "pyproject.toml", "Pipfile")

ELSEWHERE = frozenset(
    "netlify.toml wrangler.toml wrangler.json wrangler.jsonc amplify.yml fly.toml render.yaml railway.json railway.toml"
    " app.yaml app.yml apphosting.yaml firebase.json serverless.yml sst.config.ts Procfile nixpacks.toml captain-definition".split()
)
"""Files that say that an application is deployed to something else than Vercel."""
OTHER_ADAPTERS = frozenset(
    "@cloudflare/next-on-pages @opennextjs/cloudflare @opennextjs/aws @netlify/plugin-nextjs open-next sst".split()
)
_DOCKER_FOLDERS = ("", "docker/", ".docker/", "deploy/")
_RUNS_NEXT = lazy(
    rb"next[\"',\s]+start|\.next/standalone|server\.js|(?:npm|yarn|pnpm|bun)(?:[\"',\s]+run)?[\"',\s]+start"
)


class VercelProject(msgspec.Struct, frozen=True):
    """One Vercel project or Next.js application.

    folder: ends with a slash unless empty. config: its vercel.json; unread: the vercel.ts in place of
    one. proven: the repository says that it is deployed to Vercel. next: None for other frameworks.
    hosted: the file that runs it elsewhere.
    """

    folder: str
    framework: str = ""
    config: VercelConfig | None = None
    config_file: str = ""
    unread: str = ""
    next: NextSettings | None = None
    proven: bool = False
    hosted: Location | None = None


class Finder(msgspec.Struct, dict=True):
    """Finds the applications of a project; broken files go to `reading`."""

    project: Project
    modules: Modules
    reading: Reading
    _manifests: dict[str, dict[str, Any]] = {}
    _configs: dict[str, VercelConfig] = {}
    _services: dict[str, VercelService] = {}

    def applications(self) -> Iterator[VercelProject]:
        """Every application, by folder."""
        files = self.project.file_set
        configs = {_folder(path): path for path in self._called_applications("vercel.json")}
        folders = set(configs) | set(self._next_folders()) | set(self._unread)
        for folder in sorted(folders):
            framework = self._framework(folder)
            config, broken = self._config(configs.get(folder), framework)
            if broken:
                continue
            if config:
                self._configs[folder] = config
                self._services |= {
                    (f"{folder}{service.root}/" if service.root else folder): service for service in config.services
                }
            service = folder in self._services
            yield self._application(folder, framework, config, configs.get(folder, ""), service, files)

    def _called_applications(self, *names: str) -> list[str]:
        return [path for name in names for path in self.project.files_named(name)]

    @cached_property
    def _dockerfiles(self) -> list[str]:
        return [
            path
            for path, name in self.project.names.find_holding("dockerfile", "containerfile")
            if name == "Containerfile" or "dockerfile" in name.lower()
        ]

    @cached_property
    def _unread(self) -> dict[str, str]:
        """The vercel.ts of each folder that has no vercel.json. (A module of that name is none.)"""
        found = {}
        for path in self._called_applications(*OTHER_CONFIGS):
            folder = _folder(path)
            configures = path.endswith(".toml") or _CONFIGURES.search(self.modules.content(path))
            is_root = not folder or f"{folder}package.json" in self.project.file_set
            if configures and is_root and f"{folder}vercel.json" not in self.project.file_set:
                found[folder] = path
        return found

    def _application(
        self,
        folder: str,
        framework: str,
        config: VercelConfig | None,
        config_file: str,
        service: bool,
        files: frozenset[str],
    ) -> VercelProject:
        framework = config.framework if config and config.framework else framework
        settings = self._next_settings(folder) if framework in ("nextjs", "blitzjs") else None
        unread = self._unread.get(folder, "")
        proven = config is not None or bool(unread) or service
        hosted = None if settings is None else self._hosting_place(folder, settings)
        return VercelProject(folder, framework, config, config_file, unread, settings, proven, hosted)

    def _next_folders(self) -> Iterator[str]:
        for path in self._called_applications("package.json"):
            if "next" in self._dependencies(_folder(path)):
                yield _folder(path)
        for path in self._called_applications(*NEXT_CONFIGS):
            yield _folder(path)

    def _manifest(self, folder: str) -> dict[str, Any]:
        path = f"{folder}package.json"
        if path not in self._manifests:
            relevant = path in self.project.file_set and self._is_relevant(path)
            self._manifests[path] = read_manifest(self.project, path) if relevant else {}
            if relevant and not self._manifests[path]:
                self._refuse_manifest(path)
        return self._manifests[path]

    def _refuse_manifest(self, path: str) -> None:
        """Say what is wrong with a package.json that npm and Vercel refuse."""
        try:
            text = self.project.text(path)
            if not has_holes(text):
                check_json_object(text)
        except (CantRead, BadJson) as error:
            self.reading.unreadable.append(self.project.unreadable(path, error))

    def _is_relevant(self, path: str) -> bool:
        """A byte scan: most packages of a repository have nothing to do with this."""
        return _RELEVANT.search(self.modules.content(path)) is not None

    def _dependencies(self, folder: str) -> dict[str, str]:
        manifest = self._manifest(folder)
        found: dict[str, str] = {}
        for key in ("devDependencies", "dependencies"):
            section = manifest.get(key)
            found |= {name: str(version) for name, version in section.items()} if isinstance(section, dict) else {}
        return found

    def _framework(self, folder: str) -> str:
        dependencies = self._dependencies(folder)
        found = next((name for package, name in _FRAMEWORKS.items() if package in dependencies), "")
        if not found and any(f"{folder}{name}" in self.project.file_set for name in NEXT_CONFIGS):
            return "nextjs"
        return found

    def _config(self, path: str | None, framework: str) -> tuple[VercelConfig | None, bool]:
        """A folder's vercel.json, and whether it is broken."""
        if path is None:
            return None, False
        shown = self.project.show(path)
        try:
            text = self.project.text(path)
            if len(text) > LARGEST_CONFIG:
                raise CantRead("is larger than 1 MB, which no vercel.json is")
            document = parse_json(text)
        except CantRead as error:
            self.reading.unreadable.append(Unreadable(str(error), Location(shown)))
            return None, True
        except BadJson as error:
            where = Location(shown, error.line, error.column)
            self.reading.unreadable.append(Unreadable(error.complaint(), where))
            return None, True
        if not isinstance(document.value, dict):
            self.reading.unreadable.append(Unreadable("is not a JSON object", Location(shown, 1, 1)))
            return None, True
        self.reading.files.append(shown)
        self.reading.unreadable += find_refused(document, shown)
        return read_config(document, shown, framework), False

    def _next_settings(self, folder: str) -> NextSettings:
        path = next(
            (f"{folder}{config}" for config in NEXT_CONFIGS if f"{folder}{config}" in self.project.file_set), ""
        )
        module = self._config_module(path) if path else None
        version = self._version(folder)
        bundler = self._bundler(folder, version)
        if module is None:
            return NextSettings(version, bundler)
        read = read_next_config(module, Texts(self.modules), NextSettings(version, bundler), self.project.show(path))
        for rewrite in read.rewrites:
            if why := wrong_path(rewrite.source):
                message = f'"source": "{rewrite.source[:60]}": {why}; Next.js refuses it'
                self.reading.unreadable.append(Unreadable(message, rewrite.where))
        if read.rewrites_unread:
            where = Location(read.config_path, read.rewrites_unread)
            self.reading.unfollowed.append(Unfollowed(where, "what `rewrites` gives is computed"))
        return read

    def _config_module(self, path: str) -> JavaScriptModule | None:
        """A next.config as it parses; what is wrong with one that does not is said."""
        try:
            self.project.text(path)
        except CantRead as error:
            self.reading.unreadable.append(self.project.unreadable(path, error))
            return None
        module = self.modules.load(path)
        if module is not None and module.broken:
            why = "can't be parsed, so what it says may not be seen"
            self.reading.unreadable.append(self.project.unreadable(path, why, module.broken))
        return module

    def _version(self, folder: str) -> int | None:
        """The major version of Next.js that package.json (or one above it) asks for."""
        for upward in _upwards(folder):
            written = self._dependencies(upward).get("next")
            if written:
                found = re.match(r"[\^~>=v\s]*(\d{1,6})", written)
                return int(found[1]) if found else None
        return None

    def _bundler(self, folder: str, major: int | None) -> str:
        """https://nextjs.org/docs/app/api-reference/turbopack: the default of `next build` since version 16."""
        scripts = self._manifest(folder).get("scripts")
        commands = (
            [str(script) for script in scripts.values() if "next build" in str(script)]
            if isinstance(scripts, dict)
            else []
        )
        if any("--webpack" in command for command in commands):
            return "webpack"
        if any("--turbo" in command for command in commands):
            return "turbopack"
        if major is None:
            return ""
        return "turbopack" if major >= 16 else "webpack"

    def _hosting_place(self, folder: str, settings: NextSettings) -> Location | None:
        """Where it is said that a Next.js application runs on a server of one's own."""
        if settings.output == "standalone":
            return Location(settings.config_path)
        for path in self._dockerfiles:
            is_beside = _folder(path) in {f"{folder}{subfolder}" for subfolder in _DOCKER_FOLDERS}
            if not (is_beside or _folder(path) in _DOCKER_FOLDERS):
                continue
            content = self.modules.content(path)
            if _RUNS_NEXT.search(content) and (is_beside or folder.rstrip("/").encode() in content):
                return Location(self.project.show(path))
        return self._place_on_amplify(folder)

    def _place_on_amplify(self, folder: str) -> Location | None:
        """The file by which Amplify Hosting runs a Next.js server: https://docs.aws.amazon.com/amplify/latest/userguide/ssr-amplify-support.html"""
        for path in dict.fromkeys((f"{folder}amplify.yml", "amplify.yml")):
            content = self.modules.content(path) if path in self.project.file_set else b""
            if b".next" in content and (_folder(path) == folder or folder.rstrip("/").encode() in content):
                return Location(self.project.show(path))
        return None

    def is_elsewhere(self, application: VercelProject) -> bool:
        """Whether an application without vercel.json is said to be deployed to another platform."""
        if application.next is not None and application.next.output == "export":
            return True
        if OTHER_ADAPTERS & self._dependencies(application.folder).keys():
            return True
        files, folder = self.project.file_set, application.folder
        named = any(f"{place}{name}" in files for place in {folder, ""} for name in ELSEWHERE)
        return named or next(below(self.project.files, f"{folder}open-next.config."), None) is not None

    def seen_kinds(self) -> Iterator[tuple[str, list[str]]]:
        """What stands here and is not read, with where: other forms of configuration, other frameworks on Vercel."""
        for path in self._called_applications(*OTHER_CONFIGS):
            yield posixpath.basename(path), [self.project.show(path)]
        for path in self._called_applications("package.json"):
            dependencies = self._dependencies(_folder(path))
            yield from ((shown, []) for adapter, shown in ADAPTERS.items() if adapter in dependencies)
        for folder in {_folder(path) for path in self._called_applications("vercel.json")} | self._unread.keys():
            if shown := self._unread_server(folder, self._configs.get(folder)):
                yield f"{shown} on Vercel", []
        for folder, service in self._services.items():
            if not self._is_read(folder, service):
                yield f"{self._shown_service(folder, service)} on Vercel", []

    def _is_read(self, folder: str, service: VercelService) -> bool:
        """Whether a service is a Next.js application, or a page without functions."""
        page = service.framework in _STATIC or f"{folder}index.html" in self.project.file_set
        return page or "nextjs" in (service.framework, self._framework(folder))

    def _shown_service(self, folder: str, service: VercelService) -> str:
        framework = service.framework or self._framework(folder) or self._python_framework(folder)
        return _SHOWN.get(framework) or _SERVERS.get(framework) or f"the service {service.name}"

    def _unread_server(self, folder: str, config: VercelConfig | None) -> str:
        """The framework that a Vercel project deploys from files which are not read."""
        if config and (config.builds or config.services):
            return ""
        preset = config.preset if config else ""
        for framework, entry, language in (
            (self._framework(folder), _ENTRY, "nodejs"),
            (self._python_framework(folder), _PYTHON_ENTRY, "python"),
        ):
            if not preset and framework in _SERVERS and self._has_entry(folder, entry, language):
                return _SERVERS[framework]
        return _SHOWN.get(preset or self._framework(folder)) or _SERVERS.get(preset, "")

    def _has_entry(self, folder: str, entry: re.Pattern[str], language: str) -> bool:
        """Whether a server's entry file stands here, and no function below `api/` that is read in its place."""
        files = self.project.files
        if any(route.language == language for route in api_routes(files, folder)):
            return False
        return any(entry.fullmatch(path[len(folder) :]) for path in below(files, folder))

    def _python_framework(self, folder: str) -> str:
        """The Python framework that a folder's requirements name."""
        for name in _REQUIREMENTS:
            path = f"{folder}{name}"
            content = self.modules.content(path) if path in self.project.file_set else b""
            for server in _PYTHON_SERVERS:
                if re.search(rb"(?im)^[^#\n]*(?<![\w-])%s(?![\w-])" % server.encode(), content):
                    return server
        return ""


def _folder(path: str) -> str:
    folder = posixpath.dirname(path)
    return f"{folder}/" if folder else ""


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while folder:
        folder = _folder(folder.rstrip("/"))
        yield folder
