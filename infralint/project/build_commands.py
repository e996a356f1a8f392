"""The images that scripts build: `docker build` in Makefiles, GitHub's workflows and GitLab's pipelines, and GitHub's action
for it.

https://docs.docker.com/reference/cli/docker/buildx/build/, https://github.com/docker/build-push-action
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from infralint.project import CantRead, Project
from infralint.project.compose import ImageBuild
from infralint.text.lazy import lazy
from infralint.text.yaml_places import YamlProblem, YamlValue, read_yaml

_LARGEST = 1024 * 1024
_MADE = lazy(r"\b(?:docker|podman)[ \t]+(?:buildx[ \t]+)?build[ \t]([^\n;&|]*+)")
_NAMED = lazy(r"(?<!\S)(?:-t|--tag)[ =][\"']?([^\s$\"']+?)(?::[^\s/\"']*+)?[\"']?(?!\S)")
"""What an image is called; its tag may be computed."""
_TAGGED = lazy(r"([^\s$,\"'=]+?)(?::[^\s/,\"']*+)?(?:[\s,]|\Z)")
_WRITTEN_IN = lazy(r"(?<!\S)(?:-f|--file)[ =](\S+)")
_CONTEXT = lazy(r"(?<=\s)([^\s$'\"-][^\s$'\"]*)\s*\Z")
_MOVES = lazy(r"(?:^|[\s;&|])(?:cd|pushd)\s")
_ACTION = "docker/build-push-action@"
_EXPRESSION = lazy(r"\$\{\{[^{}]*+\}\}")


def read_build_commands(project: Project) -> Iterator[tuple[str, ImageBuild]]:
    """The images that the scripts of a project build, each with how; those of which that can't be told are left out."""
    for path in project.files_named("Makefile", "*.mk"):
        folder = posixpath.dirname(path)
        for line in _text(project, path).replace("\\\n", " ").splitlines():
            yield from _builds_in(project, folder, [line])
    pipelines = project.files_named(".gitlab-ci.yml", ".gitlab-ci.yaml")
    workflows = [path for path in project.files_ending("yml", "yaml") if "/.github/workflows/" in f"/{path}"]
    for path in (*pipelines, *workflows):
        text = _text(project, path)
        if "docker" not in text and "podman" not in text:
            continue
        folder = (
            f"/{path}".partition("/.github/workflows/")[0].lstrip("/") if path in workflows else posixpath.dirname(path)
        )
        try:
            roots = read_yaml(text, allow_duplicates=True)
        except YamlProblem:
            continue
        for root in roots:
            yield from _of_workflow(project, folder, root) if path in workflows else _of_pipeline(project, folder, root)


def _text(project: Project, path: str) -> str:
    try:
        return project.bytes(path, _LARGEST).decode("utf-8", "replace")
    except CantRead:
        return ""


def _of_workflow(project: Project, folder: str, root: YamlValue) -> Iterator[tuple[str, ImageBuild]]:
    """What the steps of a workflow of GitHub build.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
    """
    for job in root.members_of("jobs").values():
        is_moved = job.get("defaults", "run", "working-directory") is not None
        for step in job.items_of("steps"):
            if step.text_of("uses").startswith(_ACTION):
                yield from _of_action(project, folder, step)
            elif not is_moved and not step.text_of("working-directory"):
                script = _EXPRESSION.sub("$", step.text_of("run"))
                yield from _builds_in(project, folder, script.replace("\\\n", " ").splitlines())


def _of_action(project: Project, folder: str, step: YamlValue) -> Iterator[tuple[str, ImageBuild]]:
    context, file = step.text_of("with", "context"), step.text_of("with", "file")
    if "://" in context or "$" in context + file:
        return
    build = _build(project, folder, context or ".", file)
    tags = _EXPRESSION.sub("$", step.text_of("with", "tags"))
    if build is not None:
        yield from ((name, build) for name in _TAGGED.findall(tags))


def _of_pipeline(project: Project, folder: str, root: YamlValue) -> Iterator[tuple[str, ImageBuild]]:
    """What the jobs of a pipeline of GitLab build: https://docs.gitlab.com/ci/yaml/#script"""
    for job in (root.members or {}).values():
        lines = [item.text or "" for key in ("before_script", "script") for item in job.items_of(key)]
        yield from _builds_in(project, folder, [line for text in lines for line in text.splitlines()])


def _builds_in(project: Project, folder: str, lines: Iterable[str]) -> Iterator[tuple[str, ImageBuild]]:
    """What lines of a shell build, as far as they stay in the folder that they begin in."""
    for line in lines:
        found, moves = _MADE.search(line), _MOVES.search(line)
        if moves is not None and (found is None or moves.start() < found.start()):
            return
        context = _CONTEXT.search(found[1]) if found is not None else None
        if found is not None and context is not None:
            file = _WRITTEN_IN.search(found[1])
            build = _build(project, folder, context[1], file[1] if file is not None else "")
            if build is not None:
                yield from ((image, build) for image in _NAMED.findall(found[1]))
        if moves is not None:
            return


def _build(project: Project, folder: str, context: str, file: str) -> ImageBuild | None:
    """How an image is built; None where its Dockerfile is not here. file: as seen from the folder; the context's own if empty."""
    inside = posixpath.normpath(posixpath.join(folder, context))
    named = posixpath.normpath(posixpath.join(folder, file) if file else posixpath.join(inside, "Dockerfile"))
    if inside.startswith("..") or named not in project.file_set:
        return None
    name = posixpath.relpath(named, inside)
    return ImageBuild(context="" if inside == "." else inside, dockerfile=name)
