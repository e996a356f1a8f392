"""What compose refuses of a file before it starts anything.

https://docs.docker.com/reference/compose-file/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from infralint.project.compose.ports import ports_in
from infralint.text.circles import find_circles, say_through
from infralint.text.lazy import lazy
from infralint.text.placeholders import has_mark
from infralint.text.suggestions import mistyped_for
from infralint.text.yaml_places import YamlProblem, YamlSpan, YamlValue, has_holes

_KEYS = frozenset(
    "annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name"
    " credential_spec depends_on deploy develop devices device_cgroup_rules dns dns_opt dns_search domainname entrypoint"
    " env_file environment expose extends external_links extra_hosts gpus group_add healthcheck hostname image init ipc"
    " isolation label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models"
    " network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_start pre_stop privileged"
    " profiles provider pull_policy read_only restart runtime scale secrets security_opt shm_size stdin_open"
    " stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes"
    " volumes_from working_dir cpus cpuset cpu_count cpu_percent cpu_shares cpu_period cpu_quota cpu_rt_runtime"
    " cpu_rt_period cpu".split()
)
"""https://docs.docker.com/reference/compose-file/services/"""
_TOP_KEYS = frozenset("configs include models name networks secrets services version volumes".split())
_OPEN = lazy(r"(?<!\$)(?:\$\$)*+\$\{[^}]*+\Z")
"""A variable whose brace is never closed."""
_NO_VARIABLE = lazy(r"(?<!\$)(?:\$\$)*+\$\{(?![A-Za-z_])[^}]{0,1000}+\}")
"""Braces behind a dollar in which no name begins. https://docs.docker.com/reference/compose-file/interpolation/"""
_RESTARTS = ("no", "always", "on-failure", "unless-stopped")
_DECLARED = (("networks", "network"), ("volumes", "volume"), ("secrets", "secret"), ("configs", "config"))
_WHOLE = lazy(r"0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[1-9]\d*_[\d_]*")
"""Whole numbers that are written otherwise than as decimals."""
_TIME = lazy(r"[0-9]+|(?:[0-9]+(?:\.[0-9]*)?(?:ns|us|µs|ms|s|m|h|d|w|y))+")
_NUMBER = lazy(r"[-+]?[0-9]+")
_IPV4 = lazy(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}")
_NAMED_VOLUME = lazy(r"([A-Za-z0-9][\w.-]+):/.*")


_FORMS: Mapping[str, str] = {
    **dict.fromkeys(
        "ports volumes expose configs secrets links external_links profiles cap_add devices".split(), "list"
    ),
    **dict.fromkeys("environment labels networks depends_on extra_hosts sysctls".split(), "list or mapping"),
    **dict.fromkeys("command entrypoint env_file tmpfs dns".split(), "text or list"),
    **dict.fromkeys("build extends".split(), "text or mapping"),
    **dict.fromkeys("deploy healthcheck logging ulimits".split(), "mapping"),
    **dict.fromkeys("image container_name hostname network_mode restart working_dir platform".split(), "text"),
}
"""Key of a service -> what may stand there. https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json"""
_TEXTS_ALONE = (
    "environment",
    "labels",
    "command",
    "entrypoint",
    "expose",
    "links",
    "profiles",
    "extra_hosts",
    "networks",
)
"""Keys whose lists hold no mappings."""
_CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")


def check_shape(root: YamlValue) -> None:
    """Raises YamlProblem where services are no mappings, so that nothing can be read of them."""
    services = root.get("services")
    if services is not None and services.members is None and not services.is_null:
        raise _problem(services.span, "services: expected a mapping of names to services")
    for name, service in root.members_of("services").items():
        if service.members is None and not service.is_null:
            raise _problem(service.span, f"services.{name}: expected a mapping of keys to values")


def refused_keys(roots: Sequence[YamlValue]) -> Iterator[YamlProblem]:
    """What compose refuses at the top of a file: text alone, and mistyped keys. Lists are tasks of Ansible's."""
    for root in roots[:1]:
        if root.text is not None and not root.is_null:
            yield _problem(root.span, "expected keys with values, such as `services:`")
        for key in root.members or ():
            if not key.startswith("x-") and (right := mistyped_for(key, _TOP_KEYS)):
                yield _problem(root.keys.get(key, root.span), f"there is no key `{key}`; did you mean {right}?")


def refused_parts(root: YamlValue) -> Iterator[YamlProblem]:
    """What compose refuses of services that can be read."""
    yield from refused_keys([root])
    services = root.members_of("services")
    followed: set[str] = set()
    for name, service in services.items():
        for key in service.members or ():
            if right := mistyped_for(key, _KEYS):
                where = service.keys.get(key, service.span)
                yield _problem(where, f"services.{name}: there is no key `{key}`; did you mean {right}?")
        for item in service.items_of("ports"):
            if item.text is not None and not _is_whole(item) and (why := _why_no_port(item.text)):
                yield _problem(item.span, f"services.{name}.ports: `{item.text[:80]}` {why}")
        yield from _wrong_forms(name, service)
        yield from _wrong_numbers(name, service)
        yield from _wrong_words(name, service)
        if not root.items_of("include"):  # services of included files can be extended, too
            yield from _lost_extends(name, services, followed)
    for value in _scalars(root.get("services")):
        if value.text is not None and "${" in value.text and _OPEN.search(value.text):
            yield _problem(value.span, f"`{value.text[:80]}`: a variable is opened with ${{ and never closed")
        elif value.text is not None and "${" in value.text and _NO_VARIABLE.search(value.text):
            why = "the name of a variable was expected behind ${; write `$$` for a dollar"
            yield _problem(value.span, f"`{value.text[:80]}`: {why}")


def _wrong_forms(name: str, service: YamlValue) -> Iterator[YamlProblem]:
    """Values of another form than compose takes; what a tag of its own (`!reset`) stands before is no value."""
    for key, value in (service.members or {}).items():
        form = _FORMS.get(key)
        if form is None or value.is_null or value.tag:
            continue
        if "$" in (value.text or "") or has_holes(value.text or ""):
            continue
        found = "text" if value.text is not None else "list" if value.items is not None else "mapping"
        if found not in form:
            yield _problem(value.span, f"services.{name}.{key}: a {form} was expected, not a {found}")
        for item in (value.items or ()) if key in _TEXTS_ALONE else ():
            if item.text is None:
                yield _problem(item.span, f"services.{name}.{key}: each item has to be a text{_instead_of(item, key)}")
    for other, needed in service.members_of("depends_on").items():
        condition = needed.get("condition")
        if condition is not None and (right := mistyped_for(condition.text or "", _CONDITIONS)):
            why = f"services.{name}.depends_on.{other}: there is no condition `{condition.text}`; did you mean {right}?"
            yield _problem(condition.span, why)


def _instead_of(item: YamlValue, key: str) -> str:
    """What to write in the place of a mapping of one text, where a list may hold `NAME=value`."""
    [(name, value)] = (item.members or {}).items() if len(item.members or ()) == 1 else [("", YamlValue(item.span))]
    return f": write `- {name}={value.text}`" if value.text and key in ("environment", "labels") else ""


def _wrong_words(name: str, service: YamlValue) -> Iterator[YamlProblem]:
    """Words and times that compose, or the engine behind it, does not take."""
    restart = service.get("restart")
    if restart is not None and (right := mistyped_for((restart.text or "").partition(":")[0], _RESTARTS)):
        why = f"services.{name}.restart: there is no policy `{restart.text}`; did you mean {right}?"
        yield _problem(restart.span, why)
    for keys in (("stop_grace_period",), ("healthcheck", "interval"), ("healthcheck", "timeout")):
        time = service.get(*keys)
        is_filled_in = time is None or time.is_null or has_mark(time.text or "")
        if time is not None and not is_filled_in and not _TIME.fullmatch(time.text or ""):
            why = f"services.{name}.{'.'.join(keys)}: a time such as 1m30s was expected, not `{time.text}`"
            yield _problem(time.span, why)
    mode, networks = service.get("network_mode"), service.get("networks")
    if mode is not None and networks is not None and (networks.items or networks.members) and not mode.is_null:
        yield _problem(mode.span, f"services.{name}: `network_mode` and `networks` can't stand beside each other")


def _wrong_numbers(name: str, service: YamlValue) -> Iterator[YamlProblem]:
    """Numbers of containers that are none.

    https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json
    """
    for keys in (("deploy", "replicas"), ("scale",)):
        value = service.get(*keys)
        if value is None or value.is_null or has_mark(value.text or ""):
            continue
        if value.text is None or not (_NUMBER.fullmatch(value.text) or _is_whole(value)):
            shown = "a list or mapping" if value.text is None else f"`{value.text[:80]}`"
            yield _problem(value.span, f"services.{name}.{'.'.join(keys)}: a whole number was expected, not {shown}")


def _is_whole(item: YamlValue) -> bool:
    """Whether YAML takes a port for a whole number, which compose writes as its own decimals: `0x1F90`, `8_080`. One with
    a fraction it refuses. https://github.com/compose-spec/compose-go/blob/main/transform/ports.go"""
    return not item.quoted and bool(_WHOLE.fullmatch(item.text or ""))


def _why_no_port(text: str) -> str:
    """Why compose does not take a published port; empty where it does, or where a variable decides it.

    https://pkg.go.dev/github.com/docker/go-connections/nat#ParsePortSpec
    """
    if has_mark(text) or text.count("/") > 1:
        return ""
    before, _, container = text.rpartition(":")
    container, _, protocol = container.partition("/")
    address, colon, host = before.rpartition(":")
    if protocol and protocol.lower() not in ("tcp", "udp", "sctp"):
        return f"names the protocol {protocol}, and there are tcp, udp and sctp"
    if not container:
        return "names no port of the container"
    targets, hosts = ports_in(container), ports_in(host)
    if targets is None:
        return f"names no port of the container: {container} is none"
    if host and hosts is None:
        return f"names no port of the host: {host} is none"
    if colon and ":" not in address and address and not _IPV4.fullmatch(address):
        return f"names no address of the host: {address} is none"
    if hosts is not None and len(targets) > 1 and len(targets) != len(hosts):
        return "has ranges of two lengths"
    return ""


DeclaredName = tuple[str, str]
"""What a compose file declares: the section, and the name in it."""


def declared_names(root: YamlValue) -> Iterator[DeclaredName]:
    """What a file declares that services of another may name, where both are given to compose; `run` is what its service runs."""
    for section in ("services", *(section for section, _ in _DECLARED)):
        yield from ((section, word) for word in root.members_of(section))
    yield from (("run", name) for name, service in root.members_of("services").items() if _runs_something(service))


def undeclared_names(root: YamlValue) -> Iterator[tuple[DeclaredName, YamlProblem]]:
    """What a service names and nothing in the file declares. A service with profiles is only looked at where one of them is
    asked for.

    https://github.com/compose-spec/compose-go/blob/main/loader/validate.go
    """
    declared = {*declared_names(root), ("networks", "default")}
    for name, service in _active_services(root).items():
        if not _runs_something(service):
            at = root.get("services")
            span = at.keys.get(name, service.span) if at is not None else service.span
            yield ("run", name), _problem(span, f"services.{name}: an `image` or a `build` was expected")
        for key, word, value in _other_services(service):
            if ("services", word) not in declared:
                why = f"services.{name}.{key}: there is no service {word}"
                yield ("services", word), _problem(value.span, why)
        for section, kind in _DECLARED:
            for word, value in _names_of(service.get(section), section):
                if (section, word) not in declared:
                    why = f"services.{name}.{section}: no {kind} of this file is called {word}"
                    yield (section, word), _problem(value.span, why)


RUNS = ("image", "build", "extends", "provider")
"""Keys of which a service has one at least, if no other file has."""


def _runs_something(service: YamlValue) -> bool:
    """Whether a service says what it runs; one of nothing at all, and a mistyped key, are told otherwise."""
    keys = service.members or {"image": service}
    return any(key in RUNS or mistyped_for(key, RUNS) for key in keys)


def _other_services(service: YamlValue) -> Iterator[tuple[str, str, YamlValue]]:
    """The services that one can't do without: the key, the name and where it stands."""
    for word, value in _names_of(service.get("depends_on")):
        yield "depends_on", word, value
    for item in service.items_of("links"):
        if item.text and "$" not in item.text:
            yield "links", item.text.partition(":")[0], item
    mode = service.get("network_mode")
    kind, colon, word = (mode.text or "").partition(":") if mode is not None else ("", "", "")
    if mode is not None and colon and kind == "service" and "$" not in word:
        yield "network_mode", word, mode


def waiting_circles(root: YamlValue) -> Iterator[YamlProblem]:
    """Services that wait for themselves, by way of others."""
    services = _active_services(root)
    for circle in find_circles({name: _needs(service) for name, service in services.items()}):
        where = (services[circle[0]].get("depends_on") or services[circle[0]]).span
        why = f"services.{circle[0]}.depends_on: {circle[0]} waits for itself{say_through(circle)}"
        yield _problem(where, why)


def _active_services(root: YamlValue) -> dict[str, YamlValue]:
    return {name: service for name, service in root.members_of("services").items() if not service.items_of("profiles")}


def _needs(service: YamlValue) -> list[str]:
    return [word for word, _ in _names_of(service.get("depends_on"))]


def _lost_extends(name: str, services: Mapping[str, YamlValue], followed: set[str]) -> Iterator[YamlProblem]:
    """What a service is made of and is not there, or is itself. followed: gets the services that were come by, whose own
    ways are not gone twice.

    https://docs.docker.com/reference/compose-file/services/#extends
    """
    seen, at = {name}, name
    while at not in followed and (value := _base_of(services[at])) is not None:
        word = value.text or ""
        if word not in services:
            yield _problem(value.span, f"services.{at}.extends: no service of this file is called {word}")
            return
        if word in seen:
            yield _problem(value.span, f"services.{at}.extends: {word} is made of itself")
            return
        seen.add(word)
        followed.add(at)
        at = word


def _base_of(service: YamlValue) -> YamlValue | None:
    """The name of a service of the same file that one extends."""
    value = service.get("extends")
    if value is None or value.get("file") is not None:
        return None
    named = value if value.text is not None else value.get("service")
    return named if named is not None and named.text and "$" not in named.text else None


def _names_of(value: YamlValue | None, section: str = "") -> Iterator[tuple[str, YamlValue]]:
    """What a service names in a list or mapping, as far as it is no path and holds no variable."""
    if value is None:
        return
    for key in value.members or () if section != "volumes" else ():
        yield key, (value.members or {})[key]
    for item in value.items or ():
        named = item if item.text is not None else item.get("source")
        text = named.text or "" if named is not None else ""
        if section == "volumes":
            is_volume = item.text is not None or item.text_of("type") == "volume"
            found = _NAMED_VOLUME.fullmatch(text if item.text is not None else f"{text}:/")
            text = found[1] if found is not None and is_volume else ""
        if named is not None and text and "$" not in text:
            yield text, named


def _scalars(value: YamlValue | None) -> Iterator[YamlValue]:
    pending, seen = [value] if value is not None else [], set[int]()
    while pending:
        found = pending.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if found.text is not None:
            yield found
        pending += [*(found.items or ()), *(found.members or {}).values()]


def _problem(span: YamlSpan, message: str) -> YamlProblem:
    return YamlProblem(message, span.line, span.column, is_content=True)
