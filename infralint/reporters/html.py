"""A report to hand on: one page with everything in it, for a screen in light or dark, and for paper."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape as escape_html

from infralint.engine.pages import page_url
from infralint.engine.report import Report, Suppression
from infralint.model import SEVERITIES, Finding, Location, Unknown, Unreadable
from infralint.reporters import Shown
from infralint.reporters.grouping import group_alike, other_hops
from infralint.reporters.page import STYLE, escape, prose
from infralint.reporters.phrases import (
    UNFOLLOWED,
    UNSUPPORTED,
    assumption,
    environment_phrase,
    places_of,
    since_lines,
    stream_name,
    stream_phrase,
    trace_command,
    unknown_message,
    verdict_without_findings,
    way_phrase,
    write_phrase,
)
from infralint.reporters.rows import VERDICTS, Row, noun_of
from infralint.reporters.trace_html import report_part
from infralint.text.display import visible_lines
from infralint.text.wording import capitalize, listing, plural, seconds

SCRIPT = """
const tools = document.querySelector('.tools'), count = tools.querySelector('output');
const field = name => tools.querySelector('[name=' + name + ']');
const compare = (one, other) => one.localeCompare(other, 'en', { numeric: true });
const items = () => [...document.querySelectorAll('[data-item]')];
const severities = () => [...tools.querySelectorAll('[name=severity]:checked')].map(box => box.value);
function filter() {
  const words = field('search').value.toLowerCase().split(/\\s+/).filter(Boolean), wanted = severities();
  const check = field('check').value, region = field('region')?.value;
  let shown = 0;
  for (const item of items()) {
    const text = item.textContent.toLowerCase();
    const fits = words.every(word => text.includes(word)) && wanted.includes(item.dataset.severity)
      && (!check || item.dataset.checks.split(' ').includes(check))
      && (!region || item.dataset.regions.split(', ').includes(region));
    item.toggleAttribute('data-out', !fits);
    shown += fits;
  }
  const all = items().length;
  count.textContent = shown < all ? shown + ' of ' + all + ' shown' : '';
}
function arrange() {
  const key = field('sort').value, list = document.querySelector('#findings');
  if (!list) return;
  const value = item => key === 'loudness' ? Number(item.dataset.rank) : item.dataset[key];
  const order = (one, other) => key === 'loudness' ? value(one) - value(other) : compare(value(one), value(other));
  list.append(...[...list.children].sort(order));
}
for (const button of document.querySelectorAll('th button')) button.addEventListener('click', () => {
  const head = button.closest('th'), table = head.closest('table'), column = head.cellIndex;
  const up = head.getAttribute('aria-sort') !== 'ascending';
  for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
  const value = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  const rows = [...table.tBodies[0].rows].sort((one, other) => compare(value(one), value(other)));
  table.tBodies[0].append(...(up ? rows : rows.reverse()));
});
tools.addEventListener('input', () => { filter(); arrange(); });
tools.addEventListener('submit', event => event.preventDefault());
tools.hidden = false;
filter();
"""
"""Filters, searches and sorts what stands in the page; without it, everything is shown."""

_MOST_HOPS = 8


def render(report: Report, shown: Shown) -> str:
    """The page."""
    manuals = {check.name: page_url(check.page) for check in shown.checks}
    groups = group_alike(report.findings)
    fingerprint = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{fingerprint}'"
    return "".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            f"<title>infralint: {escape(_verdict(report))}</title><style>{STYLE}</style></head><body>\n",
            *_head(report, shown),
            *_tools(report, shown),
            *_since(report, shown),
            *(_table(shown.rows) if shown.taken else ()),
            *_section("Findings", _findings(groups, shown, manuals)),
            *_ways(report),
            *_section("Could not be read", [_list(map(_unreadable, report.unreadable))] if report.unreadable else []),
            *_section("Could not tell", [_list(map(_unknown, report.unknown))] if report.unknown else []),
            *_section(
                "Ignored, or known before", [_list(map(_suppression, report.suppressed))] if report.suppressed else []
            ),
            *_section("Checks that ran", _checks(report, shown, manuals)),
            *_section(
                UNFOLLOWED, [_list(escape(str(entry)) for entry in report.unfollowed)] if report.unfollowed else []
            ),
            *_section(UNSUPPORTED, [_list(map(escape, report.seen))] if report.seen else []),
            f"<script>{SCRIPT}</script></body></html>\n",
        ]
    )


def _ways(report: Report) -> Iterator[str]:
    """The ways of the streams, where the report has them."""
    if report.streams:
        yield from report_part(report.streams)


def _head(report: Report, shown: Shown) -> Iterator[str]:
    counts = Counter(finding.severity for finding in report.findings)
    read = [place for places in report.read.values() for place in places]
    yield f"<h1>{escape(_verdict(report))}</h1>"
    when = f" on {escape(shown.taken[:16].replace('T', ' '))} UTC" if shown.taken else ""
    names = escape(", ".join(read)) if shown.taken else plural(len(read), "file")
    yield f'<p class="faint">infralint read {names}{when}.</p>\n<ul class="tiles">'
    judged, noun = (
        (len({row.identity for row in shown.rows}), f"{noun_of(row.noun for row in shown.rows)}s")
        if shown.taken
        else (report.hops, "hops")
    )
    yield f"<li><b>{judged}</b> {noun}</li>"
    for severity in SEVERITIES:
        yield f'<li><b class="{severity if counts[severity] else "faint"}">{counts[severity]}</b> {severity}s</li>'
    if report.unreadable:
        yield f'<li><b class="error">{len(report.unreadable)}</b> could not be read</li>'
    yield "</ul>\n"
    if report.assumed:
        noun = noun_of(row.noun for row in shown.rows) if shown.taken else ""
        yield (
            f"<p>{assumption(report, noun)}. "
            "Name the streams in <code>infralint.yaml</code> to judge the ones that matter by what they need.</p>"
        )


def _verdict(report: Report) -> str:
    counts = Counter(finding.severity for finding in report.findings)
    parts = [plural(counts[severity], severity) for severity in SEVERITIES if counts[severity]]
    if report.unreadable:
        parts.append("not everything could be read")
    if report.unknown:
        parts.append("not everything could be told")
    if parts:
        return ", ".join(parts)
    verdict = verdict_without_findings(report)
    return "Nothing stands in the way of a stream" if verdict == "clean" else capitalize(verdict)


def _tools(report: Report, shown: Shown) -> Iterator[str]:
    """What to show and in which order; hidden until the page's script makes it work."""
    checks = dict.fromkeys(
        [*(finding.check for finding in report.findings), *(name for row in shown.rows for name in row.checks)]
    )
    yield '<form class="tools" role="search" hidden><input type="search" name="search" placeholder="Search" aria-label="Search">'
    levels: list[str] = list(SEVERITIES)
    if shown.taken:
        levels.append("good")
    for level in levels:
        name = "no findings" if level == "good" else f"{level}s"
        yield f'<label><input type="checkbox" name="severity" value="{level}" checked> {name}</label>'
    options = "".join(f"<option>{escape(name)}</option>" for name in sorted(checks))
    yield f'<select name="check" aria-label="Check"><option value="">every check</option>{options}</select>'
    places = sorted({row.place for row in shown.rows})
    if len(places) > 1:
        options = "".join(f"<option>{escape(place)}</option>" for place in places)
        yield f'<select name="region" aria-label="Region"><option value="">every region</option>{options}</select>'
    yield '<select name="sort" aria-label="Sort">'
    for value, label in (
        ("loudness", "loudest first"),
        ("place", "by place"),
        ("checks", "by check"),
        ("stream", "by stream"),
    ):
        yield f'<option value="{value}">{label}</option>'
    yield '</select><output class="faint"></output></form>\n'


def _since(report: Report, shown: Shown) -> Iterator[str]:
    if shown.since is not None:
        head, *changes = since_lines(shown.since, report.findings)
        yield f"<h2>Since the earlier snapshot</h2><p>{escape(head)}</p>{_list(map(escape, changes))}"


def _checks(report: Report, shown: Shown, manuals: dict[str, str]) -> Iterator[str]:
    """Every check that ran, with what it finds and how often; of an account also on how many resources it passes."""
    counts = Counter(finding.check for finding in report.findings)
    passes = Counter(verdict.check for verdict in shown.verdicts if verdict.status == "pass")
    heads = ["Check", "What it finds", "Findings", *(["Passes on"] if shown.taken else [])]
    yield f'<table class="cards"><thead><tr>{"".join(map(_sortable, heads))}</tr></thead><tbody>\n'
    for check in shown.checks:
        cells = [f'<td data-value="{escape(check.name)}">{_manual(check.name, manuals)}</td>']
        cells.append(f"<td>{escape(check.summary)}</td>")
        numbers = [("Findings", counts[check.name]), *([("Passes on", passes[check.name])] if shown.taken else [])]
        cells += [f'<td data-label="{label}">{number}</td>' for label, number in numbers]
        yield f"<tr>{''.join(cells)}</tr>\n"
    yield "</tbody></table>\n"


def _manual(check: str, manuals: dict[str, str]) -> str:
    name, address = f"<code>{escape(check)}</code>", manuals.get(check, "")
    return f'<a href="{escape(address)}" rel="noreferrer">{name}</a>' if address else name


def _sortable(name: str) -> str:
    return f'<th scope="col"><button type="button">{name}</button></th>'


def _table(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        yield "<p>There are no load balancers here.</p>"
        return
    noun = noun_of(row.noun for row in rows).capitalize()
    yield f'<h2>{noun}s</h2><div class="scroll"><table class="cards" id="balancers"><thead><tr>'
    yield "".join(map(_sortable, (noun, "Region", "Silence it allows", "Stickiness", "Verdict")))
    yield "</tr></thead><tbody>\n"
    for row in rows:
        level = (row.severities and row.verdict) or "good"
        yield f'<tr data-item data-severity="{level}" data-checks="{escape(" ".join(row.checks))}"'
        yield f' data-regions="{escape(row.place)}" data-identity="{escape(row.identity)}">'
        yield f'{_name(row)}<td data-label="Region">{escape(row.place)}</td>{_time(row)}'
        yield f'<td data-label="Stickiness">{"<br>".join(map(escape, row.affinity))}</td>{_judgement(row)}</tr>\n'
    yield "</tbody></table></div>\n"


def _name(row: Row) -> str:
    linked = f'<a href="{escape(row.link)}" rel="noreferrer">{escape(row.name)}</a>' if row.link else escape(row.name)
    owner = f'<br><small class="faint">made by {escape(row.owner)}</small>' if row.owner else ""
    kind = f'<br><small class="faint">{escape(row.kind)}</small>'
    return f'<td class="name" data-value="{escape(row.name)}"><b>{linked}</b>{kind}{owner}</td>'


def _time(row: Row) -> str:
    if row.allowed is None:
        return f'<td class="time" data-label="Silence it allows"><span class="faint">not known: {escape(row.why)}</span></td>'
    allowed = seconds(row.allowed)
    if row.needed is None:
        return f'<td class="time" data-label="Silence it allows">{allowed} <span class="faint">(no stream passes it)</span></td>'
    need = f"{allowed}, {seconds(row.needed)} needed"
    bar = _bar(row.allowed, row.needed, need)
    return f'<td class="time" data-label="Silence it allows" title="{escape(row.why)}">{bar}{need}</td>'


def _bar(allowed: float, needed: float, label: str) -> str:
    """What is allowed as a bar, what is needed as a mark on the same scale."""
    most = max(min(allowed, 4 * needed), needed) or 1
    filled, mark = 100 * min(allowed, most) / most, 100 * needed / most
    short = " short" if allowed < needed else ""
    return (
        f'<div class="bar{short}" role="img" aria-label="{label}">'
        f'<i style="width:{filled:.1f}%"></i><b style="left:calc({mark:.1f}% - 2px)"></b></div>'
    )


def _judgement(row: Row) -> str:
    """data-value: by how bad it is, for sorting."""
    verdict = row.verdict
    cell = f'<td data-value="{VERDICTS.index(verdict)}"'
    if row.severities:
        checks = "<br>".join(map(escape, row.checks))
        return f'{cell}><span class="tag {verdict}">{verdict}</span><br><small class="faint">{checks}</small></td>'
    if verdict != "good":
        return f'{cell} class="faint">{verdict}</td>'
    more = "" if row.has_affinity_judged else '<br><small class="faint">stickiness not judged</small>'
    return f'{cell}><span class="tag good">good</span>{more}</td>'


def _findings(groups: Iterable[list[Finding]], shown: Shown, manuals: dict[str, str]) -> Iterator[str]:
    blocks = [_finding(group, rank, shown, manuals) for rank, group in enumerate(groups)]
    if blocks:
        yield f'<div id="findings">{"".join(blocks)}</div>'


def _finding(group: list[Finding], rank: int, shown: Shown, manuals: dict[str, str]) -> str:
    """One cause. Its address in the page is that of its first finding: `#finding-` and the fingerprint."""
    finding = group[0]
    fix = f"<pre>{escape_html(visible_lines(finding.fix))}</pre>" if finding.fix else ""
    if fix:
        fix = f'<p class="faint">{escape(capitalize(write_phrase(finding)))}:</p>{fix}'
    related = _list(f"{_place(related.location)}: {prose(related.message)}" for related in places_of(finding))
    others = other_hops(group)
    same = f"the same at {listing(others, most=_MOST_HOPS)}" if others else ""
    lines = filter(None, (environment_phrase(group), same, stream_phrase(finding), way_phrase(finding)))
    about = "".join(f'<p class="faint">{prose(line)}</p>' for line in lines)
    if command := trace_command(finding, shown.snapshot):
        about += f'<p class="faint">See it: <code>{escape(command)}</code></p>'
    stream = escape(stream_name(finding.stream)) if finding.stream else ""
    return (
        f'<article class="{finding.severity}" id="finding-{finding.provenance.fingerprint}" data-item'
        f' data-severity="{finding.severity}" data-checks="{escape(finding.check)}" data-rank="{rank}"'
        f' data-regions="{escape(", ".join(_regions(group)))}"'
        f' data-place="{escape(str(finding.location))}" data-stream="{stream}">'
        f'<span class="tag">{finding.severity}</span> {_manual(finding.check, manuals)}'
        f"{_where(finding)}<p>{prose(finding.message)}</p>{about}{fix}{related}</article>\n"
    )


def _regions(group: Iterable[Finding]) -> Iterator[str]:
    """The regions and accounts of what findings are about, as the table has them."""
    resources = (finding.hop.resource for finding in group if finding.hop is not None)
    yield from dict.fromkeys(f"{found.region} {found.account}".strip() for found in resources if found is not None)


def _suppression(suppression: Suppression) -> str:
    finding = suppression.finding
    by = {"comment": "ignored", "accept": "accepted", "baseline": "known before"}[suppression.silence]
    reason = f", because {escape(suppression.reason)}" if suppression.reason else ""
    return f"{escape(str(finding.location))}: <code>{escape(finding.check)}</code> {by}{reason}"


def _where(finding: Finding) -> str:
    """The file and line; a live resource is introduced among the related places."""
    return f' <span class="faint">{escape(str(finding.location))}</span>' if finding.location.line else ""


def _place(where: Location) -> str:
    text = escape(str(where))
    return f'<a href="{text}" rel="noreferrer">console</a>' if text.startswith("https://") else text


def _unreadable(unreadable: Unreadable) -> str:
    return f"{escape(str(unreadable.where))}: {prose(unreadable.message)}"


def _unknown(unknown: Unknown) -> str:
    remedy = f'<br><span class="faint">{prose(unknown.remedy)}</span>' if unknown.remedy else ""
    return f"{escape(str(unknown.where))}: {prose(unknown_message(unknown))}{remedy}"


def _list(items: Iterable[str]) -> str:
    inner = "".join(f"<li>{item}</li>" for item in items)
    return f'<ul class="plain">{inner}</ul>' if inner else ""


def _section(title: str, blocks: Iterable[str]) -> Iterator[str]:
    inner = "".join(blocks)
    if inner:
        yield f"<h2>{title}</h2>\n{inner}"
