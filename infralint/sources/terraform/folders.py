"""Folders of Terraform files: what they declare, override files merged in, and what modules they call."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec

from infralint.cache.recording import watch_names
from infralint.model import Location, Unreadable
from infralint.project import CantRead, Project, refuse_binary
from infralint.project.walking import leads_out
from infralint.sources.terraform.budget import STEPS, SharedBudget
from infralint.sources.terraform.hcl import LABELS, Attribute, Block, HclError, HclFile, Literal, find_wrong_byte, parse
from infralint.text.lazy import lazy
from infralint.text.suggestions import CODE, hint
from infralint.text.wording import plural

VALUES = (".tfvars", ".tfvars.json")
LOCK = ".terraform.lock.hcl"
TOFU = (".tofu", ".tofu.json")
ENDINGS = (".tf", ".tf.json", *TOFU)

BALANCERS = (
    b"aws_lb",
    b"aws_alb",
    b"aws_elb",
    b"aws_cloudfront_distribution",
    b"aws_api_gateway_rest_api",
    b"aws_apigatewayv2_api",
    b"aws_lambda_function_url",
    b"aws_apprunner_service",
    b"aws_elastic_beanstalk_environment",
    b"aws_globalaccelerator_accelerator",
    b"aws_vpclattice_service",
    b"azurerm_application_gateway",
    b"azurerm_app_service",
    b"azurerm_linux_web_app",
    b"azurerm_windows_web_app",
    b"azurerm_container_app",
    b"azurerm_cdn_frontdoor_route",
    b"cloudflare_record",
    b"cloudflare_dns_record",
    b"cloudflare_tunnel_config",
    b"cloudflare_zero_trust_tunnel_cloudflared_config",
    b"google_cloud_run_service",
    b"google_cloud_run_v2_service",
    b"google_compute_backend_service",
    b"google_compute_region_backend_service",
    b"kubernetes_ingress",
    b"service_connect_configuration",
    b"terraform-aws-modules/cloudfront",
    b"terraform-aws-modules/terraform-aws-cloudfront",
    b"terraform-aws-modules/apigateway-v2",
    b"terraform-aws-modules/terraform-aws-apigateway-v2",
    b"create_lambda_function_url",
)
"""A cheap look for what may become a hop."""
HELPERS = (
    b"aws_ecs_",
    b"aws_service_discovery_",
    b"aws_autoscaling_",
    b"aws_appautoscaling_",
    b"aws_api_gateway_",
    b"aws_apigatewayv2_",
    b"aws_cloudfront_",
    b"aws_lambda_function",
    b"aws_lambda_alias",
    b"aws_route53_record",
    b"aws_globalaccelerator_",
    b"aws_vpclattice_",
    b"azurerm_cdn_frontdoor_",
    b"azurerm_service_plan",
    b"helm_release",
    b"kubectl_manifest",
    b"kubernetes_",
    b"cloudflare_zone_setting",
    b"google_compute_region_network_endpoint_group",
    b"google_compute_region_url_map",
    b"google_compute_url_map",
    b"terraform-aws-modules/lambda",
    b"terraform-aws-modules/terraform-aws-lambda",
)
_CHART = lazy(rb"\bchart\"?\s*[=:]\s*\"(?:\./|\.\./|\$\{path\.)")
_OBJECT = lazy(
    rb"yamldecode|file\(|Ingress|HTTPRoute|GRPCRoute|HTTPProxy|VirtualService|TargetGroupBinding|\"Route\""
    rb"|\b(?:yaml_body|manifest)\"?\s*[=:]\s*[^<{\s]"
)
_RELEASING = ((_CHART, (b"helm_release",)), (_OBJECT, (b"kubernetes_manifest", b"kubectl_manifest")))
"""What a local chart is given with, and objects of Kubernetes that send requests on or are written out elsewhere, each
with the resources that it stands in."""
_OF_OBJECTS = (b"helm_release", b"kubernetes_", b"kubectl_manifest")
"""Those of the words without which none of these is there."""
_RESOURCE_SIZE = 3000
"""Bytes in front of such words in which their resource begins: a cheap look."""
MODULE_SOURCE = lazy(rb"source(?<!\wsource)\"?\s*[=:]\s*\"([^\"\n]*)\"")
"""An expression that begins with a plain word is looked for by that word: `\\bsource` would take thirty times as long."""
SPOKEN = (b"idle_timeout", b"load_balancer_", b"lb_", b"_alb", b"_nlb", b"_elb", b"_lb", b"listeners")
"""A cheap look for the next."""
SPEAKING = lazy(
    rb"\b(?:idle_timeout|load_balancer_type|(?:create|enable|with)_(?:alb|nlb|elb|lb|load_balancer)"
    rb"|(?:https?_|http_tcp_)?listeners"
    rb"|(?:alb|nlb|elb|lb|load_balancer)_(?:name|type|subnets?|idle_timeout|internal|listeners?)"
    rb"|module\.[\w-]+(?:\[[^\]\n]{0,200}\])?\.(?:\w+_)?(?:alb|nlb|elb|lb|load_balancer)_\w+)\b"
)
"""What the inputs and outputs of a module say that makes a load balancer of its own."""
_PLAN = lazy(rb'^(?:\xef\xbb\xbf)?\s*\{\s*"format_version"\s*:')
_SORTED_PLAN = lazy(rb'^(?:\xef\xbb\xbf)?\s*\{\s*"(?:applyable|checks|complete|configuration|errored)"\s*:')
"""How a plan or a state begins whose keys somebody sorted (`jq -S`)."""
_PLAN_VERSION = lazy(rb'"format_version"\s*:\s*"[0-9]')
LARGEST_PLAN = 300 * 1024 * 1024
"""Bytes of a plan: it is written by a machine and may be long."""
BALANCING = lazy(rb"(?i)lb|balancer")


_NEVER_OVERRIDING = frozenset({"check", "import", "moved"})
"""Blocks that are refused in an override file. https://developer.hashicorp.com/terraform/language/files/override"""


class Folder(msgspec.Struct):
    """What the Terraform files of one folder declare, by name.

    moves: blocks that say what becomes of resources (`moved`, `removed`, `import`), and those of other
    kinds that declare nothing. refused: what Terraform would not take, and where. baseless: what override files change
    that no other file read so far declares, each with its place. is_whole: whether nothing is left out that Terraform
    would read, so that a name which is not here is nowhere.
    """

    path: str
    variables: dict[str, Block] = {}
    locals: dict[str, Attribute] = {}
    resources: dict[tuple[str, str], Block] = {}
    data: dict[tuple[str, str], Block] = {}
    ephemeral: dict[tuple[str, str], Block] = {}
    calls: dict[str, Block] = {}
    outputs: dict[str, Block] = {}
    providers: list[Block] = []
    settings: list[Block] = []
    checks: dict[str, Block] = {}
    moves: list[Block] = []
    broken: list[str] = []
    refused: list[Unreadable] = []
    baseless: list[tuple[str, Location]] = []
    is_whole: bool = True

    def add(self, body: Block, override: bool = False) -> None:
        """Take in a file's blocks; those of an override file change what is there."""
        for attribute in body.attributes.values():
            self._refuse(attribute.where, f"`{attribute.name}` can't stand outside a block")
        for block in body.blocks:
            expected = LABELS.get(block.type)
            if expected is None:
                self._refuse(block.where, f"knows no block of the type `{block.type}`{hint(block.type, LABELS, CODE)}")
            elif len(block.labels) != expected:
                self._refuse(block.where, f"a block `{block.type}` has {plural(expected, 'label')}")
            else:
                self._add(block, override)

    def _add(self, block: Block, override: bool) -> None:
        if override and block.type in _NEVER_OVERRIDING:
            self._refuse(block.where, f"a block `{block.type}` can't stand in an override file")
        elif block.type == "locals":
            for inner in block.blocks:
                self._refuse(inner.where, f"`locals` takes no blocks; write `{inner.type} = {{ … }}`")
            for name, attribute in block.attributes.items():
                if name in self.locals and not override:
                    self._refuse_twice(attribute.where, f"local.{name}", self.locals[name].where)
                    continue
                if name not in self.locals and override:
                    self.baseless.append((f"local.{name}", attribute.where))
                self.locals[name] = attribute
        elif (home := self._home(block)) is not None:
            key: Any = block.labels if len(block.labels) > 1 else block.labels[0]
            if key not in home:
                home[key] = block
                if override:
                    self.baseless.append((_address(block), block.where))
            elif override:
                home[key] = merge(home[key], block)
            else:
                self._refuse_twice(block.where, _address(block), home[key].where)
        else:
            listed = {"provider": self.providers, "terraform": self.settings}
            listed.get(block.type, self.moves).append(block)

    def refuse_baseless(self) -> None:
        """Refuse what override files change and no other file declares: asked once all files of the folder are here."""
        for address, where in self.baseless:
            self._refuse(
                where, f"{address} stands in an override file alone, and one changes only what another file declares"
            )

    def all_blocks(self) -> Iterator[Block]:
        """Every block but `locals`, in no order that matters."""
        for home in (self.variables, self.outputs, self.calls, self.checks):
            yield from home.values()
        for blocks in (self.resources, self.data, self.ephemeral):
            yield from blocks.values()
        yield from (*self.providers, *self.settings, *self.moves)

    def _refuse(self, where: Location, why: str) -> None:
        self.refused.append(Unreadable(f"Terraform refuses this: {why}", where))

    def _refuse_twice(self, where: Location, address: str, first: Location) -> None:
        self._refuse(where, f"{address} is declared a second time, first at {first}")

    def _home(self, block: Block) -> dict[Any, Block] | None:
        homes: dict[str, dict[Any, Block]] = {
            "variable": self.variables,
            "output": self.outputs,
            "module": self.calls,
            "resource": self.resources,
            "data": self.data,
            "ephemeral": self.ephemeral,
            "check": self.checks,
        }
        return homes.get(block.type)


def _address(block: Block) -> str:
    """What a block is called in other places."""
    names = {"resource": (), "variable": ("var",)}.get(block.type, (block.type,))
    return ".".join((*names, *block.labels))


def merge(block: Block, override: Block) -> Block:
    """A block with an override's arguments; nested blocks of a type are replaced together.

    https://developer.hashicorp.com/terraform/language/files/override
    """
    replaced = {_kind(inner) for inner in override.blocks}
    kept = [inner for inner in block.blocks if _kind(inner) not in replaced]
    return Block(
        block.type,
        block.labels,
        block.start,
        block.header,
        block.source,
        {**block.attributes, **override.attributes},
        [*kept, *override.blocks],
        block.end,
    )


def _kind(block: Block) -> str:
    return block.labels[0] if block.type == "dynamic" and block.labels else block.type


def is_override(path: str) -> bool:
    """`override.tf`, `alb_override.tf`, and the same with .tf.json."""
    stem = _stem(path)
    return stem == "override" or stem.endswith("_override")


def _stem(path: str) -> str:
    """A file's name without the ending that makes it Terraform's."""
    name = path.rpartition("/")[2]
    return next(name.removesuffix(ending) for ending in (*reversed(ENDINGS), "") if name.endswith(ending))


def is_ignored(path: str) -> bool:
    """Whether Terraform passes a file over: hidden ones, and what editors leave behind.

    https://developer.hashicorp.com/terraform/language/files
    """
    name = path.rpartition("/")[2]
    return name.startswith(".") or name.endswith("~") or (name.endswith("#") and name.startswith("#"))


def counting_files(paths: Iterable[str]) -> list[str]:
    """The files of a folder that count: one of OpenTofu's stands for the one of Terraform's of the same name."""
    listed = [path for path in paths if path.endswith(ENDINGS) and not is_ignored(path)]
    tofu = {_stem(path) for path in listed if path.endswith(TOFU)}
    if not tofu:
        return listed
    return [path for path in listed if path.endswith(TOFU) or _stem(path) not in tofu]


AT_ONCE = 1024 * 1024
"""Bytes of several folders that are searched together: few of the words stand in any of them."""


def _group_by_beginning(words: Iterable[bytes]) -> dict[bytes, re.Pattern[bytes]]:
    """How words begin (`aws_`, `google_c`) -> an expression that finds all of them: a text is gone through once for these."""
    groups: dict[bytes, list[bytes]] = {}
    for word in words:
        groups.setdefault(re.split(rb"[_-]", word, maxsplit=1)[0], []).append(word)
    found = {}
    for group in groups.values():
        first, last = min(group), max(group)
        begin = first[: next((at for at, byte in enumerate(first) if last[at : at + 1] != bytes((byte,))), len(first))]
        rests = sorted((re.escape(word[len(begin) :]) for word in group), reverse=True)  # the longer of two comes first
        found[begin] = lazy(re.escape(begin) + b"(?=(" + b"|".join(rests) + b"))")
    return found


_WORDS = (*BALANCERS, *HELPERS)
_BY_BEGINNING = _group_by_beginning(_WORDS)


def find_present(together: bytes) -> frozenset[bytes]:
    """Those of the words that stand in a text."""
    longest = [
        begin + rest
        for begin, words in _BY_BEGINNING.items()
        if begin in together
        for rest in set(words.findall(together))
    ]
    return frozenset(word for word in _WORDS if any(found.startswith(word) for found in longest))


def _is_releasing(content: bytes) -> bool:
    return any(
        content.rfind(resource, max(0, found.start() - _RESOURCE_SIZE), found.start()) >= 0
        for words, resources in _RELEASING
        if any(resource in content for resource in resources)
        for found in words.finditer(content)
        for resource in resources
    )


def _mentions(content: bytes, words: Sequence[bytes]) -> bool:
    return any(word in content for word in words)


class _Words:
    """The words that are looked for, as far as they stand in some folders at all."""

    def __init__(self, contents: Iterable[bytes]) -> None:
        together = b"\n".join(contents)
        present = find_present(together)
        self.of_balancers = [word for word in BALANCERS if word in present]
        self.of_helpers = [word for word in HELPERS if word in present]
        self.of_objects = [word for word in _OF_OBJECTS if word in present]
        self.has_sources = together.count(b"source") > together.count(b"resource")

    @property
    def are_none(self) -> bool:
        return not (self.of_balancers or self.of_helpers or self.has_sources)


class _Scan(msgspec.Struct):
    """What a cheap look at all files finds.

    seeds: folders that mention load balancers; helpers: those that mention what stands behind one;
    calls: the local folders that a folder calls; far: the sources of other modules; size: of all,
    in bytes.
    """

    seeds: set[str] = set()
    helpers: set[str] = set()
    calls: dict[str, set[str]] = {}
    far: dict[str, list[str]] = {}
    size: int = 0


class TerraformFolders:
    """All Terraform folders of a project: files are read once, and parsed where they matter."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.unreadable: list[Unreadable] = []
        self._parsed: dict[str, Folder] = {}
        self._unchecked: list[Folder] = []

    @cached_property
    def budget(self) -> SharedBudget:
        """What all roots may spend together: more where there is more to read."""
        return SharedBudget(2 * STEPS + 2 * self._scanned.size)

    def take_unchecked(self) -> list[Folder]:
        """The folders that were asked for since this was called last."""
        found, self._unchecked = self._unchecked, []
        return found

    def find_plans(self) -> list[str]:
        """The files that begin as plans and states do (`terraform show -json`)."""
        project, paths = self.project, self.project.files_ending("json")
        asked = {path for path in paths if project.was_asked_about(path)}
        others = project.glance_at_all("plan", (path for path in paths if path not in asked), self._begins_as_plan)
        return sorted([*(path for path in asked if self._may_be_plan(path)), *others])

    def _may_be_plan(self, path: str) -> bool:
        """A look at a file that was asked for: somebody may have sorted the keys of a plan."""
        try:
            return self._names_version(path)
        except CantRead:
            return self._begins_as_plan(path)

    def _names_version(self, path: str) -> bool:
        return bool(_PLAN_VERSION.search(self.project.searchable(path, LARGEST_PLAN)))

    def _begins_as_plan(self, path: str) -> bool:
        head = self.project.head(path, 200)
        return bool(_PLAN.match(head)) or (bool(_SORTED_PLAN.match(head)) and self._names_version(path))

    @cached_property
    def files(self) -> dict[str, list[str]]:
        """Folder -> its Terraform files."""
        found: dict[str, list[str]] = {}
        for path in self.project.files_ending(*(ending.rpartition(".")[2] for ending in ENDINGS)):
            if path.endswith(ENDINGS):
                found.setdefault(path.rpartition("/")[0], []).append(path)
        counted = {folder: counting_files(paths) for folder, paths in found.items()}
        return {folder: paths for folder, paths in counted.items() if paths}

    def has_files(self, folder: str) -> bool:
        """Whether Terraform files lie in a folder, listed or below `.terraform`."""
        return folder in self.files or bool(self._unlisted_files(folder))

    @cached_property
    def values(self) -> dict[str, list[str]]:
        """Folder -> the files of values and lock files in it."""
        found: dict[str, list[str]] = {}
        for path in self.project.files_ending(*(ending.rpartition(".")[2] for ending in (*VALUES, LOCK))):
            if path.endswith((*VALUES, LOCK)):
                found.setdefault(posixpath.dirname(path), []).append(path)
        return found

    @cached_property
    def _scanned(self) -> _Scan:
        """A cheap look at all files, before any is parsed."""
        found = _Scan()
        contents: dict[str, bytes] = {}
        size = 0
        for folder, paths in self.files.items():
            contents[folder] = b"\n".join(map(self._bytes, paths))
            size += len(contents[folder])
            if size >= AT_ONCE:
                self._scan(contents, found)
                contents, size = {}, 0
        self._scan(contents, found)
        return found

    def _scan(self, contents: Mapping[str, bytes], found: _Scan) -> None:
        """Look at the contents of some folders."""
        words = _Words(contents.values())
        found.size += sum(map(len, contents.values()))
        if words.are_none:
            for folder in contents:
                found.calls[folder] = set()
            return
        for folder, content in contents.items():
            sources = MODULE_SOURCE.findall(content) if words.has_sources else []
            is_hop = _mentions(content, words.of_balancers) or any(map(BALANCING.search, sources))
            if is_hop or (_mentions(content, words.of_objects) and _is_releasing(content)):
                found.seeds.add(folder)
            if _mentions(content, words.of_helpers):
                found.helpers.add(folder)
            near = {join(folder, source.decode(errors="replace")) for source in sources if source.startswith(b".")}
            found.calls[folder] = {target for target in near if target is not None}
            if any(target not in self.files for target in near):
                found.seeds.add(folder)  # a module that is not here may hold anything
            found.far[folder] = [source.decode(errors="replace") for source in sources if not source.startswith(b".")]
            if found.far[folder] and _mentions(content, SPOKEN) and SPEAKING.search(content):
                found.seeds.add(folder)

    def _bytes(self, path: str) -> bytes:
        try:
            content = self.project.searchable(path)
            refuse_binary(content)
            return content
        except CantRead as error:
            self.unreadable.append(self.project.unreadable(path, error))
            return b""

    @property
    def calls(self) -> dict[str, set[str]]:
        """Folder -> local folders that it calls as modules."""
        return self._scanned.calls

    @property
    def far_modules(self) -> dict[str, list[str]]:
        """Folder -> the sources of modules that are not local."""
        return self._scanned.far

    @cached_property
    def leading(self) -> frozenset[str]:
        """Folders with a load balancer in them, or in a module below them."""
        return self._closure(self._scanned.seeds)

    @cached_property
    def telling(self) -> frozenset[str]:
        """Folders that say something of load balancers or of what stands behind them."""
        return self._closure(self._scanned.seeds | self._scanned.helpers)

    @cached_property
    def callers(self) -> dict[str, set[str]]:
        """Folder -> folders that call it."""
        found: dict[str, set[str]] = {}
        for caller, targets in self.calls.items():
            for target in targets:
                found.setdefault(target, set()).add(caller)
        return found

    def _closure(self, seeds: Iterable[str]) -> frozenset[str]:
        found, pending = set(seeds), list(seeds)
        while pending:
            for caller in self.callers.get(pending.pop(), ()):
                if caller not in found:
                    found.add(caller)
                    pending.append(caller)
        return frozenset(found)

    def folder(self, path: str) -> Folder:
        """A folder's declarations; files that can't be read are reported and left out."""
        if path not in self._parsed:
            self._parsed[path] = self._load(path)
            self._unchecked.append(self._parsed[path])
        return self._parsed[path]

    def _load(self, path: str) -> Folder:
        folder = Folder(path)
        paths = self.files.get(path) or self._unlisted_files(path)
        for file in sorted(paths, key=lambda path: (is_override(path), path)):
            body = self.parse(file)
            if body is None:
                folder.broken.append(self.project.show(file))
            else:
                folder.add(body, is_override(file))
        is_complete = not folder.broken and self._is_complete(path, paths)
        if is_complete:
            folder.refuse_baseless()
        folder.is_whole = is_complete and not folder.refused
        self.unreadable += folder.refused
        return folder

    def called_folder(self, folder: Folder, call: Block) -> Folder | None:
        """The local folder that a call names, where that was asked for and all of it could be read."""
        source = call.attributes.get("source")
        text = source.value.value if source and isinstance(source.value, Literal) else None
        path = join(folder.path, text) if isinstance(text, str) and text.startswith(("./", "../")) else None
        found = self._parsed.get(path) if path is not None else None
        return found if found is not None and found.is_whole else None

    def _is_complete(self, path: str, paths: Sequence[str]) -> bool:
        """Whether these are all files of a folder: settings may exclude some, and links may lead out."""
        return len(self._unlisted_files(path)) <= len(paths)

    def leads_out(self, folder: str) -> bool:
        """Whether a folder lies behind a link that leads out of the project."""
        try:
            return not self._inside(folder)
        except (OSError, ValueError, RuntimeError):
            return False

    def text(self, path: str) -> str:
        """A file's text. Raises CantRead, also where a folder on the way is a link that leads out of the project."""
        if path not in self.project.file_set and not self._inside(path):
            raise CantRead("lies behind a link that leads out of the project; infralint does not follow it")
        return self.project.text(path)

    def _inside(self, path: str) -> bool:
        root = str(self.project.root)
        return path in self.files or not leads_out(os.path.join(root, path), root)

    def _unlisted_files(self, path: str) -> list[str]:
        """Files of a folder below `.terraform`, which the project does not list."""
        watch_names(os.path.join(self.project.root, path))
        try:
            names = os.listdir(os.path.join(self.project.root, path)) if self._inside(path) else []
        except (OSError, ValueError):
            return []
        return [posixpath.join(path, name) for name in counting_files(names)]

    def parse(self, path: str) -> Block | None:
        """A file's blocks, or None if it can't be read, which is reported."""
        try:
            text = self.text(path)
        except CantRead as error:
            self.unreadable.append(self.project.unreadable(path, error))
            return None
        source = HclFile(self.project.show(path), text)
        try:
            if not text.isascii() and (offset := find_wrong_byte(self.project.bytes(path))) is not None:
                raise HclError("holds a byte that is not UTF-8; save the file as UTF-8", offset)
            return parse(source)
        except HclError as error:
            where = source.at(error.offset)
            self.unreadable.append(
                Unreadable(error.complaint("is not valid Terraform"), Location(where.path, where.line, where.column))
            )
            return None

    def installed_modules(self, root: str) -> dict[str, str]:
        """Module address (`alb.inner`) -> folder, as `terraform init` noted for a root; empty where it has not run."""
        path = posixpath.join(root, ".terraform/modules/modules.json")
        try:
            entries = json.loads(self.text(path)).get("Modules", [])
        except (CantRead, ValueError, AttributeError, RecursionError):
            return {}
        if not isinstance(entries, list):
            return {}
        found = {
            str(entry.get("Key")): join(root, str(entry.get("Dir", ""))) for entry in entries if isinstance(entry, dict)
        }
        return {key: folder for key, folder in found.items() if folder is not None}


def join(folder: str, path: str) -> str | None:
    """A path relative to a folder, as a path of the project; None if it leads out of it."""
    found = posixpath.normpath(posixpath.join(folder, path))
    if found == "..":
        return None
    return None if found.startswith(("../", "/")) else found.removeprefix("./") if found != "." else ""
