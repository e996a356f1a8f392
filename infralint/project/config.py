"""`infralint.yaml`: what a project says of its streams and of how it wants to be judged."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from infralint.cache.recording import watch
from infralint.model import Location, Unreadable
from infralint.project.walking import LEADS_OUT, CantRead, leads_out, read_file
from infralint.text.lazy import lazy
from infralint.text.suggestions import closest
from infralint.text.wording import listing
from infralint.text.yaml_places import YamlProblem, YamlSpan, YamlValue, read_yaml

CONFIG_NAMES = ("infralint.yaml", ".infralint.yaml", "infralint.yml", ".infralint.yml")
LARGEST = 1024 * 1024
"""Bytes of a configuration: people write some hundred."""
DEFAULT_GENERATION = 120.0
"""Seconds one answer may take where nothing is said."""

_DURATION = lazy(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*+(?:(ms|min|s|m|h|d)\s*+)?")
_UNITS = {"ms": 0.001, "s": 1, "": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
LONGEST_DURATION = 366 * 86400.0
"""Seconds: what is longer is a slip of the pen, or no number."""

Duration = Annotated[
    str | float,
    msgspec.Meta(description="A span of time: `90s`, `5m`, `1h30m`; a bare number is seconds.", examples=["90s", "5m"]),
]
FailOn = Literal["error", "warning", "note", "never"]
Assume = Literal["warning", "note", "off"]


class Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A mapping in which every key must be known."""


class StreamSettings(Strict, frozen=True, kw_only=True):
    """One route that streams."""

    path: Annotated[
        str | None, msgspec.Meta(description="Path or glob, as browsers ask for it (`/api/chat`, `/v1/*`).")
    ] = None
    regex: Annotated[str | None, msgspec.Meta(description="Regular expression for the path, instead of `path`.")] = None
    host: Annotated[str | None, msgspec.Meta(description="Host that clients ask for; without it, any.")] = None
    kind: Annotated[
        Literal["sse", "websocket"],
        msgspec.Meta(description="`sse`: any response that is streamed over HTTP; `websocket`: a connection."),
    ] = "sse"
    methods: Annotated[
        list[Literal["GET", "POST", "PUT", "PATCH", "DELETE"]],
        msgspec.Meta(description="How its clients ask for it, such as `[POST]`; GET or POST if nothing is said."),
    ] = []
    content_type: Annotated[
        str | None, msgspec.Meta(description="Content type of its responses; `text/event-stream` if nothing is said.")
    ] = None
    generation: Annotated[
        Duration | None, msgspec.Meta(description="How long one of its answers may take, instead of the project's.")
    ] = None
    silence: Annotated[
        Duration | None, msgspec.Meta(description="The longest it may be silent, where that is not `generation`.")
    ] = None
    duration: Annotated[
        Duration | None, msgspec.Meta(description="The longest it may last, where that is not `generation`.")
    ] = None
    heartbeat: Annotated[
        Duration | None, msgspec.Meta(description="Time between its pings: the longest silence is twice that.")
    ] = None
    session: Annotated[str, msgspec.Meta(description="Session protocol, such as `Socket.IO` or `MCP`; or true.")] = ""
    transports: Annotated[
        list[Literal["polling", "websocket", "webtransport"]],
        msgspec.Meta(
            description="What its clients open it by, where they are restricted: `[websocket]` alone needs no affinity."
        ),
    ] = []
    stateless: Annotated[
        bool, msgspec.Meta(description="Any replica can answer any of its requests: no affinity is needed.")
    ] = False
    compressed: Annotated[
        bool | None,
        msgspec.Meta(
            description="Whether its answers leave the application compressed, piece by piece; `false`: nothing in the"
            " application compresses them."
        ),
    ] = None
    hops: Annotated[
        list[str],
        msgspec.Meta(description="Globs over names or files of hops: it goes through these alone, and surely."),
    ] = []
    headers: Annotated[
        dict[str, str], msgspec.Meta(description="Headers of its responses, such as `X-Accel-Buffering: no`.")
    ] = {}


class Accepted(Strict, frozen=True, kw_only=True):
    """A finding that somebody has looked at and lives with, where no comment can stand."""

    path: Annotated[str, msgspec.Meta(description="Glob over paths.")] = ""
    hop: Annotated[str, msgspec.Meta(description="Glob over hops' names, such as `aws_lb.main`.")] = ""
    check: Annotated[str, msgspec.Meta(description="Name of the check; without it, all.")] = ""
    reason: Annotated[str, msgspec.Meta(description="Why; without it there is a warning.")] = ""


class NginxSettings(Strict, frozen=True, kw_only=True):
    """What infralint can't see of an nginx."""

    version: Annotated[
        str | None, msgspec.Meta(description="The nginx that runs, such as `1.27`, where no image tag says it.")
    ] = None
    include_paths: Annotated[
        dict[str, str], msgspec.Meta(description="Folder on the server -> folder in the repository.")
    ] = {}


class VercelSettings(Strict, frozen=True, kw_only=True):
    """What infralint can't see of a Vercel project, and which runtime its streams are wanted on."""

    runtime_policy: Annotated[
        Literal["duration", "require-edge", "require-node"],
        msgspec.Meta(
            description="`duration`: a stream must be allowed to last; `require-edge`, `require-node`: it must run there."
        ),
    ] = "duration"
    plan: Annotated[
        Literal["hobby", "pro", "enterprise"] | None,
        msgspec.Meta(description="Vercel's plan, which limits how long functions run."),
    ] = None
    fluid: Annotated[bool | None, msgspec.Meta(description="Whether Fluid compute is on in the dashboard.")] = None


class TerraformRoot(Strict, frozen=True, kw_only=True):
    """One deployment: a folder with the values of one environment."""

    path: Annotated[str, msgspec.Meta(description="Folder of the root, from the project's.")]
    var_files: Annotated[list[str], msgspec.Meta(description="Files of values, relative to `path`.")] = []
    workspace: Annotated[str | None, msgspec.Meta(description="What `terraform.workspace` is there.")] = None


class TerraformSettings(Strict, frozen=True, kw_only=True):
    """Which Terraform folders are deployed, and with which values."""

    roots: Annotated[list[TerraformRoot], msgspec.Meta(description="Each is judged once per entry.")] = []
    var_files: Annotated[list[str], msgspec.Meta(description="Files of values for every root.")] = []
    variables: Annotated[dict[str, str], msgspec.Meta(description="Values for every root, by variable.")] = {}
    environment: Annotated[bool, msgspec.Meta(description="Whether TF_VAR_ variables of the environment count.")] = (
        False
    )


class HelmChart(Strict, frozen=True, kw_only=True):
    """One release of a chart."""

    path: Annotated[str, msgspec.Meta(description="Folder of the chart.")]
    values: Annotated[
        list[str], msgspec.Meta(description="Values files, relative to `path`, the last the strongest.")
    ] = []
    name: Annotated[str, msgspec.Meta(description="What the environment is called.")] = ""


class HelmSettings(Strict, frozen=True, kw_only=True):
    """Which Helm charts are installed, and with which values."""

    charts: Annotated[list[HelmChart], msgspec.Meta(description="Each is judged once per entry.")] = []


class Settings(Strict, frozen=True, kw_only=True):
    """The whole of infralint.yaml."""

    streams: Annotated[
        list[StreamSettings] | None, msgspec.Meta(description="Routes that stream; `[]` says that nothing does.")
    ] = None
    generation: Annotated[Duration | None, msgspec.Meta(description="How long one answer may take.")] = None
    max_tokens: Annotated[
        Annotated[int, msgspec.Meta(ge=1)] | None,
        msgspec.Meta(description="The longest answer in tokens, instead of `generation`."),
    ] = None
    tokens_per_second: Annotated[
        Annotated[float, msgspec.Meta(gt=0)] | None,
        msgspec.Meta(description="How fast `max_tokens` come; 50 if nothing is said."),
    ] = None
    heartbeat: Annotated[
        Duration | None, msgspec.Meta(description="Time between pings of every stream that says nothing else.")
    ] = None
    assume: Annotated[
        Assume | None,
        msgspec.Meta(
            description="How loud to be where nothing says what streams; by default `warning` where something in the"
            " project speaks of streams or models, else `note`."
        ),
    ] = None
    require_sticky: Annotated[
        bool,
        msgspec.Meta(description="Every stream must keep its client on one replica, not only those with sessions."),
    ] = False
    chains: Annotated[
        list[list[str]],
        msgspec.Meta(
            description="What stands behind what, where the files can't show it: names, paths, tags or globs, the"
            " client's side first."
        ),
    ] = []
    entry: Annotated[
        list[str] | str,
        msgspec.Meta(
            description="What clients come to first, though something else here dials it, too: names, paths, tags or"
            " globs."
        ),
    ] = []
    select: Annotated[
        list[str], msgspec.Meta(description="Run only these checks, or groups of checks (`default`, `application`).")
    ] = []
    ignore: Annotated[list[str], msgspec.Meta(description="Checks, or groups of them, that are not run.")] = []
    exclude: Annotated[
        list[str], msgspec.Meta(description="Files and folders that are not read, as in `.gitignore`.")
    ] = []
    accept: Annotated[list[Accepted], msgspec.Meta(description="Findings to live with, each with its reason.")] = []
    fail_on: Annotated[FailOn, msgspec.Meta(description="Exit with 1 from this severity on.")] = "warning"
    nginx: Annotated[NginxSettings, msgspec.Meta(description="What can't be seen of an nginx.")] = NginxSettings()
    vercel: Annotated[VercelSettings, msgspec.Meta(description="What can't be seen of a Vercel project.")] = (
        VercelSettings()
    )
    terraform: Annotated[
        TerraformSettings, msgspec.Meta(description="Which Terraform is deployed, with which values.")
    ] = TerraformSettings()
    helm: Annotated[HelmSettings, msgspec.Meta(description="Which values Helm charts are rendered with.")] = (
        HelmSettings()
    )

    @property
    def entries(self) -> list[str]:
        """What clients come to first: as declared, and the first of each declared chain."""
        declared = [self.entry] if isinstance(self.entry, str) else self.entry
        return [*declared, *(chain[0] for chain in self.chains)]

    @property
    def default_generation(self) -> tuple[float, bool]:
        """Seconds one answer may take, and whether the user said so."""
        if self.generation is not None:
            return parse_duration(self.generation), True
        if self.max_tokens is not None:
            return self.max_tokens / (self.tokens_per_second or 50.0), True
        return DEFAULT_GENERATION, False


EMPTY_NAME = "is empty: a name, a path, a tag or a glob was expected"


class BadConfig(Exception):
    """A configuration with errors, each a place and a sentence."""

    def __init__(self, errors: list[Unreadable]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


def parse_duration(text: str | float) -> float:
    """Seconds of `90s`, `5m`, `1h30m`, `120`. Raises ValueError."""
    seconds = float(text) if isinstance(text, int | float) else _written_duration(text.strip())
    if not seconds <= LONGEST_DURATION:
        shown = f"{text!r}" if len(f"{text}") < 40 else f"{str(text)[:40]!r}…"
        raise ValueError(f"expected a duration such as 90s or 5m, got {shown}")
    return seconds


def _written_duration(text: str) -> float:
    """Seconds of numbers with units, one after the other; infinite where the text is none."""
    at, seconds = 0, 0.0
    while part := _DURATION.match(text, at):
        at = part.end()
        seconds += float(part[1]) * _UNITS[part[2] or ""]
    return seconds if text and at == len(text) else math.inf


def find_config(folder: Path) -> Path | None:
    """The configuration file of a folder, if it has one, whether it can be read or not."""
    for name in CONFIG_NAMES:
        watch(str(folder / name))
        if os.path.lexists(folder / name):
            return folder / name
    pyproject = folder / "pyproject.toml"
    return pyproject if _configures(pyproject) else None


def _configures(pyproject: Path) -> bool:
    """Whether a pyproject.toml may have a table of ours; what is no readable file of its folder has none."""
    if leads_out(str(pyproject), str(pyproject.parent)):
        return False
    try:
        return b"[tool.infralint" in read_file(str(pyproject), LARGEST)
    except CantRead:
        return False


def load_settings(path: Path, shown: str, root: Path | None = None) -> Settings:
    """Read a configuration, which must lie in `root` if that is given. Raises BadConfig with every error at once."""
    try:
        if root is not None and leads_out(str(path), str(root)):
            raise CantRead(LEADS_OUT)
        text = read_file(str(path), LARGEST).decode("utf-8-sig")
    except CantRead as error:
        raise BadConfig([Unreadable(str(error), Location(shown))]) from error
    except UnicodeDecodeError as error:
        raise BadConfig([Unreadable("can't be read: not UTF-8 text", Location(shown))]) from error
    return parse_settings(text, shown)


def parse_settings(text: str, shown: str) -> Settings:
    """A configuration's text. shown: its path; `.toml` is a pyproject.toml. Raises BadConfig."""
    data, places = _parse_toml(text, shown) if shown.endswith(".toml") else _parse_yaml(text, shown)
    return _validate(data, places, shown)


Places = dict[str, YamlSpan]
"""`$.streams[0].kind` -> line, column and end column of the key or item."""


def _parse_yaml(text: str, shown: str) -> tuple[Any, Places]:
    try:
        documents = read_yaml(text)
        if len(documents) > 1:
            where = documents[1].span
            raise YamlProblem(
                "a second document begins, where one is expected", where.line, where.column, is_content=True
            )
        places: Places = {}
        return (_plain(documents[0], "$", places) if documents else {}), places
    except YamlProblem as problem:
        message = problem.complaint()
        raise BadConfig([Unreadable(message, Location(shown, problem.line, problem.column))]) from problem


MOST_NODES = 20_000
"""Of a configuration with its aliases written out; people write some hundred."""


def _plain(value: YamlValue, path: str, places: Places) -> Any:
    """A value as msgspec takes it, with the place of each key and item."""
    if len(places) > MOST_NODES or path.count(".") + path.count("[") > 60:
        raise YamlProblem("its aliases stand for more than it can hold", is_content=True)
    places.setdefault(path, value.span)
    if value.members is not None:
        places |= {f"{path}.{key}": value.keys[key] for key in value.members}
        return {key: _plain(member, f"{path}.{key}", places) for key, member in value.members.items()}
    if value.items is not None:
        return [_plain(item, f"{path}[{index}]", places) for index, item in enumerate(value.items)]
    return None if value.is_null else value.text


def place_of(path: Path, shown: str, key: str) -> Location:
    """Where a key such as `$.chains[0][1]` of a configuration stands; the whole file where that can't be told."""
    return places_of(path, shown, [key])[0]


def places_of(path: Path, shown: str, keys: Iterable[str]) -> list[Location]:
    """Where each of these keys of a configuration stands, as `place_of` has it."""
    places: Places = {}
    with suppress(BadConfig, CantRead, UnicodeDecodeError):
        places = _places_in(read_file(str(path), LARGEST).decode("utf-8-sig"), shown)
    found = [places.get(key) for key in keys]
    return [_location(shown, span) if span is not None else Location(shown) for span in found]


def _location(shown: str, span: YamlSpan) -> Location:
    return Location(shown, span.line, span.column, span.line, span.end_column)


@lru_cache(maxsize=1)
def _places_in(text: str, shown: str) -> Places:
    """Where the keys of a configuration stand. Raises BadConfig."""
    return _parse_yaml(text, shown)[1]


def _parse_toml(text: str, shown: str) -> tuple[Any, Places]:
    import tomllib

    try:
        tools = tomllib.loads(text).get("tool")
    except RecursionError as error:
        raise BadConfig([Unreadable("is nested too deep", Location(shown))]) from error
    except ValueError as error:
        found = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(found[1]), int(found[2])) if found else (0, 0)
        raise BadConfig([Unreadable(f"is not TOML: {error}", Location(shown, line, column))]) from error
    places: Places = {}
    in_table = False
    for number, line_text in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[++([^\]]+)\]", line_text):
            in_table = header[1].strip().startswith("tool.infralint")
        elif in_table and (key := re.match(r"\s*([\w-]+)\s*=", line_text)):
            places.setdefault(f"$.{key[1]}", YamlSpan(number, key.start(1) + 1, key.end(1) + 1))
    return (tools.get("infralint", {}) if isinstance(tools, dict) else {}), places


MOST_ERRORS = 100
"""Values of a wrong type that are named before a configuration is given up."""


def _validate(data: Any, places: Places, shown: str) -> Settings:
    """Convert, taking out what is wrong and going on, until all errors are known."""
    errors = [_at(path, message, places, shown) for path, message in _unknown_keys(data, Settings, "$")]
    left: dict[int, list[int]] = {}
    for _ in range(MOST_ERRORS):
        try:
            settings = msgspec.convert(data, Settings, strict=False)
            break
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `")
            path = path.rstrip("`").replace("[...]", "") or "$"
            choices = _choices(path) if message.startswith("Invalid enum value") else []
            text = (
                f"expected {listing(choices, 'or', most=9)}, got{message[18:]}" if choices else _reword(message, path)
            )
            errors.append(_at(_written_path(data, path, left), text, places, shown))
            if not _remove(data, path, left):
                raise BadConfig(errors) from error
    else:
        raise BadConfig(sorted(errors, key=lambda error: error.where))
    errors += [_at(path, message, places, shown) for path, message in _rules(settings)]
    if errors:
        raise BadConfig(sorted(errors, key=lambda error: error.where))
    return settings


def _at(path: str, message: str, places: Places, shown: str) -> Unreadable:
    known = path
    while known not in places and known != "$":
        known = re.sub(r"(\.[^.\[]+|\[\d+\])$", "", known) or "$"
    span = places.get(known, YamlSpan(1, 1, 1))
    key = path.removeprefix("$").removeprefix(".")
    return Unreadable(f"{key}: {message}" if key else message, _location(shown, span))


_TYPES = {
    "object": "keys with values",
    "array": "a list",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
}
"""What msgspec calls types, in a reader's words."""
_EXAMPLES = {
    "streams": "`- path: /api/chat` below `streams:`",
    "accept": "`- {check: short-idle-timeout, reason: the backend pings}` below `accept:`",
    "chains": "`- [edge/nginx.conf, api]` below `chains:`",
    "exclude": "`exclude: [examples]`",
    "select": "`select: [buffered-stream]`",
    "ignore": "`ignore: [buffered-stream]`",
    "nginx": '`version: "1.27"` below `nginx:`',
    "terraform": "`roots: [{path: infra}]` below `terraform:`",
    "helm": "`charts: [{path: charts/chat}]` below `helm:`",
}
"""What may be written where a list or keys are wanted."""


def _reword(message: str, path: str) -> str:
    """msgspec's sentence about a value, in plain words, with an example where something larger is wanted."""
    kinds = re.fullmatch(r"Expected `(.+)`, got `(\w+)`", message)
    if kinds is None:
        return message[0].lower() + message[1:].replace("`", "") if message else message
    wanted = [kind for kind in kinds[1].split(" | ") if kind != "null"]
    text = (
        f"expected {listing([_TYPES.get(kind, kind) for kind in wanted], 'or')}, got {_TYPES.get(kinds[2], kinds[2])}"
    )
    example = _EXAMPLES.get(re.sub(r"\[\d*\]$", "", path.removeprefix("$.")))
    return f"{text}; write {example}" if example and {"object", "array"} & {*wanted} else text


def _unknown_keys(data: Any, struct: type, path: str) -> Iterator[tuple[str, str]]:
    """Take unknown keys out of data and yield what to say of each."""
    if not isinstance(data, dict):
        return
    fields = _fields_of(struct)
    for key in [key for key in data if key not in fields]:
        near = closest(str(key), fields)
        hint = f"; did you mean {near}?" if near else f"; known keys are {', '.join(sorted(fields))}"
        yield f"{path}.{key}", f"unknown key{hint}"
        del data[key]
    for key, value in data.items():
        for inner in _structs_in(fields[key]):
            for place, item in (
                [(f"{path}.{key}", value)] if isinstance(value, dict) else _items(value, f"{path}.{key}")
            ):
                yield from _unknown_keys(item, inner, place)


@cache
def _fields_of(struct: type) -> dict[str, Any]:
    """The types of a struct's fields, by name."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


def _items(value: Any, path: str) -> list[tuple[str, Any]]:
    return [(f"{path}[{index}]", item) for index, item in enumerate(value)] if isinstance(value, list) else []


def _choices(path: str) -> list[str]:
    """The words that may stand at a path such as `$.streams[0].kind`."""
    annotation: Any = Settings
    for name in re.findall(r"\.([^.\[]+)", path):
        fields = {
            field.encode_name: field.type
            for inner in _structs_in(annotation)
            for field in msgspec.structs.fields(inner)
        }
        annotation = fields.get(name)
    return _words_in(annotation)


def _words_in(annotation: Any) -> list[str]:
    parts = getattr(annotation, "__args__", ())
    return [word for part in parts for word in ([part] if isinstance(part, str) else _words_in(part))]


def _structs_in(annotation: Any) -> list[type]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [annotation]
    return [found for part in getattr(annotation, "__args__", ()) for found in _structs_in(part)]


def _steps(path: str) -> list[str | int]:
    return [int(index) if index else name for name, index in re.findall(r"\.([^.\[]+)|\[(\d+)\]", path)]


def _written_path(data: Any, path: str, left: dict[int, list[int]]) -> str:
    """A path as it stood before items were taken out. left: the first index of each item that a list still has."""
    written = "$"
    for step in _steps(path):
        indices = left.get(id(data)) if isinstance(step, int) else None
        written += f".{step}" if isinstance(step, str) else f"[{indices[step] if indices else step}]"
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return path
    return written


def _remove(data: Any, path: str, left: dict[int, list[int]]) -> bool:
    """Delete what a path such as `$.streams[0].kind` names; False where it can't be found."""
    steps = _steps(path)
    if not steps:
        return False
    try:
        for step in steps[:-1]:
            data = data[step]
        if isinstance(data, list):
            left.setdefault(id(data), list(range(len(data)))).pop(int(steps[-1]))
        del data[steps[-1]]
    except (KeyError, IndexError, TypeError):
        return False
    return True


MOST_ENTRIES = 500
"""Entries of one list of the settings: each is held against every hop, finding or file."""


def _rules(settings: Settings) -> Iterator[tuple[str, str]]:
    """What the types alone can't say."""
    for key in ("generation", "heartbeat"):
        yield from _duration_error(f"$.{key}", getattr(settings, key))
    if settings.nginx.version is not None and not re.fullmatch(r"[0-9]+\.[0-9]+(\.[0-9]+)?", settings.nginx.version):
        yield "$.nginx.version", f"expected a version such as 1.27.3, got {settings.nginx.version!r}"
    if settings.max_tokens is not None and not settings.max_tokens <= LONGEST_DURATION * (
        settings.tokens_per_second or 50
    ):
        yield (
            "$.max_tokens",
            f"at {settings.tokens_per_second or 50:g} tokens a second, one answer would take more than a year",
        )
    if settings.tokens_per_second is not None and settings.max_tokens is None:
        yield "$.tokens_per_second", "needs max_tokens beside it"
    for key in ("streams", "chains", "exclude", "accept"):
        if (count := len(getattr(settings, key) or ())) > MOST_ENTRIES:
            yield f"$.{key}", f"has {count:,} entries; infralint takes at most {MOST_ENTRIES}"
    for index, entry in enumerate(settings.accept):
        if not (entry.path or entry.hop or entry.check):
            yield f"$.accept[{index}]", "needs a path, a hop or a check"
    if isinstance(settings.entry, str) and not settings.entry.strip():
        yield "$.entry", EMPTY_NAME
    for index, name in enumerate(settings.entry if isinstance(settings.entry, list) else ()):
        if not name.strip():
            yield f"$.entry[{index}]", EMPTY_NAME
    for index, chain in enumerate(settings.chains):
        if len(chain) < 2:
            yield f"$.chains[{index}]", "needs two names at least: one that sends on, and one that stands behind it"
        for position, name in enumerate(chain):
            if not name.strip():
                yield f"$.chains[{index}][{position}]", EMPTY_NAME
    for index, stream in enumerate(settings.streams or ()):
        place = f"$.streams[{index}]"
        if (stream.path is None) == (stream.regex is None):
            yield place, "needs either path or regex"
        if stream.path is not None and not stream.path.startswith(("/", "*")):
            yield f"{place}.path", f"must begin with /, got {stream.path!r}"
        if stream.regex is not None:
            yield from _regex_error(f"{place}.regex", stream.regex)
        for key in ("generation", "silence", "duration", "heartbeat"):
            yield from _duration_error(f"{place}.{key}", getattr(stream, key))


def _duration_error(path: str, value: str | float | None) -> Iterator[tuple[str, str]]:
    try:
        if value is not None and parse_duration(value) <= 0:
            yield path, "must be more than 0"
    except ValueError as error:
        yield path, str(error)


def _regex_error(path: str, text: str) -> Iterator[tuple[str, str]]:
    from infralint.text.expressions import examples
    from infralint.text.patterns import Unsearchable

    try:
        examples(text)
    except Unsearchable as error:
        yield path, str(error)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of infralint.yaml, for editors."""
    schema = msgspec.json.schema(Settings)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "infralint.yaml"
    return schema
