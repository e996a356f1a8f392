"""How nginx processes a request: its phases, one after the other, with every way that they may take.

Server rewrites, the choice of a location, its rewrites, then `try_files`, `return`, `error_page` or what hands the
request on. https://nginx.org/en/docs/dev/development_guide.html#http_phases
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from infralint.model import UNKNOWN_TEXT, Address, Forward, Hop, Known, Request, Unknown
from infralint.platforms.nginx_values import BadValue, flag, size
from infralint.sources.nginx.blocks import CODES, NginxBlock, checking_everybody, is_address
from infralint.sources.nginx.choose import (
    LocationChoice,
    LocationEntry,
    VirtualServer,
    choose_locations,
    normalise_path,
)
from infralint.sources.nginx.conditions import judge
from infralint.sources.nginx.scopes import Scope, unseen_by
from infralint.sources.nginx.tree import Directive
from infralint.sources.nginx.unfit import Misfit, find_foreign_handler, find_misfits, find_slow
from infralint.sources.nginx.upstreams import PORTS, Upstreams, read_address, read_target
from infralint.sources.nginx.variables import (
    VARIABLE,
    Definitions,
    Moment,
    Values,
    methods_of,
    moment_of_arrival,
    unknown,
    with_captures,
    without_captures,
    without_query,
)
from infralint.sources.nginx.websocket import headers_of, name_of
from infralint.text.patterns import Unsearchable, search
from infralint.text.wording import plural

MOST_REDIRECTS = 10
"""Internal redirects nginx follows before it answers 500: NGX_HTTP_MAX_URI_CHANGES."""
MOST_WAYS = 48
"""Ways of one request that are followed."""
MOST_FORKS = 24
"""Ways of one request through the rewrites of one location, where conditions can't be told; more are not followed."""
MOST_EXECUTED = 1_500
"""Lines of the rewrite module that one request runs through in one block, over all of those ways."""
MOST_REASONS = 8
"""Reasons of one doubt: nobody reads more."""

_EVERYTHING = frozenset(
    {"^", ".*", "^.*", "^.*$", "^/", "^(.*)$", "(.*)", "^(.*)", "^/(.*)$", "^/(.*)", "/", "^/.*$", "^/?(.*)$"}
)
"""Expressions that every path fits."""
_TOO_MANY = "the rewrites and conditions on its way leave more ways open than are followed"
CLOSED = "nothing"
"""What is answered where the connection is closed."""
_PAGES = (".html", ".htm")
_REDIRECTS = {"permanent": "301", "redirect": "302"}
_ANSWERING = ("return", "upstream")
"""What answers whatever the files are that nginx finds."""


class Answer(NamedTuple):
    """What nginx answers by itself. text: the body or the address after the code."""

    code: str
    at: Directive | None
    text: str = ""
    because: str = ""


class Run(msgspec.Struct, frozen=True):
    """A request on its way through nginx.

    block: what rules it now. internal: it was redirected inside nginx. asking: it is the one by
    which `auth_request` asks, to which access is not refused. moved: its path was rewritten where it stands, so
    that it no longer begins with the location's prefix. rewritten: the path as it was asked for is not sent on.
    changed: a rewrite asks for another location. stopped: no more rewrites here. redirects: how many more are allowed.
    paged: an error page was taken, and no other will be. status: what the answer's status is kept at by an error page.
    turned: the error page that asks by GET, with the methods by which clients ask for the stream and that are none.
    reasons: what had to be taken for granted on this way; doubts: what makes every way uncertain.
    """

    moment: Moment
    block: NginxBlock
    internal: bool = False
    asking: bool = False
    moved: bool = False
    rewritten: bool = False
    changed: bool = False
    stopped: bool = False
    redirects: int = MOST_REDIRECTS
    paged: bool = False
    status: str = ""
    turned: tuple[Directive, tuple[str, ...]] | None = None
    answer: Answer | None = None
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def because(self, *reasons: str) -> Run:
        new = [reason for reason in reasons if reason not in self.reasons][: MOST_REASONS - len(self.reasons)]
        return replace(self, reasons=(*self.reasons, *new)) if new else self

    @property
    def path(self) -> str | None:
        return self.moment.path


class Permission(NamedTuple):
    """What comes of `auth_request`: the answer that its location gives by itself, whether it surely does so (else where files
    are missing), and what may have a request with a body wait for ever."""

    answer: Answer | None = None
    is_sure: bool = False
    waiting: Answer | None = None


NO_PERMISSION = Permission()


class RequestEnd(NamedTuple):
    """Where a request ends: in a block that hands it on, in an answer, or where we can't follow.

    overruled: why something else may serve the request than what answers it here, as a location that is not to be seen.
    after_error: it ends here only where the backend that it was handed to first answers with an error. is_loss: nothing
    means to turn the clients away that are answered so: requests of the stream itself may be among them. method: the one,
    of several by which the stream may be asked for, that is answered so. An answer of a loss has no code where it is not
    nginx that gives it.
    """

    run: Run
    block: NginxBlock | None = None
    answer: Answer | None = None
    overruled: str = ""
    after_error: bool = False
    is_loss: bool = False
    method: str = ""

    @property
    def is_handed_on(self) -> bool:
        return self.block is not None or self.answer is None

    @property
    def is_lost_track_of(self) -> bool:
        """Whether it goes on where we can't follow, though all of the server is here."""
        return self.block is None and self.answer is None and not self.run.doubts


def _limit(ways: Iterator[RequestEnd]) -> list[RequestEnd]:
    """So many ways as are followed; where there are more, none of them is certain."""
    found = list(islice(ways, MOST_WAYS))
    if next(ways, None) is None:
        return found
    doubt = f"a request has more than {MOST_WAYS} ways through this server, which is as many as are followed"
    return [way._replace(run=replace(way.run, doubts=(*way.run.doubts, doubt))) for way in found]


def _doubt_all(runs: Sequence[Run]) -> list[Run]:
    """Some of the runs that a request may take, none of which is certain."""
    return [run if _TOO_MANY in run.doubts else replace(run, doubts=(*run.doubts, _TOO_MANY)) for run in runs]


class Processing:
    """One nginx's way of serving requests."""

    def __init__(self, definitions: Definitions, upstreams: Upstreams) -> None:
        self.definitions = definitions
        self.upstreams = upstreams
        self._senders: dict[int, list[tuple[NginxBlock, frozenset[str]]]] = {}
        self._closings: dict[int, Answer | None] = {}
        self._misfits: dict[tuple[int, bool, bool], Sequence[Misfit]] = {}
        self._last_ways: tuple[int, Request, list[RequestEnd]] | None = None
        self._run_through: dict[tuple[int, Request | None, str | None], dict[int, list[Run]]] = {}
        self.sent: dict[tuple[Hop, Request], tuple[Forward, ...]] = {}
        """What locations made of requests that came in before: whoever looks for the ways of a stream asks that often."""

    def ways(self, server: VirtualServer, request: Request) -> list[RequestEnd]:
        """Every way that a request may take through a server; all hops of a server are asked about one request in turn."""
        if self._last_ways is None or self._last_ways[0] != id(server) or self._last_ways[1] != request:
            self._last_ways = id(server), request, self._find_ways(server, request)
        return self._last_ways[2]

    def _find_ways(self, server: VirtualServer, request: Request) -> list[RequestEnd]:
        ways = self._find_all_ways(server, request)
        if len(methods_of(request)) > 1 and 0 < sum(way.is_handed_on for way in ways) < len(ways):
            ways += self._find_refused_methods(server, request)
        return ways

    def _find_refused_methods(self, server: VirtualServer, request: Request) -> Iterator[RequestEnd]:
        """What is answered to a method by which the stream may be asked for, and that is never served, as another one is."""
        ways = {
            method: self._find_all_ways(server, replace(request, methods=(method,))) for method in methods_of(request)
        }
        refused = {method: found for method, found in ways.items() if not any(way.is_handed_on for way in found)}
        for method, found in refused.items() if len(refused) < len(ways) else ():
            yield from (way._replace(is_loss=True, method=method) for way in found)

    def _find_all_ways(self, server: VirtualServer, request: Request) -> list[RequestEnd]:
        path = normalise_path(request.path, not server.keeps_slashes)
        moment = moment_of_arrival(server, request, request.path, path)
        doubts = tuple(
            f"where `{place.block.written}` applies is only known once the template is rendered"
            for place in server.open_places[:1]
        )
        return _limit(self._through_server(Run(moment, server.block, doubts=doubts)))

    def ways_from(self, place: LocationEntry, request: Request) -> list[RequestEnd]:
        """Every way that a request may take that came to a location."""
        server: VirtualServer = place.block.server
        path = request.path if request.path.startswith("/") else None
        starts = self._rewrites(server.block, Run(moment_of_arrival(server, request, path, path), server.block))
        arrived = [replace(run, changed=False, stopped=False, internal=True) for run in starts if run.answer is None]
        return _limit(way for run in arrived for way in self._inside(place, run))

    def find_answering_instead(self, block: NginxBlock, request: Request, target: str) -> NginxBlock | None:
        """The block that surely serves a path, or a named location, which a backend's `X-Accel-Redirect` names. target: with
        UNKNOWN_TEXT for each part that isn't known.

        https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers
        """
        server, passed = block.server, block.passed
        if passed is None or server.open_places or UNKNOWN_TEXT in target:
            return None
        asking = replace(request, methods=("GET",))
        run = Run(moment_of_arrival(server, asking, request.path, request.path), block, internal=True)
        ways = _limit(self._send_to(without_query(target), passed, run))
        if len(ways) != 1 or ways[0].run.doubts or ways[0].run.reasons or ways[0].overruled:
            return None
        return ways[0].block

    def runs_at(self, block: NginxBlock, request: Request | None = None, path: str | None = None) -> list[Run]:
        """How requests arrive where a block hands them on, if they come to its location; path None: any.

        Whatever path the server's own rewrites make, the location is taken to be the right one.
        """
        place = block.place
        if place is None:
            return self._arrivals(block.server, request, path, {})
        limited = block.directive is not None and block.directive.name == "limit_except"
        wanted = place.block if limited else block
        if len(place.block.inner) < 2:
            return self._runs_inside(place, request, path).get(id(wanted), [])
        key = id(place), request, path
        if key not in self._run_through:
            self._run_through[key] = self._runs_inside(place, request, path)
        return self._run_through[key].get(id(wanted), [])

    def _runs_inside(self, place: LocationEntry, request: Request | None, path: str | None) -> dict[int, list[Run]]:
        """The runs through a location that end in none of its answers, by the block that hands each on."""
        arrived = self._arrivals(place.block.server, request, path, self._set_before(place))
        inside = [self.enter(place, replace(run, changed=False, stopped=False)) for run in arrived]
        ended: dict[int, list[Run]] = {}
        for run in (after for start in inside for after in self._rewrites(place.block, start)):
            if run.answer is None and not run.changed:
                ended.setdefault(id(run.block.serving), []).append(run)
        return ended

    def _arrivals(
        self, server: VirtualServer, request: Request | None, path: str | None, before: Mapping[str, Values]
    ) -> list[Run]:
        """The runs that a server's own rewrites let go on. before: variables that are set already."""
        moment = moment_of_arrival(server, request, path, path)
        if before:
            moment = replace(moment, assigned={**moment.assigned, **before})
        start = Run(moment, server.block)
        return [run for run in self._rewrites(server.block, start) if run.answer is None]

    def _set_before(self, place: LocationEntry) -> dict[str, Values]:
        """Variables that another location may have set that sent the request here, so that they need not be empty."""
        server: VirtualServer = place.block.server
        if id(server) not in self._senders:
            blocks = [other.block for top in server.places for other in top.walk()]
            self._senders[id(server)] = [
                (block, names) for block in blocks if block.diverts and (names := _names_set_in(block))
            ]
        others = {name for block, names in self._senders[id(server)] if block is not place.block for name in names}
        reason = "a location that sends requests here may set it"
        return {name: unknown(reason) for name in others}

    def runs_anyhow(self, block: NginxBlock, request: Request) -> list[Run]:
        """A run in a block where requests of this kind end elsewhere, as if nothing sent them there."""
        return [Run(moment_of_arrival(block.server, request, None), block)]

    def hands_on(self, block: NginxBlock, request: Request, path: str | None) -> bool:
        """Whether a request that comes to a location may end at its own block, and nothing sends it elsewhere before."""
        if self.find_closing(block) is not None:
            return False
        tried = block.level.by_name.get("try_files")
        if tried and not "".join(tried[0].args[-1:]).startswith("="):
            return False
        return not block.runs_code or bool(self.runs_at(block, request, path))

    def enter(self, place: LocationEntry, run: Run) -> Run:
        """A run in a location: its expression leaves what its groups took."""
        run = replace(run, block=place.block)
        if not place.is_expression or "(" not in place.pattern:
            return run
        return replace(run, moment=_keep_groups(place.pattern, run.moment, place.modifier == "~*"))

    def _through_server(self, run: Run) -> Iterator[RequestEnd]:
        """The server's own rewrites, which an internal redirect to a path runs again, then a location."""
        for after in self._rewrites(run.block, run):
            if after.answer is not None:
                overruled = _hidden_before(run.block, after.answer.at)
                yield from (end._replace(overruled=overruled) if end.answer else end for end in self._answer(after))
            else:
                yield from self._locate(replace(after, stopped=False, changed=False, moved=False))

    def _locate(self, run: Run) -> Iterator[RequestEnd]:
        """The location that serves the path, or what nginx answers where there is none."""
        server = run.moment.server
        if run.path is None:
            yield RequestEnd(run)
            return
        for choice in choose_locations(server.places, run.path):
            on = replace(run, doubts=(*run.doubts, *choice.reasons)) if choice.reasons else run
            for end in self._of_choice(choice, on):
                overruled = _overruling(end, choice.place, server) if end.answer is not None else ""
                yield end._replace(overruled=overruled) if overruled else end

    def _of_choice(self, choice: LocationChoice, run: Run) -> Iterator[RequestEnd]:
        if choice.redirect:
            yield RequestEnd(run, answer=Answer("301", None, choice.redirect))
        elif choice.place is None:
            yield from self._outside(replace(run, block=run.moment.server.block))
        else:
            yield from self._inside(choice.place, run)

    def _outside(self, run: Run) -> Iterator[RequestEnd]:
        """A server without a location for the path: its own `try_files`, or files."""
        if "try_files" in run.block.level.by_name:
            yield from self._try_files(run)
        else:
            yield from self._from_files(run)

    def _inside(self, place: LocationEntry, run: Run) -> Iterator[RequestEnd]:
        """A location: what it runs, then what answers there."""
        run = self.enter(place, run)
        if not run.internal and (mark := run.block.internal) is not None:
            because = f"`{run.block.written}` is `internal`: no client reaches it"
            yield from self._answer(replace(run, answer=Answer("404", mark, "", because)))
            return
        if (small := _find_small_limit(run)) is not None:
            yield from self._lose(run, small, "POST")
        for after in self._rewrites(run.block, run):
            if after.answer is not None:
                yield from self._answer(after)
            elif after.changed:
                yield from self._redirect_inside(after)
            else:
                for limited in _limit_methods(after):
                    if limited.asking:
                        yield from self._content(limited)
                    elif (closing := self._find_refusal(limited.block)) is not None:
                        yield from self._answer(replace(limited, answer=closing))
                    else:
                        yield from self._lose_at_access(limited)
                        yield from self._content(limited)

    def _lose(self, run: Run, answer: Answer, method: str = "") -> Iterator[RequestEnd]:
        """An answer, or the page for it, that some requests of the stream may get. method: that of all that do."""
        several = method if len(methods_of(run.moment.request)) > 1 else ""
        for end in self._answer(replace(run, answer=answer)):
            if end.answer is answer:
                yield end._replace(is_loss=True, method=several)
            else:
                yield end._replace(run=end.run.because(answer.because))

    def _lose_at_access(self, run: Run) -> Iterator[RequestEnd]:
        """The requests that rules of access may turn away, though they need not all."""
        if run.block.half_denied is not None:
            rule, version = run.block.half_denied
            because = f"`{rule.written}` turns every client away that comes over IPv{version}"
            yield from self._lose(run, Answer("403", rule, "", because))
        line = checking_everybody(run.block.scope)
        if line is None:
            return
        permission = self._ask_permission(run.block, line)
        if permission.answer is not None:
            yield from self._lose(run, permission.answer)
        elif permission.waiting is not None and "POST" in methods_of(run.moment.request) and _kind(run) == "sse":
            yield from self._lose(run, permission.waiting, "POST")

    def _redirect_inside(self, run: Run) -> Iterator[RequestEnd]:
        """Another location for a path that was rewritten."""
        left = run.redirects - 1
        if left < 0:
            yield RequestEnd(run, answer=Answer("500", None, "", "its rewrites go round in a circle"))
        else:
            yield from self._locate(replace(run, redirects=left, changed=False, stopped=False, moved=False))

    def _content(self, run: Run) -> Iterator[RequestEnd]:
        """What answers where no rewrite leads elsewhere. An `if` that holds puts `try_files` out of force, and so does a
        `limit_except`."""
        if "try_files" in run.block.level.by_name:
            yield from self._try_files(run)
        elif run.block.passed is not None:
            yield from self._pass_on(run)
        else:
            yield from self._from_files(run)

    def _pass_on(self, run: Run) -> Iterator[RequestEnd]:
        """A request that is handed on; error pages may take what comes back."""
        block = run.block.serving
        if run.status and not (run.status == "200" and _kind(run) == "sse"):
            because = f"`error_page` keeps the status {run.status}: it needs a `=` before its target"
            yield RequestEnd(run, answer=Answer(run.status, None, "", because))
            return
        passed = run.block.passed
        assert passed is not None
        named = self._find_named_hosts(passed, run.moment)
        if not all(named.texts):
            because = f"`{passed.written}` names no host where its variable is empty"
            lost = run.because(named.reason) if any(named.texts) else run
            yield RequestEnd(lost, answer=Answer("500", passed, "", because), is_loss=True)
            if not any(named.texts):
                return
        if (down := self._find_dead_end(run.block)) is not None:
            yield from self._answer(replace(run, answer=down))
            return
        unresolved = self._find_unresolved(run.block, [run.moment])
        if unresolved.answer is not None and unresolved.is_sure:
            yield from self._answer(replace(run, answer=unresolved.answer))
            return
        if unresolved.answer is not None:
            yield from self._lose(run, unresolved.answer)
        for code, line, because in self._find_misfits(run):
            method = "POST" if line.name == "proxy_pass_request_body" else ""
            yield from self._lose(run, Answer(code, line, "", because), method)
        if (other := self._find_other_method(run)) is not None:
            yield RequestEnd(run, answer=other, is_loss=True)
        yield RequestEnd(run, block)
        yield from (end._replace(after_error=True) for end in self._intercept(run))

    def _find_misfits(self, run: Run) -> Sequence[Misfit]:
        """What the settings of a run's block may do to a stream; the same for all requests of one kind."""
        block, passed = run.block, run.block.passed
        is_stream, is_posted = _kind(run) == "sse", "POST" in methods_of(run.moment.request)
        key = id(block), is_stream, is_posted
        if key not in self._misfits and passed is not None:
            family = passed.name.removesuffix("_pass")
            self._misfits[key] = [*find_misfits(block.scope, family, is_stream, is_posted)]
        return self._misfits.get(key, ())

    def _find_named_hosts(self, passed: Directive, moment: Moment) -> Values:
        """Whom variables name to be dialled: an empty text where they name nobody."""
        if "$" not in passed.args[0]:
            return Values()
        values = self.definitions.evaluate(passed.args[0], passed, moment)
        return values.map(lambda text: re.sub(r"^\w+://", "", text).strip(":/"))

    def find_closing(self, block: NginxBlock) -> Answer | None:
        """What nginx answers to every request that a block would hand on; None where some may pass, or nobody can tell."""
        if id(block) not in self._closings:
            closing = self._find_refusal(block) or self._find_dead_end(block)
            self._closings[id(block)] = closing or self._find_unresolved_always(block)
        return self._closings[id(block)]

    def _find_refusal(self, block: NginxBlock) -> Answer | None:
        """Who keeps every client out: access is ruled before `auth_request` asks."""
        if block.denied is not None:
            is_limit = block.directive is not None and block.directive.name == "limit_except"
            because = (
                f"`{block.written}` turns requests of every other method away"
                if is_limit
                else f"`{block.denied.written}` turns every client away"
            )
            return Answer("403", block.denied, "", because)
        line = checking_everybody(block.scope)
        permission = self._ask_permission(block, line) if line is not None else NO_PERMISSION
        return permission.answer if permission.is_sure else None

    def _ask_permission(self, block: NginxBlock, line: Directive) -> Permission:
        """What `auth_request` makes of its location, where that answers by itself whatever it is asked: 2xx lets a request
        pass, 401 and 403 are handed on, anything else becomes 500. All other variables than `$uri` are those of the
        client's request.

        https://nginx.org/en/docs/http/ngx_http_auth_request_module.html
        """
        server = block.server
        moment = moment_of_arrival(server, None, None, line.args[0])
        asked = Run(moment, server.block, internal=True, asking=True)
        ends = _limit(self._through_server(asked)) if not server.open_places else []
        answers = [end.answer for end in ends if end.answer is not None and not end.run.paged and not end.overruled]
        if not ends or any(end.run.doubts or end.run.reasons for end in ends):
            return NO_PERMISSION
        if len(answers) < len(ends):
            waiting = next((end.block for end in ends if end.block is not None and _leaves_length(end.block)), None)
            return Permission(waiting=_describe_waiting(line, waiting) if waiting is not None else None)
        if any(answer.code.startswith("2") for answer in answers):
            return NO_PERMISSION
        by_itself = [answer for answer in answers if answer.at is None or answer.at.name in _ANSWERING]
        answer, codes = (by_itself or answers)[0], {answer.code for answer in answers}
        is_sure = bool(by_itself) and codes == {answer.code}
        because = f"`{line.written}` is answered {answer.code}, whatever comes"
        if not is_sure:
            because = f"`{line.written}` is answered {answer.code}, as {answer.because}"
        return Permission(Answer(answer.code if answer.code in ("401", "403") else "500", line, "", because), is_sure)

    def find_shut(self, block: NginxBlock, request: Request) -> Answer | None:
        """Why a server of `stream {}` closes whatever connection is made to it; None where some may go on."""
        if block.denied is not None:
            return Answer(CLOSED, block.denied, "", f"`{block.denied.written}` turns every client away")
        if block.passed is not None and block.passed.name == "return":
            return Answer(CLOSED, block.passed, "", f"`{block.passed.written}` answers every connection by itself")
        moment = self._moment_of_connection(block, request)
        if (down := self._find_dead_end(block)) is not None:
            return down._replace(code=CLOSED)
        if block.passed is not None and set(self._find_named_hosts(block.passed, moment).texts) == {""}:
            because = f"`{block.passed.written}` names nobody, as its variable is empty"
            return Answer(CLOSED, block.passed, "", because)
        unresolved = self._find_unresolved(block, [moment])
        return unresolved.answer._replace(code=CLOSED) if unresolved.answer and unresolved.is_sure else None

    def _moment_of_connection(self, block: NginxBlock, request: Request) -> Moment:
        """What the variables of a server of `stream {}` are as it dials: https://nginx.org/en/docs/stream/ngx_stream_set_module.html"""
        run = Run(Moment(block.server, request), block)
        for line in block.level.by_name.get("set", ()):
            run = self._assign(line, run) if len(line.args) == 2 else run
        return run.moment

    def find_stream_misfit(self, block: NginxBlock, request: Request) -> Misfit | None:
        """What may keep a connection of a server of `stream {}` from arriving, or what is sent on it from arriving in time."""
        slow = next(find_slow(block.scope, "proxy_download_rate", "proxy_upload_rate"), None)
        if slow is not None or block.passed is None or request.host is None:
            return slow
        if "" in self._find_named_hosts(block.passed, self._moment_of_connection(block, request)).texts:
            return Misfit("", block.passed, f"`{block.passed.written}` names nobody where its variable is empty")
        return None

    def _find_unresolved_always(self, block: NginxBlock) -> Answer | None:
        """The answer where a block names no address, and nothing looks one up, whatever comes."""
        if block.passed is None or "$" not in block.passed.args[0] or block.place is None:
            return None
        unresolved = self._find_unresolved(block, [run.moment for run in self.runs_at(block)])
        return unresolved.answer if unresolved.is_sure else None

    def _find_unresolved(self, block: NginxBlock, moments: Sequence[Moment]) -> Permission:
        """The answer where variables name a host by a name, and nothing looks up its address; is_sure: each of their texts
        does. An upstream of that name is one, also where another line names it without variables.

        https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver
        """
        passed = block.passed
        if passed is None or "$" not in passed.args[0] or passed.has_hole or _may_resolve(block.scope):
            return Permission()
        texts = [
            text
            for moment in moments
            for text in self.upstreams.resolve_host(passed, self.definitions, moment).texts or ("",)
        ]
        names = [text for text in texts if text and not self._has_address(text)]
        if not names:
            return Permission()
        because = (
            f"`{passed.written}` names {read_target(names[0]).authority}, and no `resolver` here looks its address up"
        )
        return Permission(Answer("502", passed, "", because), len(names) == len(texts))

    def _has_address(self, text: str) -> bool:
        """Whether what a variable names is an address, or is looked up as nginx starts."""
        target = read_target(text)
        if not target.authority or target.authority.startswith("unix:") or self.upstreams.get(target.authority):
            return True
        address = read_address(target.authority, PORTS.get(target.scheme))
        return is_address(address.host.strip("[]")) or address in self._dialled

    @cached_property
    def _dialled(self) -> frozenset[Address]:
        """What lines without variables name: nginx looks it up as it starts."""
        lines = (line for tree in self.definitions.trees for top in tree for line in top.walk())
        passes = (line.args[0] for line in lines if line.name.endswith("_pass") and line.args)
        targets = (read_target(text) for text in passes if "$" not in text)
        return frozenset(read_address(target.authority, PORTS.get(target.scheme)) for target in targets)

    def _find_other_method(self, run: Run) -> Answer | None:
        """What asks the backend by another method than clients ask for the stream by; None where that is the same, or nobody
        knows."""
        request, line = run.moment.request, method_line(run.block)
        if request is None or request.kind != "sse":
            return None
        turned, methods = run.turned or (None, request.methods)
        at, sent = (line, line.args[0].upper()) if line is not None else (turned, "GET")
        if at is None or not methods or sent in methods:
            return None
        clients = f"clients ask for the stream by {' or '.join(methods)}"
        return Answer("", at, "", f"`{at.written}` has the backend asked by {sent}, and {clients}")

    def _find_dead_end(self, block: NginxBlock) -> Answer | None:
        """The answer where a block hands requests to an upstream of which no server takes any, or asks for no body."""
        passed = block.passed
        line = method_line(block)
        if passed is not None and line is not None and line.args[0].upper() == "HEAD":
            return Answer("200", line, "", f"`{line.written}` asks the backend for the headers of its answer alone")
        if passed is None or "$" in passed.args[0]:
            return None
        upstream = self.upstreams.get(read_target(passed.args[0]).authority)
        if upstream is None or not upstream.is_down:
            return None
        return Answer("502", upstream.block, "", f"every server of `{upstream.block.written}` is marked `down`")

    def _intercept(self, run: Run) -> Iterator[RequestEnd]:
        """Where an error page hands on what the backend answers 404 to, and the like."""
        if not _is_on(run.block, "proxy_intercept_errors"):
            return
        for code in ("404", "403", "401"):
            page = self._page_of(run, code)
            if page is not None:
                reason = f"`{page.written}` takes over where the backend answers {code}"
                sent = self._answer(replace(run.because(reason), answer=Answer(code, page)))
                yield from (way for way in sent if way.block is not None)

    def _from_files(self, run: Run) -> Iterator[RequestEnd]:
        """Nothing hands the request on: a file, or an error that a page leads on from. A stream is no file.

        What is not there is answered with 404 whatever the method; a folder that may not be listed with 403.
        """
        if run.path is not None and run.path.endswith("/") and (index := _find_absolute_index(run.block)) is not None:
            line, name, is_first = index
            yield from self._sent_to(name, line, run)
            if not is_first:
                because = f"`{line.written}` looks for the files before it where there may be no folder"
                yield RequestEnd(run, answer=Answer("404", line, "", because), is_loss=True)
            return
        targets: set[str] = set()
        is_folder = run.path is None or run.path.endswith("/")
        unpaged = None
        for code in ("404", "403") if is_folder else ("404",):
            page = self._page_of(run, code)
            if page is None and run.path is not None:
                because = f"it is nginx's own answer for a folder {'without an index' if code == '403' else 'that is not there'}"
                unpaged = Answer(code, run.block.directive, "", because)
            if page is not None and page.args[-1] not in targets:
                targets.add(page.args[-1])
                yield from self._answer(replace(run, answer=Answer(code, page)))
        if targets:
            if unpaged is not None:
                yield RequestEnd(run, answer=unpaged, is_loss=True)
            return
        location = run.block.place.block if run.block.place is not None else run.block
        if (handler := find_foreign_handler(location.scope)) is not None:
            yield RequestEnd(run.because(f"what `{handler.written}` answers is not read"))
            return
        tried = () if location is run.block else location.level.by_name.get("try_files", ())
        because = "nothing there hands requests on"
        if tried:
            because = f"`{run.block.written}` puts `{tried[0].written}` out of force"
        yield RequestEnd(run, answer=Answer("404", run.block.directive, "", because), is_loss=bool(tried))

    def _try_files(self, run: Run) -> Iterator[RequestEnd]:
        """`try_files`: no file has the path of a stream, so the last target counts."""
        [directive, *_] = run.block.level.by_name["try_files"]
        last = directive.args[-1] if len(directive.args) > 1 else "=404"
        if not last.startswith("="):
            yield from self._sent_to(last, directive, run)
            return
        answer = Answer(last[1:], directive, "", f"`{directive.written}` needs a file of that name")
        if run.block.passed is not None:
            yield from self._pass_on(run)
            if run.block.passed.name != "proxy_pass":
                return
        ends = self._answer(replace(run, answer=answer))
        yield from (end._replace(is_loss=end.answer is answer and run.block.passed is not None) for end in ends)

    def _sent_to(self, target: str, at: Directive, run: Run) -> Iterator[RequestEnd]:
        """An internal redirect: to a named location, or to a path, with which the server begins again."""
        path = without_query(target)
        values = self.definitions.evaluate(path, at, run.moment)
        if not values.texts:
            yield RequestEnd(run.because(f"where `{at.written}` leads is not known: {values.reason}"))
        for text in values.texts:
            way = run if values.known is not None else run.because(values.reason)
            yield from self._send_to(
                text, at, replace(way, redirects=run.redirects - 1, internal=True, changed=False, stopped=False)
            )

    def _send_to(self, target: str, at: Directive, run: Run) -> Iterator[RequestEnd]:
        server = run.moment.server
        if run.redirects < 0:
            yield RequestEnd(run, answer=Answer("500", at, "", "its redirects go round in a circle"))
        elif target.startswith("@"):
            named = server.named_location(target)
            if named is None:
                yield RequestEnd(run, answer=Answer("500", at, "", f"there is no location {target}"))
            else:
                yield from self._inside(named, run)
        elif target.endswith(_PAGES):
            yield RequestEnd(run, answer=Answer(run.status or "200", at, target))
        else:
            run = _ask_by_get(run, at) if at.name == "error_page" else run
            moment = replace(run.moment, path=target)
            yield from self._through_server(
                replace(run, moment=moment, block=server.block, rewritten=True, moved=False)
            )

    def _answer(self, run: Run) -> Iterator[RequestEnd]:
        """An answer of nginx's own, or the page that is set for its code.

        https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page
        """
        answer = run.answer
        assert answer is not None
        page = None if answer.text and not answer.code.startswith("3") else self._page_of(run, answer.code)
        if page is None or run.paged:
            yield RequestEnd(run, answer=answer)
            return
        *codes, target = page.args
        status = answer.code
        if codes[-1].startswith("="):
            status = codes[-1][1:]
        if not target.startswith(("/", "@", "$")):
            yield RequestEnd(run, answer=Answer("302", page, target))
            return
        recursive = _is_on(run.block, "recursive_error_pages")
        yield from self._sent_to(target, page, replace(run, answer=None, paged=not recursive, status=status))

    def _page_of(self, run: Run, code: str) -> Directive | None:
        """The error_page that rules here for a status code."""
        for level in reversed(run.block.scope.levels):
            if pages := level.by_name.get("error_page"):
                return next((page for page in pages if code in page.args[:-1]), None)
        return None

    def _rewrites(self, block: NginxBlock, run: Run) -> list[Run]:
        """The runs that what is written in a block leads to, in its order."""
        if not block.runs_code:
            return [run]
        runs = [run]
        executed = 0
        for directive in block.level.directives:
            if directive.name in CODES and not directive.opaque:
                executed += len(runs)
                if executed > MOST_EXECUTED:
                    return _doubt_all(runs)
                runs = [after for before in runs for after in self._execute(directive, block, before)]
            if len(runs) > MOST_FORKS:
                runs = _doubt_all(runs[:MOST_FORKS])
        return runs

    def _execute(self, directive: Directive, block: NginxBlock, run: Run) -> Iterator[Run]:
        """What one line makes of a run; several runs where that can't be told."""
        if run.stopped:
            yield run
            return
        if block.level.under_condition(directive):
            heading = directive.source.prepared.headings[directive.conditions[-1][0]]
            reason = f"`{directive.written}` stands only under `{heading}`"
            yield run.because(reason)
            run = run.because(reason)
        match directive.name:
            case "set" if len(directive.args) == 2:
                yield self._assign(directive, run)
            case "break":
                yield replace(run, stopped=True, moved=run.moved or run.changed, changed=False)
            case "return" if directive.args:
                yield self._return_code(directive, run)
            case "if" | "rewrite" if run.asking and VARIABLE.search(" ".join(directive.args)):
                yield run.because(f"what `{directive.written}` does depends on the request that is asked about")
            case "rewrite" if len(directive.args) > 1:
                yield from self._rewritten(directive, run)
            case "if" if id(directive) in block.inner:
                yield from self._decide(directive, block.inner[id(directive)], run)
            case _:
                yield run

    def _assign(self, directive: Directive, run: Run) -> Run:
        name, text = directive.args
        value = self.definitions.evaluate(text, directive, run.moment)
        assigned = {**run.moment.assigned, name.lstrip("$").strip("{}"): value}
        return replace(run, moment=replace(run.moment, assigned=assigned))

    def _return_code(self, directive: Directive, run: Run) -> Run:
        code, *texts = directive.args
        if not (code.isascii() and code.isdecimal()):
            code, texts = "302", [code]
        text = self.definitions.evaluate(texts[0], directive, run.moment).known or texts[0] if texts else ""
        return replace(run, answer=Answer(code, directive, text), stopped=True)

    def _decide(self, directive: Directive, inner: NginxBlock, run: Run) -> Iterator[Run]:
        """Both ways of an `if`, or the one that is sure. In a location it brings a configuration of its own."""
        if inner.place is None and not inner.runs_code:
            yield run
            return
        verdict = judge(directive, self.definitions, _with_referer(run))
        if verdict.holds is not True:
            yield run.because(verdict.reason) if verdict.reason else run
        if verdict.holds is not False:
            block = inner if inner.place is not None else run.block
            inside = replace(run, moment=verdict.moment, block=block)
            yield from self._rewrites(inner, inside.because(verdict.reason) if verdict.reason else inside)

    def _rewritten(self, directive: Directive, run: Run) -> Iterator[Run]:
        """A `rewrite`: redirects the client, or goes on with another path."""
        pattern = directive.args[0]
        if run.path is None and pattern not in _EVERYTHING:
            yield run.because(f"whether `{directive.written}` applies depends on the path")
            blind = without_captures(run.moment, pattern, "the path is not known")
            yield self._replace_path(directive, replace(run, moment=blind))
            return
        try:
            found = search(pattern, run.path or "/")
        except Unsearchable as error:
            reason = f"`{directive.written}` {error}"
            yield run.because(reason)
            blind = without_captures(run.moment, pattern, reason)
            yield self._replace_path(directive, replace(run.because(reason), moment=blind))
            return
        if found is None:
            yield run
        elif run.path is None:
            yield self._replace_path(
                directive, replace(run, moment=without_captures(run.moment, pattern, "the path is not known"))
            )
        else:
            yield self._replace_path(directive, replace(run, moment=with_captures(run.moment, found)))

    def _replace_path(self, directive: Directive, run: Run) -> Run:
        """The run after a rewrite whose expression was found."""
        replacement = directive.args[1]
        mark = directive.args[2] if len(directive.args) > 2 else ""
        if mark in _REDIRECTS or replacement.startswith(("http://", "https://", "$scheme")):
            text = self.definitions.evaluate(replacement, directive, run.moment).known or replacement
            return replace(run, answer=Answer(_REDIRECTS.get(mark, "302"), directive, text), stopped=True)
        values = self.definitions.evaluate(without_query(replacement), directive, run.moment)
        run = replace(run, internal=True, rewritten=True)
        if values.known is None:
            run = run.because(f"where `{directive.written}` leads is not known: {values.reason}")
        run = replace(run, moment=replace(run.moment, path=values.known))
        if mark == "break":
            return replace(run, stopped=True, moved=True, changed=False)
        return replace(run, changed=True, stopped=mark == "last")


_SENDING = frozenset({"rewrite", "try_files", "error_page"})


def _names_set_in(block: NginxBlock) -> frozenset[str]:
    """The variables that a location sets, if it may send requests on to another one."""
    lines = [line for directive in block.level.directives for line in directive.walk()]
    pages = any("error_page" in level.by_name for level in block.scope.levels)
    if not pages and not any(line.name in _SENDING for line in lines):
        return frozenset()
    return frozenset(line.args[0].lstrip("$").strip("{}") for line in lines if line.name == "set" and line.args)


def _keep_groups(pattern: str, moment: Moment, ignore_case: bool) -> Moment:
    """The moment with the groups of a location's expression."""
    if moment.path is not None:
        try:
            found = search(pattern, moment.path, ignore_case)
        except Unsearchable as error:
            return without_captures(moment, pattern, str(error))
        if found is not None:
            return with_captures(moment, found)
    return without_captures(moment, pattern, "the path is not known")


def _overruling(end: RequestEnd, place: LocationEntry | None, server: VirtualServer) -> str:
    """Why a request may be served after all that nginx seems to answer by itself: an include that is not here, or a hole
    in a template, may hold a better location, or what hands requests on. Empty where it surely may not.

    Nothing goes before `location =`, and nothing behind a `return` is asked.
    """
    is_returned = end.answer is not None and end.answer.at is not None and end.answer.at.name == "return"
    levels = [] if place is not None and place.modifier == "=" else [server.block.level]
    if place is not None and not is_returned:
        levels += place.block.scope.levels[len(server.block.scope.levels) :]
    why = next(filter(None, map(unseen_by, levels)), "")
    return f"{why}, and where nginx runs it may hold what serves this" if why else ""


def _hidden_before(block: NginxBlock, answering: Directive | None) -> str:
    """Why a server may not come to what answers in it; empty where nothing that is not here stands before that."""
    for line in block.level.directives:
        if any(inner is answering for inner in line.walk()):
            return ""
        if line.opaque or line.name == "include":
            return f"{unseen_by(block.level)}, and where nginx runs it may hold what serves this"
    return ""


def _limit_methods(run: Run) -> Iterator[Run]:
    """The run in the `limit_except` of its location, for a method that this does not name, and outside of it for others.

    https://nginx.org/en/docs/http/ngx_http_core_module.html#limit_except
    """
    limits = run.block.level.by_name.get("limit_except", ())
    limit = next((line for line in limits if id(line) in run.block.inner and not line.has_hole), None)
    if limit is None or run.asking:
        yield run
        return
    asked = set(methods_of(run.moment.request))
    named = {word.upper() for word in limit.args}
    is_conditional = run.block.level.under_condition(limit)
    if not asked <= named:
        yield replace(run, block=run.block.inner[id(limit)])
    if asked & named or is_conditional:
        yield run


def _ask_by_get(run: Run, page: Directive) -> Run:
    """A request behind an error page that is a path: whatever its method was, it goes on by GET.

    https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page
    """
    request = run.moment.request
    if request is None or request.kind != "sse":
        return run
    lost = (page, request.methods) if request.methods and "GET" not in request.methods else run.turned
    return replace(run, moment=replace(run.moment, request=replace(request, methods=("GET",))), turned=lost)


def _with_referer(run: Run) -> Moment:
    """The moment of a run, and whether `$invalid_referer` is set: browsers send no Referer with a handshake.

    https://nginx.org/en/docs/http/ngx_http_referer_module.html
    """
    moment = run.moment
    found = run.block.scope.find("valid_referers") if _kind(run) == "websocket" else ([], False)
    if isinstance(found, Unknown) or not found[0] or moment.request is None or moment.request.header("referer"):
        return moment
    allows = any("none" in line.args for line in found[0])
    return replace(moment, assigned={**moment.assigned, "invalid_referer": Values(("" if allows else "1",))})


def method_line(block: NginxBlock) -> Directive | None:
    """The `proxy_method` by which a block surely asks its backend.

    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_method
    """
    if block.passed is None or block.passed.name != "proxy_pass":
        return None
    found = block.scope.find("proxy_method")
    lines = found[0] if not isinstance(found, Unknown) else ()
    return next((line for line in lines if line.args and "$" not in line.args[0] and not line.has_hole), None)


SMALL_BODY = 4096
"""Bytes: a prompt may well be longer."""


def _find_small_limit(run: Run) -> Answer | None:
    """What a request for a stream is answered whose body is longer than the location that it comes to takes.

    https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size
    """
    if run.asking or _kind(run) != "sse" or "POST" not in methods_of(run.moment.request):
        return None
    found = run.block.scope.find("client_max_body_size")
    if isinstance(found, Unknown) or not found[0] or (run.block.place is not None and run.block.place.modifier == "@"):
        return None
    [line, *_], _ = found
    try:
        most = size(" ".join(line.args))
    except BadValue:
        return None
    if not 0 < most < SMALL_BODY:
        return None
    return Answer("413", line, "", f"`{line.written}` refuses a prompt of more than {plural(most, 'byte')}")


def _may_resolve(scope: Scope) -> bool:
    """Whether something looks names up: a `resolver`, or what stands where not all is to be seen."""
    is_whole = any(level.owner is not None and level.owner.name in ("http", "stream") for level in scope.levels)
    found = scope.find("resolver")
    return not is_whole or isinstance(found, Unknown) or bool(found[0]) or any(map(unseen_by, scope.levels))


def _find_absolute_index(block: NginxBlock) -> tuple[Directive, str, bool] | None:
    """The `index` that rules, the first of its names that is a path, and whether no file is looked for before it: requests
    for a folder go there, file or not.

    https://nginx.org/en/docs/http/ngx_http_index_module.html#index
    """
    found = block.scope.find("index")
    lines = found[0] if not isinstance(found, Unknown) else ()
    names = enumerate((line, name) for line in lines for name in line.args)
    return next(((line, name, not number) for number, (line, name) in names if name.startswith("/")), None)


def _leaves_length(block: NginxBlock) -> bool:
    """Whether `auth_request` surely asks the backend of a block with the Content-Length of a body that it does not send."""
    scope = block.scope
    if block.passed is None or block.passed.name != "proxy_pass" or scope.hiding >= 0:
        return False
    sent = scope.find("proxy_pass_request_headers")
    if isinstance(sent, Unknown) or any(line.args == ["off"] for line in sent[0]):
        return False
    return not any(name_of(header) == "content-length" for header in headers_of(scope)[0])


def _describe_waiting(line: Directive, block: NginxBlock) -> Answer:
    because = (
        f"`{line.written}` asks {block.written} with the Content-Length of a POST and without its body, and a backend that"
        " waits for the body answers nothing, unless that location says `proxy_pass_request_body off;` and"
        ' `proxy_set_header Content-Length "";`'
    )
    return Answer("", line, "", because)


def _kind(run: Run) -> str:
    return run.moment.request.kind if run.moment.request is not None else ""


def _is_on(block: NginxBlock, name: str) -> bool:
    """Whether a switch that is off by default is surely on."""
    where = block.directive.where if block.directive is not None else None
    found = block.scope.setting(name, False, where, flag)  # type: ignore[arg-type]
    return isinstance(found, Known) and bool(found.value)
