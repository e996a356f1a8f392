"""Where a router answers: prefixes joined over mounts, groups, parameters and files, from a route up to its application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from infralint.sources.application.blocks import BlockPrefixes
from infralint.sources.application.calls import argument_of, names_in, splats
from infralint.sources.application.class_prefixes import ClassPrefixes
from infralint.sources.application.django_paths import DjangoPaths
from infralint.sources.application.go_wrappers import GoWrappers
from infralint.sources.application.heads import DEEPEST, NOWHERE, Head, PathVersion, bound_heads
from infralint.sources.application.languages import CONDITIONS
from infralint.sources.application.loops import find_iterations
from infralint.sources.application.matching import Rulebook, RuleMatcher
from infralint.sources.application.method_uses import MethodUses
from infralint.sources.application.mounts import Mounts
from infralint.sources.application.paths import ROOT, UNKNOWN, Path, path_of
from infralint.sources.application.program import ProjectModules
from infralint.sources.application.rack_paths import RackPaths
from infralint.sources.application.registrations import Registration, Registrations
from infralint.sources.application.resolving import (
    Instance,
    Meaning,
    Parameter,
    ResolvedExpression,
    is_extension,
    receiver_type,
)
from infralint.sources.application.rulebook import MountCall, Rules, SubrouterCall
from infralint.sources.application.spring_paths import SpringPaths
from infralint.sources.application.syntax import HOLE, Assignment, Call, Definition, SourceModule, SourceSpan, span_of
from infralint.sources.application.uses import Uses

if TYPE_CHECKING:
    from ast_grep_py import SgNode

MOST_BRANCHES = 4
"""Values that a variable is given in a function which are looked at, the last ones."""
MOST_STEPS = 2_000
"""Uses of routers that are followed to their mounts, in a project: a large one needs hundreds."""
_HANDED_AS = frozenset({"routes", "middleware", "router", "callback", "handler", "wsgi_app", "asgi_app", "fetch"})
"""Members by which a router is mounted: `app.use(router.routes())`, `DispatcherMiddleware(app.wsgi_app, …)`."""
_CALLABLES = (".wsgi_app", ".asgi_app")
"""What an application is called by its server as: what is put in its place is served from the root."""
_PREFIX_OPTIONS = frozenset({"prefix", "script_name", "base_path", "url_prefix"})


class Joiner:
    """Joins the routes of a project. cut: files with a router that is used in more places than are looked at."""

    def __init__(self, program: ProjectModules, rulebook: Rulebook) -> None:
        self.program = program
        self.rulebook = rulebook
        self.matcher = RuleMatcher(program, rulebook)
        self.resolver = self.matcher.resolver
        self.uses = Uses(program)
        self.registrations = Registrations(self.matcher)
        self.mounts = Mounts(self.matcher)
        self.methods = MethodUses(
            program, self.resolver, lambda module, span: self.registrations.first_at(module, span) is not None
        )
        self._blocks = BlockPrefixes(self.matcher)
        self._classes = ClassPrefixes(program, self.resolver, self.uses)
        self._django = DjangoPaths(program, self.resolver, self.heads_of)
        self._wrappers = GoWrappers(program, self.resolver)
        self._rack = RackPaths(program, self.resolver)
        self._spring = SpringPaths(program)
        self._pending: set[object] = set()
        self._known_heads: dict[object, list[Head]] = {}
        self._following: set[tuple[str, SourceSpan]] = set()
        self._members_of_others: dict[tuple[str, SourceSpan], bool] = {}
        self._steps = 0
        self.cut: set[str] = set()

    def forget(self, path: str) -> None:
        """Lets go of a file that says nothing, so that its tree leaves memory."""
        self.registrations.forget(path)
        self.mounts.forget(path)
        self._blocks.forget(path)
        self.program.forget(path)

    def heads(self, registration: Registration, tail: Path) -> list[Head]:
        """The prefixes that a route's router answers under. tail: the route's own path."""
        base = self._spring.before(registration)
        heads = [self._with_version(registration, head) for head in self._heads_of_route(registration, tail)]
        return [Head(base.join(head.path), head.home) for head in heads] if base != ROOT else heads

    def _with_version(self, registration: Registration, head: Head) -> Head:
        """A prefix with the version before it that its routers, or the route itself, set."""
        shape, call = registration.shape, registration.call
        version = self._version(shape.versioned, call).over(head.mounted.over(head.version))
        return Head(version.path.join(head.path), head.home) if version.number else head

    def _version(self, versioned: bool, call: Call) -> PathVersion:
        """The version that a call is given."""
        number, prefix = (call.named.get(name) if versioned else None for name in ("version", "version_prefix"))
        return PathVersion(self._version_text(call.module, number), self._version_text(call.module, prefix))

    def _version_text(self, module: SourceModule, node: SgNode | None) -> str:
        if node is None or node.text() == "None":
            return ""
        number = self.resolver.number(module, node)
        return f"{number:g}" if number is not None else self.resolver.text(module, node) or HOLE

    def _heads_of_route(self, registration: Registration, tail: Path) -> list[Head]:
        call, scope = registration.call, registration.shape.scope
        outer = self._blocks.around(call)
        if scope == "root":
            return [Head(outer, call.module.path)]
        if scope == "class":
            return [Head(outer.join(path), call.module.path) for path in self._classes.before(registration, tail)]
        if scope == "rack":
            paths = self._rack.of_place(call.module, call.span)
            return [Head(path.join(outer), call.module.path) for path in paths]
        if scope == "value":
            alone = Head(ROOT, call.module.path) if registration.shape.served else NOWHERE
            return self._value_heads(call.module, call.span, 0) or [alone]
        if scope == "name" and registration.decorated is not None:
            return self._heads_of_name(registration, registration.decorated)
        if scope == "file":
            if "as_asgi(" in call.node.text():  # Channels' tables stand at the root, wherever urls are included
                return [Head(self._django.root_of_channels, call.module.path)]
            return self._django.heads(call)
        if call.receiver is None or self._is_package(call.module, call.receiver):
            return [Head(outer, call.module.path)]
        return self.heads_of(call.module, call.receiver, 0)

    def _heads_of_name(self, registration: Registration, decorated: Definition) -> list[Head]:
        """Where what a handler is called is mounted; for a method, its class, below the path that the class sets."""
        owner = decorated.owner if decorated.owner is not None and decorated.owner.kind == "class" else None
        uses = self.uses.of(registration.call.module, (owner or decorated).name)
        heads = [head for other, use in uses for head in self._use_heads(other, use, 0)]
        if owner is None:
            return heads or [NOWHERE]
        module = registration.call.module
        inside = (given for given in module.assignments if given.target == "path" and owner.span.has(given.span))
        given = next(inside, None)
        text = self.resolver.text(module, given.value) if given is not None else None
        prefix = path_of(text, registration.rules.style) if given is not None else ROOT
        return [head.extend(prefix) for head in heads or [NOWHERE]]

    def _is_package(self, module: SourceModule, node: SgNode) -> bool:
        """Whether a route is registered with a package's function: `http.HandleFunc`."""
        if module.language.name != "go" or node.text() not in self.program.imports(module):
            return False
        inner = module.definition_at(span_of(node))
        return inner is None or not any(
            node.text() in outer.parameters for outer in inner.around() if outer.kind == "function"
        )

    def heads_of(self, module: SourceModule, node: SgNode | None, depth: int) -> list[Head]:
        """The prefixes that an expression, a router, answers under."""
        values = self._values_by_branch(module, node)
        if len(values) > 1 and depth <= DEEPEST:
            return [head for value in values for head in self.heads_of(module, value, depth + 1)]
        meaning = self.resolver.meaning(module, node)
        member = module.member(node) if node is not None and meaning is None else None
        if member is not None and member[1] in _HANDED_AS:
            return self.heads_of(module, member[0], depth + 1)
        return self.heads_of_meaning(meaning, depth)

    def _values_by_branch(self, module: SourceModule, node: SgNode | None) -> list[SgNode]:
        """What a variable of a function may have been set to, the last first: in branches, and before them."""
        if node is None or node.kind() != "identifier" or module.function_at(span_of(node)) is None:
            return []
        span, found = span_of(node), []
        for assignment in reversed(module.assignments_of(node.text(), span)[-MOST_BRANCHES:]):
            function = module.function_at(assignment.span)
            if assignment.span.has(span) or function is None or not function.span.has(span):
                continue
            found.append(assignment.value)
            if not _is_in_branch(assignment, function):
                break
        return found

    def heads_of_meaning(self, meaning: Meaning | None, depth: int) -> list[Head]:
        if depth > DEEPEST or meaning is None:
            return [NOWHERE]
        key, outermost = _key(meaning), not self._pending
        if key in self._pending or key in self._known_heads:
            return self._known_heads.get(key, [NOWHERE])
        self._pending.add(key)
        try:
            found = self._heads(meaning, depth)
        finally:
            self._pending.discard(key)
        found = bound_heads(found)
        if outermost or NOWHERE not in found:
            self._known_heads[key] = found
        return found

    def _heads(self, meaning: Meaning, depth: int) -> list[Head]:
        match meaning:
            case SourceModule():
                return self.heads_of_meaning(self.resolver.default(meaning), depth + 1)
            case Call():
                return self._call_heads(meaning, depth)
            case Parameter():
                return self._parameter_heads(meaning, depth)
            case ResolvedExpression(module=module, node=node) if node.kind() == "conditional_expression":
                values = node.named_children()[::2]
                return [head for value in values for head in self.heads_of(module, value, depth + 1)]
        return [NOWHERE]

    def _call_heads(self, call: Call, depth: int) -> list[Head]:
        if found := self.matcher.router(call):
            rules, shape = found
            given = self.mounts.given_prefix(rules, shape, call)
            parent = argument_of(call, shape.parent)
            if parent is not None and parent.text() != "None":
                return [head.extend(given) for head in self.heads_of(call.module, parent, depth + 1)]
            mounted = self.mounts_of(call, depth)
            if not mounted and shape.application:
                return [Head(UNKNOWN if self._is_moved(call) else given, call.module.path)]
            version = self._version(shape.versioned, call)
            return [
                replace(
                    head.extend(ROOT if shape.replaced and head.prefixed else given),
                    version=head.mounted.over(version.over(head.version)),
                )
                for head in mounted or [NOWHERE]
            ]
        if (found_group := self.matcher.group(call)) and call.receiver is not None:
            given = self.mounts.given_prefix(*found_group, call)
            parents = self.heads_of(call.module, call.receiver, depth + 1)
            return [parent.extend(given) for parent in parents]
        if (wrapped := self._wrappers.router_within(call)) is not None:
            return self.heads_of(call.module, wrapped, depth + 1)
        if call.receiver is not None:
            return self.heads_of(call.module, call.receiver, depth + 1)
        return [NOWHERE]

    def _is_moved(self, call: Call) -> bool:
        """Whether what stands in place of an application's callable is given a prefix: middleware of the project may ask for it."""
        holder = call.module.assignment_of(call.span)
        placed = (
            call.module.call_of(other.value)
            for other in call.module.assignments
            if holder is not None and other.target in {f"{holder.target}{name}" for name in _CALLABLES}
        )
        return any(made is not None and made.named.keys() & _PREFIX_OPTIONS for made in placed)

    def mounts_of(self, call: Call, depth: int = 0) -> list[Head]:
        """Where the router that a call makes is mounted."""
        return self._value_heads(call.module, call.span, depth)

    def _value_heads(self, module: SourceModule, span: SourceSpan, depth: int) -> list[Head]:
        """Where the value of an expression ends up being mounted: right there, or through its names."""
        key = (module.path, span)
        if depth > DEEPEST or key in self._following:
            return []
        self._following.add(key)
        try:
            found = list(self._mount_at(module, span, depth)) or self._named_heads(module, span, depth)
        finally:
            self._following.discard(key)
        return bound_heads(found)

    def _named_heads(self, module: SourceModule, span: SourceSpan, depth: int) -> list[Head]:
        """Where the names that a value goes by are mounted: its variable, then the function that returns it."""
        function = module.function_at(span)
        holder = module.assignment_of(span)
        found: list[Head] = []
        if holder is not None and holder.target.endswith(_CALLABLES):
            return []
        if holder is not None and self._steps > MOST_STEPS:
            return [NOWHERE]
        if holder is not None:
            name = holder.target.rpartition(".")[2]
            local = function is not None and "." not in holder.target and function.span.has(holder.span)
            uses = (
                self.uses.within(module, name, function)
                if local and function is not None
                else self.uses.of(module, name)
            )
            found = [
                head
                for other, use in uses
                if other is not module or not self._is_another(module, holder, use)
                for head in self._use_heads(other, use, depth)
            ]
            if not found and self.uses.is_cut(module, name):
                self.cut.add(module.path)
        elif function is None:
            found = [
                head for other, use in self.uses.of(module, "default") for head in self._use_heads(other, use, depth)
            ]
        while not found and function is not None:
            for name in self._function_names(function):
                found += [
                    head for other, use in self.uses.of(module, name) for head in self._use_heads(other, use, depth)
                ]
            outer = function.owner
            while outer is not None and outer.kind != "function":
                outer = outer.owner
            function = outer
        return found

    def _is_another(self, module: SourceModule, holder: Assignment, use: SgNode) -> bool:
        """Whether a name within its file stands for something else: for what it stood for before, or a member of another."""
        span = span_of(use)
        if holder.value_span.has(span):
            return True
        if "." in holder.target:
            return False
        key = (module.path, span)
        if key not in self._members_of_others:
            parent = use.parent()
            member = module.member(parent) if parent is not None else None
            self._members_of_others[key] = member is not None and span_of(member[0]) != span
        if not self._members_of_others[key]:
            return False
        around = module.definition_at(holder.span)
        return around is None or around.kind != "class"

    def _use_heads(self, module: SourceModule, use: SgNode, depth: int) -> list[Head]:
        """The prefixes that a use of a router's name puts it under."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            return [NOWHERE]
        span, parent = span_of(use), use.parent()
        if (
            parent is not None and parent.kind() == "list_splat"
        ):  # the grammar takes `[*router.urls]` for `(*router).urls`
            span, parent = span_of(parent), parent.parent()
        member = module.member(parent) if parent is not None else None
        if member is not None and span_of(member[0]) == span and member[1] not in _HANDED_AS:
            if parent is not None and module.language.name == "python" and member[1] in ("urls", "registry"):
                find = self._django.heads_of_urls if member[1] == "urls" else self._django.heads_of_registry
                return find(module, parent, depth)
            return list(self._mount_of_receiver(module, span, depth))
        if found := list(self._mount_at(module, span, depth)):
            return found
        if handed := self._handed_on(module, use, depth):
            return handed
        if looped := list(self._heads_in_loops(module, use, depth)):
            return looped
        holder = module.assignment_of(span)
        call = module.call_of(holder.value) if holder is not None else None
        if call is not None and span_of(call.callee).has(span):
            return self._value_heads(module, call.span, depth + 1)
        return []

    def _heads_in_loops(self, module: SourceModule, use: SgNode, depth: int) -> Iterator[Head]:
        """The prefixes that a loop puts a router of its list under: `for router in routers: app.include_router(router)`."""
        for iteration in find_iterations(module, use):
            for place in iteration.places:
                for rules, shape, call in self.mounts.innermost(module, span_of(place)):
                    written = argument_of(call, shape.prefix)
                    given = iteration.values.get(written.text()) if written is not None else None
                    if given is not None and span_of(given) != span_of(use):
                        prefixes = [path_of(self.resolver.text(module, given), rules.style)]
                    else:
                        prefixes = self.mounts.prefixes(rules, shape, call, span_of(place))
                    parents = self._parents(shape, call, depth)
                    yield from (self._below(shape, call, head, prefix) for prefix in prefixes for head in parents)

    def _mount_of_receiver(self, module: SourceModule, span: SourceSpan, depth: int) -> Iterator[Head]:
        """The prefixes that a router is put under by a method of its own: `api.init_app(app)`."""
        for rules, shape, call in self.mounts.of(module).around(span):
            if shape.child == "receiver" and call.receiver is not None and span_of(call.receiver) == span:
                yield from self._mounted_heads(rules, shape, call, span, depth)

    def _handed_on(self, module: SourceModule, use: SgNode, depth: int) -> list[Head]:
        """A router that is an argument of one of the project's functions: where that mounts its parameter."""
        call, span = module.call_around(use), span_of(use)
        meaning = self.resolver.meaning(module, call.callee) if call is not None and depth <= DEEPEST else None
        if call is None or not isinstance(meaning, Definition) or meaning.kind != "function":
            return []
        names = [name for name in meaning.parameters if name not in ("self", "this", "cls")]
        index = next((at for at, node in enumerate(call.positional) if span_of(node) == span), None)
        if index is None or index >= len(names):
            return []
        mounts = [
            (*found, prefix)
            for home, inner in self.uses.within(meaning.module, names[index], meaning)
            for found in self.mounts.innermost(home, span_of(inner))
            for prefix in self.mounts.prefixes(*found, span_of(inner))
        ]
        return [
            head
            for rules, shape, mount, prefix in mounts
            for head in self._through(rules, shape, mount, prefix, call, names, depth)
        ]

    def _through(
        self, rules: Rules, shape: MountCall, mount: Call, prefix: Path, call: Call, names: list[str], depth: int
    ) -> Iterator[Head]:
        """The prefixes of a mount within a function: below what this call of the function hands it."""
        handed = next((node for name in names_in(shape.prefix) if (node := call.argument(name)) is not None), None)
        if handed is not None and splats(mount):  # what the function puts before it can't be told
            prefix = UNKNOWN.join(path_of(self.resolver.text(call.module, handed), rules.style))
        receiver = mount.receiver.text() if mount.receiver is not None and shape.parent is None else ""
        if receiver in names and names.index(receiver) < len(call.positional):
            parents = self.heads_of(call.module, call.positional[names.index(receiver)], depth + 1)
        else:
            parents = self._parents(shape, mount, depth + 1)
        yield from (self._below(shape, mount, head, prefix) for head in parents)

    def _mount_at(self, module: SourceModule, span: SourceSpan, depth: int) -> Iterator[Head]:
        """The prefixes of mounts that a place is a child of."""
        for rules, shape, call in self.mounts.innermost(module, span):
            yield from self._mounted_heads(rules, shape, call, span, depth)

    def _mounted_heads(
        self, rules: Rules, shape: MountCall, call: Call, span: SourceSpan, depth: int
    ) -> Iterator[Head]:
        """The prefixes that a mount puts a place below, which is its child."""
        for prefix in self.mounts.prefixes(rules, shape, call, span):
            yield from (self._below(shape, call, head, prefix) for head in self._parents(shape, call, depth))

    def _below(self, shape: MountCall, call: Call, head: Head, prefix: Path) -> Head:
        """What a mount makes of a prefix of what it mounts its routers on."""
        inside, version = (
            head.extend(prefix, shape.replaces and bool(prefix.text)),
            self._version(shape.versioned, call),
        )
        if shape.replaces:
            return replace(inside, mounted=version)
        return replace(inside, version=version.over(inside.version))

    def _parents(self, shape: MountCall, call: Call, depth: int) -> list[Head]:
        """The prefixes of what a mount puts its routers below."""
        if shape.parent == "self":
            return self.heads_of_meaning(call, depth + 1)
        if shape.parent == "value":
            nowhere = Head(ROOT, call.module.path) if shape.served else NOWHERE
            return self._value_heads(call.module, call.span, depth + 1) or [nowhere]
        parent = call.argument(shape.parent) if shape.parent is not None else call.receiver
        if parent is not None and self._is_package(call.module, parent):
            parent = None
        return self.heads_of(call.module, parent, depth + 1) if parent is not None else [Head(ROOT, call.module.path)]

    def _parameter_heads(self, parameter: Parameter, depth: int) -> list[Head]:
        """What a function's callers hand it as a router: by calls, mounts, and as the function of a group."""
        definition = parameter.definition
        module = definition.module
        if inner := self._inline(definition):
            rules, group, call = inner
            given = self.mounts.given_prefix(rules, group, call)
            return [head.extend(given) for head in self.heads_of(module, call.receiver, depth + 1)]
        if found := list(self._mount_at(module, definition.span, depth)):
            return found
        is_whole_plugin = self._is_whole_plugin(definition)
        heads: list[Head] = []
        for other, use in self._uses_of_function(definition):
            heads += self._heads_of_argument(other, use, parameter, depth)
        if is_whole_plugin:
            heads = [NOWHERE if head.prefixed else head for head in heads]
        if not heads and self._is_application(parameter):
            return [Head(ROOT, module.path)]
        return list(dict.fromkeys(heads)) or [NOWHERE]

    def _is_application(self, parameter: Parameter) -> bool:
        """Whether a parameter that nobody is seen to hand over is a whole application: one that a container injects."""
        module = parameter.definition.module
        types = (name for rules in self.rulebook.of(module) for name in rules.applications)
        return self._wrappers.is_application(parameter, frozenset(types))

    def _uses_of_function(self, definition: Definition) -> Iterator[tuple[SourceModule, SgNode]]:
        """Where a function is named; a method of Go, on values of its type: `func (h *Chat) Register(r *mux.Router)`."""
        if owner := receiver_type(definition):
            yield from self.methods.of(definition, owner)
            return
        if is_extension(definition):
            for home in self.program.modules_naming(definition.module, definition.name):
                yield from ((home, node) for node in home.identifiers(definition.name))
            return
        for name in self._function_names(definition):
            yield from self.uses.of(definition.module, name)

    def _is_whole_plugin(self, definition: Definition) -> bool:
        """Whether a function is a plugin of Fastify that prefixes do not hold for.

        https://github.com/fastify/fastify-plugin
        """
        wrapper = definition.module.call_around(definition.node)
        if wrapper is None or definition.module.language.name != "javascript":
            return False
        return self.matcher.is_from(wrapper, ("fastify-plugin",)) and wrapper.name in ("fp", "fastifyPlugin")

    def _function_names(self, definition: Definition) -> list[str]:
        if definition.name == "constructor" or definition.name == "__init__":
            return [definition.owner.name] if definition.owner is not None else []
        names = [definition.name] if definition.name else []
        if definition.owner is not None and definition.owner.kind == "variable" and definition.owner.name:
            names.append(definition.owner.name)
        return names or ["default"]

    def _inline(self, definition: Definition) -> tuple[Rules, SubrouterCall, Call] | None:
        """The group whose function this is: `r.Route("/x", func(r chi.Router) { … })`."""
        module = definition.module
        names = self.rulebook.known.get(module.language.name, frozenset())
        around = [
            call
            for call in module.calls(names)
            if call.span.has(definition.span) and any(span_of(node) == definition.span for node in call.positional)
        ]
        for call in reversed(around):
            if found := self.matcher.group(call):
                return (*found, call)
        return None

    def _heads_of_argument(self, module: SourceModule, use: SgNode, parameter: Parameter, depth: int) -> list[Head]:
        span = span_of(use)
        if found := list(self._mount_at(module, span, depth)):
            return found
        call = _call_with_callee(module, use)
        if call is None:
            return []
        index = parameter.index
        if parameter.definition.parameters[:1] in (["self"], ["this"], ["cls"]):
            index -= 1
        if module.language.name == "csharp" and parameter.index == 0 and call.receiver is not None:
            if len(call.positional) < len(parameter.definition.parameters):  # an extension method
                return self.heads_of(module, call.receiver, depth + 1)
        node = call.named.get(parameter.name) if module.language.name == "python" else None
        node = node or (call.positional[index] if 0 <= index < len(call.positional) else None)
        return self.heads_of(module, node, depth + 1) if node is not None else []


def _is_in_branch(assignment: Assignment, function: Definition) -> bool:
    """Whether a variable is set only if a condition holds, or does not."""
    for outer in assignment.name.ancestors():
        if outer.kind() in CONDITIONS:
            return True
        if span_of(outer) == function.span:
            break
    return False


def _key(meaning: Meaning) -> object:
    match meaning:
        case Call():
            return ("call", meaning.module.path, meaning.span)
        case Parameter():
            return ("parameter", meaning.definition.module.path, meaning.definition.span, meaning.index)
        case Instance():
            return ("instance", meaning.definition.module.path, meaning.definition.span)
        case Definition():
            return ("definition", meaning.module.path, meaning.span)
        case ResolvedExpression():
            return ("expression", meaning.module.path, span_of(meaning.node))
    return ("module", meaning.path)


def _call_with_callee(module: SourceModule, use: SgNode) -> Call | None:
    """The call of a function that is used: `register(app)`, `routes.register(app)`."""
    node: SgNode | None = use
    for _ in range(3):
        parent = node.parent() if node is not None else None
        if parent is None or node is None:
            return None
        call = module.call_of(parent) if parent.kind() in module.language.calls else None
        if call is not None and span_of(call.callee).has(span_of(node)):
            return call
        if module.member(parent) is None and parent.kind() not in ("parenthesized_expression", "await_expression"):
            return None
        node = parent
    return None
