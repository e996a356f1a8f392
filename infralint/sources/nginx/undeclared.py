"""What a configuration uses and nothing in it declares: variables, shared memory zones, formats of logs.

nginx does not start with such a configuration. It is told only where all of an nginx is here: what a snippet uses, a file
that includes it may declare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType

import msgspec

from infralint.model import Unreadable
from infralint.sources.nginx.conditions import EXPRESSIONS
from infralint.sources.nginx.includes import Includes, declares_nothing
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.variables import NAMED_GROUP, VARIABLE, is_built_in
from infralint.text.globs import is_glob

_CACHES = ("proxy_cache", "fastcgi_cache", "uwsgi_cache", "scgi_cache")
_ALL = slice(None)
_SECOND = slice(1, None)
_FIRST = slice(0, 1)
_READING: Mapping[str, slice] = MappingProxyType(
    {
        **dict.fromkeys(
            "proxy_set_header grpc_set_header add_header add_trailer fastcgi_param uwsgi_param scgi_param set"
            " auth_request_set log_format error_page proxy_cookie_domain proxy_cookie_path proxy_redirect".split(),
            _SECOND,
        ),
        **dict.fromkeys(
            "proxy_pass grpc_pass fastcgi_pass uwsgi_pass scgi_pass root alias map split_clients limit_req_zone"
            " limit_conn_zone hash proxy_cache_key fastcgi_cache_key uwsgi_cache_key scgi_cache_key proxy_cache"
            " fastcgi_cache uwsgi_cache scgi_cache proxy_bind fastcgi_bind uwsgi_bind scgi_bind grpc_bind memcached_bind"
            " proxy_ssl_name grpc_ssl_name uwsgi_ssl_name proxy_ssl_certificate proxy_ssl_certificate_key access_log"
            " auth_basic auth_basic_user_file charset expires limit_rate limit_rate_after proxy_method proxy_set_body"
            " proxy_store secure_link secure_link_md5".split(),
            _FIRST,
        ),
        **dict.fromkeys(
            "return try_files index proxy_cache_bypass proxy_no_cache fastcgi_cache_bypass fastcgi_no_cache"
            " uwsgi_cache_bypass uwsgi_no_cache scgi_cache_bypass scgi_no_cache".split(),
            _ALL,
        ),
        "rewrite": slice(1, 2),
        "sub_filter": _ALL,
    }
)
"""Directives that read variables -> in which of their arguments: https://nginx.org/en/docs/dirindex.html"""
_LITERAL = frozenset(["geo", "split_clients", "types", "charset_map", "match"])
"""Blocks whose lines are no directives, and name nothing: `$x` is a text there."""
_DECLARING = frozenset(["map", "geo", "split_clients", "set", "auth_request_set", "log_format", "upstream"])
_PORTED = frozenset(["proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"])
"""Directives that name an address with its port, or an upstream: `proxy_pass` in `stream {}`, and where no scheme stands."""
_NEVER_DECLARING = frozenset(["if", "location", "server_name", "listen"])
_ADVICE = {
    "$connection_upgrade": "; write `map $http_upgrade $connection_upgrade { default upgrade; '' close; }` in `http {}`"
}


class Expanded(msgspec.Struct, eq=False):
    """The blocks of one nginx with their includes put in. inside: what stands in a block with includes, by the block's identity."""

    includes: Includes
    inside: dict[int, list[Directive]] = {}

    def walk(self, tree: list[Directive]) -> Iterator[tuple[Directive, bool]]:
        """Every directive in its order, and whether it is a line of a `map`. Raises Gap where one is not here."""
        pending = [iter(self._lines(tree, ""))]
        while pending:
            for directive, is_value in pending[-1]:
                yield directive, is_value
                if directive.block is not None:
                    pending.append(iter(self._lines(directive.block, directive.name)))
                    break
            else:
                pending.pop()

    def _lines(self, block: list[Directive], owner: str) -> Iterator[tuple[Directive, bool]]:
        inside = self.inside.get(id(block))
        if inside is not None and not all(map(self._is_here, block)):
            raise Gap
        source = None
        for directive in block if inside is None else inside:
            if directive.splice or directive.missing or directive.name in ("include", "load_module"):
                raise Gap
            if directive.source is not source:
                source = directive.source
                if source.is_template:
                    raise Gap
            if owner not in _LITERAL:
                yield directive, owner == "map"

    def _is_here(self, line: Directive) -> bool:
        """Whether what an include brings can be seen, or is known to declare nothing."""
        if line.name != "include" or line.block is not None:
            return True
        return bool(self.includes.reached.get(id(line))) or declares_nothing(" ".join(line.args))

    def takes_more(self, tree: list[Directive]) -> bool:
        """Whether some pattern may take files that are not here: one of a folder of the server, to which an image may add."""
        seen: set[str] = set()
        pending = [tree]
        while pending:
            for line in (line for top in pending.pop() for line in top.walk()):
                if line.name != "include" or line.block is not None:
                    continue
                if self._is_of_server(line):
                    return True
                paths = [path for path in self.includes.reached.get(id(line), ()) if path not in seen]
                seen.update(paths)
                pending += [self.includes.tree(path) or [] for path in paths]
        return False

    def _is_of_server(self, include: Directive) -> bool:
        """Whether an include takes what there is in a folder of the server, of which nobody says where it is kept."""
        argument = " ".join(include.args)
        if include.source.dump or not argument.startswith("/") or not is_glob(argument):
            return False
        folders = self.includes.project.settings.nginx.include_paths
        return not any(argument.startswith(f"{folder.rstrip('/')}/") for folder in folders)


class Gap(Exception):
    """Something of an nginx is not here."""


class _Usage(msgspec.Struct, eq=False):
    """What is declared, and what is used: where first, and what nginx says where it is not declared."""

    declared: set[str] = set()
    used: dict[str, tuple[Directive, str]] = {}
    directives: set[str] = set()

    def read(self, directive: Directive) -> None:
        """Take a directive in."""
        name = directive.name
        self.directives.add(name)
        if not _names_something(name) or (name in _PORTED and directive.args and ":" in directive.args[0]):
            for text in directive.args:
                if "$" in text or "(?" in text:
                    break
            else:
                return
        for key, message in _uses(directive.name, directive.args):
            self.used.setdefault(key, (directive, message))
        self.declared.update(_declarations(directive))

    def read_value(self, line: Directive) -> None:
        """Take a line of a `map` in."""
        self.declared.update(_named_groups([line.name]))
        for key, message in _variables_in(line.args):
            self.used.setdefault(key, (line, message))

    @property
    def missing(self) -> dict[str, tuple[Directive, str]]:
        """What is used and not declared."""
        return {key: use for key, use in self.used.items() if key not in self.declared and not _is_of_nginx(key)}


def find_undeclared(tree: list[Directive], expanded: Expanded) -> list[Unreadable]:
    """What nginx says of names that nothing declares, once each; nothing where not all of this nginx is here. tree: a main
    file."""
    names = _Usage()
    read: dict[bool, set[int]] = {False: set(), True: set()}  # lines that read alike share their arguments
    try:
        for directive, is_value in expanded.walk(tree):
            if id(directive.args) not in read[is_value]:
                read[is_value].add(id(directive.args))
                names.read_value(directive) if is_value else names.read(directive)
    except Gap:
        return []
    missing = names.missing
    if not missing or any(map(_is_filled_in, missing.values())) or _has_foreign_modules(names.directives):
        return []
    if expanded.takes_more(tree):
        return []
    return [
        Unreadable(f"nginx would refuse this file: {message}{_ADVICE.get(key, '')}", directive.where)
        for key, (directive, message) in missing.items()
    ]


def _is_filled_in(use: tuple[Directive, str]) -> bool:
    """Whether a name is written as those are that something fills in before nginx starts: `$BACKEND`."""
    _, message = use
    return message.partition('"')[2].partition('"')[0].isupper()


def _has_foreign_modules(names: Iterable[str]) -> bool:
    """Whether some directive is of no module that nginx comes with: it may declare variables."""
    from crossplane.analyzer import DIRECTIVES

    return any(name not in DIRECTIVES for name in names)


@cache
def _names_something(name: str) -> bool:
    """Whether a directive may use, or declare, what is none of its variables."""
    is_declaring = name in _DECLARING or name.endswith(("_zone", "_cache_path"))
    is_naming = name in ("limit_req", "limit_conn", "access_log", *_CACHES) or name in _PORTED
    return is_declaring or is_naming or name.startswith("$")


def _uses(name: str, args: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What a directive needs to be declared, each with what nginx says where it is not."""
    if name in ("limit_req", "limit_conn"):
        zones = [text[5:] for text in args if text.startswith("zone=")] if name == "limit_req" else args[:1]
        yield from ((f"{name}_zone {zone}", f'zero size shared memory zone "{zone}"') for zone in zones)
    elif name in _CACHES and len(args) == 1 and args[0] != "off" and "$" not in args[0]:
        yield f"{name} {args[0]}", f'"{name}" zone "{args[0]}" is unknown'
    elif name == "access_log" and len(args) > 1 and args[1] != "combined" and not {"=", "$"} & set(args[1]):
        yield f"format {args[1]}", f'unknown log format "{args[1]}"'
    elif name in _PORTED and len(args) == 1 and args[0] and not {":", "$"} & set(args[0]):
        yield f"upstream {args[0].lower()}", f'no port in upstream "{args[0]}"'
    yield from _variables_in(_texts_read(name, args))


def _texts_read(name: str, args: Sequence[str]) -> Sequence[str]:
    """The arguments in which a directive looks for variables."""
    if name in _READING:
        return args[_READING[name]]
    if name != "if":
        return ()
    return args[:2] if EXPRESSIONS & set(args) else args


def _variables_in(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in texts:
        for found in VARIABLE.finditer(text) if "$" in text else ():
            if name := found[1] or found[3]:
                yield f"${name.lower()}", f'unknown "{name}" variable'


def _declarations(directive: Directive) -> Iterator[str]:
    """The names that a directive declares, or may declare where it is none of those that are known to read them."""
    name, args = directive.name, directive.args
    yield from _named_groups(args)
    if name.startswith("$"):
        yield name.lower()
    elif name in ("map", "geo", "split_clients"):
        yield from (text.lower() for text in args[-1:])
    elif name in ("set", "auth_request_set"):
        yield from (text.lower() for text in args[:1])
    elif name == "upstream":
        yield from (f"upstream {text.lower()}" for text in args[:1])
    elif name == "log_format":
        yield from (f"format {text}" for text in args[:1])
    elif name.endswith(("_zone", "_cache_path")):
        zones = (text.partition("zone=")[2].partition(":")[0] for text in args if "zone=" in text)
        yield from (f"{name.removesuffix('_path')} {zone}" for zone in zones)
    elif name not in _READING and name not in _NEVER_DECLARING:
        yield from (text.lower() for text in args if text.startswith("$"))


def _named_groups(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        if "(?" in text:
            yield from (f"${group.lower()}" for group in NAMED_GROUP.findall(text))


def _is_of_nginx(key: str) -> bool:
    return key.startswith("$") and is_built_in(key[1:])
