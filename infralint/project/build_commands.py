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
_BUILT = lazy(
    r"\b(?:docker|podman)[ \t]+(?:(?:buildx|builder|image)[ \t]+)?build[ \t]"
    r"""((?:"(?:[^"\\]|\\.)*+"|'[^']*+'|\\.|[<>]&|&>|[^\n"'\\;&|])*+)"""
)
_WORD = lazy(
    r"""[ \t]*+(?P<redirected>(?:[0-9]++|&)?[<>]{1,3}&?[ \t]*+)?(?!\#)"""
    r"""(?P<word>(?:"(?:[^"\\]|\\.)*+"|'[^']*+'|\\.|[^\s"'\\;|&()<>])++)"""
)
"""A word of a command, and whether it says where the output goes."""
_QUOTING = lazy(r"\\(.)|[\"']")
_COMPUTED = lazy(r"\$\([^()]*+\)|\$\{[^{}]*+\}|`[^`]*+`")
_TAGGED = lazy(r"([^\s$,\"'=]+?)(?::[^\s/,\"']*+)?(?:[\s,]|\Z)")
"""What an image is called; its tag may be computed."""
_SWITCHES = frozenset(
    "-D -q --all-platforms --check --compress --debug --disable-content-trust --force-rm --http-proxy --layers --load"
    " --no-cache --no-hosts --pull --pull-always --pull-never --push --quiet --rm --squash --squash-all --stdin"
    " --tls-verify".split()
)
"""Options that no word follows: https://docs.docker.com/reference/cli/docker/buildx/build/#options,
https://docs.podman.io/en/latest/markdown/podman-build.1.html"""
_MOVES = lazy(r"(?<![\w./$-])(?:cd|pushd)\s")
_ACTION = "docker/build-push-action@"
_EXPRESSION = lazy(r"\$\{\{[^{}]*+\}\}")


def read_build_commands(project: Project) -> Iterator[tuple[str, ImageBuild]]:
    """The images that the scripts of a project build, each with how; those of which that can't be told are left out."""
    for path in project.files_named("Makefile", "*.mk"):
        folder = posixpath.dirname(path)
        for line in _text(project, path).replace("\\\n", " ").splitlines():
            yield from _builds_in(project, folder, [line])
    pipelines = project.files_named(".gitlab-ci.yml", ".gitlab-ci.yaml")
    workflows = {path: None for path in project.files_ending("yml", "yaml") if "/.github/workflows/" in f"/{path}"}
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
        usual = _directory(job.get("defaults", "run")) or _directory(root.get("defaults", "run"))
        for step in job.items_of("steps"):
            directory = _EXPRESSION.sub("$", _directory(step) or usual)
            if step.text_of("uses").startswith(_ACTION):
                yield from _of_action(project, folder, step)
            elif "$" not in directory:
                script = _EXPRESSION.sub("$", step.text_of("run")).replace("\\\n", " ")
                yield from _builds_in(project, posixpath.join(folder, directory), script.splitlines())


def _directory(around: YamlValue | None) -> str:
    """The folder that a step, or the defaults of steps, moves to; empty where it stays in the repository's own."""
    return around.text_of("working-directory") if around is not None else ""


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
        if line.lstrip().startswith("#"):
            continue
        text = _COMPUTED.sub("$", _COMPUTED.sub("$", line))
        moves = _MOVES.search(text)
        for command in _BUILT.finditer(text, 0, moves.start() if moves is not None else len(text)):
            options, places = _arguments(_words(command[1]))
            context, file = "".join(places[:1]), "".join([*options.get("--file", ()), *options.get("-f", ())][-1:])
            if len(places) != 1 or "$" in context + file:
                continue
            build = _build(project, folder, context, file)
            names = [*options.get("--tag", ()), *options.get("-t", ())]
            if build is not None:
                yield from ((found[1], build) for found in map(_TAGGED.fullmatch, names) if found is not None)
        if moves is not None:
            return


def _words(text: str) -> Iterator[str]:
    """The words of a shell's command, without those that say where its output goes."""
    start = 0
    while (found := _WORD.match(text, start)) is not None:
        start = found.end()
        if found["redirected"] is None:
            yield _QUOTING.sub(r"\1", found["word"])


def _arguments(words: Iterator[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The options of a command by their names, each with what it is given, and the words that belong to none; of these not
    what is a variable all of it, which may be options."""
    options: dict[str, list[str]] = {}
    places: list[str] = []
    for word in words:
        name, _, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            places += [word] * (not word.startswith("$"))
            continue
        if not word.startswith("--"):
            name, value = word[:2], word[2:].removeprefix("=")
        if name not in _SWITCHES:
            options.setdefault(name, []).append(value or next(words, ""))
    return options, places


def _build(project: Project, folder: str, context: str, file: str) -> ImageBuild | None:
    """How an image is built; None where its Dockerfile is not here. file: as seen from the folder; the context's own if empty."""
    inside = posixpath.normpath(posixpath.join(folder, context))
    named = posixpath.normpath(posixpath.join(folder, file) if file else posixpath.join(inside, "Dockerfile"))
    if inside.startswith(("..", "/")) or "://" in context or named not in project.file_set:
        return None
    name = posixpath.relpath(named, inside)
    return ImageBuild(context="" if inside == "." else inside, dockerfile=name)
