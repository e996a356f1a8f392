"""What all pages that are handed on have in common: how they look, and how a text stands in them."""

from __future__ import annotations

from html import escape as escape_html

from infralint.text.display import visible
from infralint.text.lazy import lazy

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #59636e; --line: #d1d9e0; --track: #eaeef2;
  --error: #c0262d; --warning: #9a6700; --note: #0969da; --good: #1a7f37; --code: #f6f8fa }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --faint: #9198a1; --line: #3d444d;
  --track: #2a313c; --error: #ff7b72; --warning: #d29922; --note: #58a6ff; --good: #3fb950; --code: #161b22 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 72rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.6rem } h2 { margin: 2.2rem 0 .6rem; font-size: 1.15rem }
p { margin: .3rem 0 } a { color: inherit } .faint { color: var(--faint) } small { font-size: .85em }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.2rem 0; padding: 0; list-style: none }
.tiles li { min-width: 7.5rem; padding: .6rem .9rem; border: 1px solid var(--line); border-radius: 8px }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums }
.scroll { overflow-x: auto } table { width: 100%; border-collapse: collapse }
th, td { padding: .5rem .7rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { font-size: .85rem; color: var(--faint); font-weight: 600; white-space: nowrap }
td.name { overflow-wrap: anywhere; min-width: 11rem } td.time { min-width: 15rem }
.bar { position: relative; height: .7rem; margin: .3rem 0 .15rem; border-radius: 3px; background: var(--track) }
.bar i { display: block; height: 100%; border-radius: 3px; background: var(--good) }
.bar.short i { background: var(--error) }
.bar b { position: absolute; top: -.2rem; bottom: -.2rem; width: 2px; background: var(--ink) }
.tag { font-weight: 600; white-space: nowrap }
.error { color: var(--error) } .warning { color: var(--warning) } .note { color: var(--note) } .good { color: var(--good) }
article { margin: .8rem 0; padding: .7rem .9rem; border: 1px solid var(--line); border-left: 4px solid currentColor;
  border-radius: 6px; overflow-wrap: anywhere } article > * { color: var(--ink) } article > .tag { color: inherit }
pre { margin: .5rem 0 .2rem; padding: .6rem .8rem; overflow-x: auto; border-radius: 6px; background: var(--code);
  font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
ul.plain { margin: .3rem 0; padding-left: 1.1rem } li { overflow-wrap: anywhere }
.tools { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; margin: 1rem 0; padding: .6rem .8rem;
  border: 1px solid var(--line); border-radius: 8px; background: var(--code) } .tools[hidden] { display: none }
.tools input[type=search], .tools select { font: inherit; padding: .3rem .5rem; color: var(--ink);
  background: var(--paper); border: 1px solid var(--line); border-radius: 6px; max-width: 100% }
.tools input[type=search] { flex: 1 1 14rem; min-width: 0 } .tools label { white-space: nowrap }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: left }
th button::after { content: " ↕"; opacity: .5 } th[aria-sort=ascending] button::after { content: " ↑"; opacity: 1 }
th[aria-sort=descending] button::after { content: " ↓"; opacity: 1 }
[data-out] { display: none } details > summary { cursor: pointer } code { overflow-wrap: anywhere }
@media (max-width: 40rem) { body { padding: 1rem .8rem 3rem } h1 { font-size: 1.3rem }
  .tiles { gap: .5rem } .tiles li { min-width: 0; flex: 1 1 40%; padding: .45rem .6rem } .tiles b { font-size: 1.2rem }
  .cards thead { display: none } .cards, .cards tbody, .cards tr, .cards td { display: block; width: 100% }
  .cards tr { padding: .5rem 0; border-bottom: 1px solid var(--line) } .cards td { border: 0; padding: .15rem 0; min-width: 0 }
  .cards td:empty { display: none }
  .cards td[data-label]::before { content: attr(data-label) ": "; color: var(--faint); font-size: .85em } }
@media print { .tools { display: none } th button::after { content: none }
  :root { color-scheme: light; --ink: #000; --paper: #fff; --faint: #444; --line: #bbb; --track: #ddd;
    --error: #a40e26; --warning: #7d4e00; --note: #0550ae; --good: #116329; --code: #f3f3f3 }
  body { max-width: none; padding: 0; font-size: 10.5pt } .bar, .bar * { print-color-adjust: exact;
    -webkit-print-color-adjust: exact } tr, article { break-inside: avoid } thead { display: table-header-group }
  .scroll { overflow: visible } }
"""


def escape(text: str) -> str:
    """One line of text as markup that shows it, and nothing else of it acts."""
    return escape_html(visible(text))


_CODE = lazy(r"`([^`\n]+)`")


def prose(text: str) -> str:
    """A sentence as markup, in which what stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))
