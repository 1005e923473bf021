"""What the page of a plan looks like."""

from __future__ import annotations

from typing import Final

from ..web.style import BASE

_OWN: Final = """
:root { --test: #c2570c; --old: #64748b; --hatch: #7d8897; }
@media (prefers-color-scheme: dark) { :root { --test: #f59e5b; --old: #94a3b8; --hatch: #7b8896; } }
nav ol { margin: 14px 0 0; padding-left: 1.6em; }
nav a { color: var(--info); }
nav li { overflow-wrap: anywhere; }
.rollout { background: var(--card); border: 1px solid var(--line); border-radius: 12px; margin: 0 0 22px;
  padding: 18px 22px 20px; }
.rollout > header { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; margin: 0 0 8px; }
h2 { font-size: 1.2rem; }
h3 { font-size: 1rem; margin: 14px 0 6px; overflow-wrap: anywhere; }
.fails { margin: 0 0 10px; padding: 8px 14px; border: 2px dashed var(--error); border-radius: 8px;
  overflow-wrap: anywhere; }
.fails b { color: var(--error); }
.undo { border-left: 5px double var(--warning); padding-left: 16px; margin-top: 20px; }
.undo h3 { color: var(--warning); margin-top: 0; }
.scroll { overflow-x: auto; margin: 4px 0 12px; }
.scroll:focus-visible, nav a:focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; }
.picture { display: block; height: auto; max-width: 100%;
  font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.picture rect { shape-rendering: crispEdges; }
.picture text { fill: var(--ink); }
.picture .s { fill: var(--soft); }
.picture .m { text-anchor: middle; }
.picture .e { text-anchor: end; }
.picture .b { font-weight: 600; }
.picture .error { fill: var(--error); font-weight: 600; }
.picture .warning { fill: var(--warning); font-weight: 600; }
.picture .info { fill: var(--info); font-weight: 600; }
.picture .on { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
.picture .grid { stroke: var(--line); fill: none; }
.picture .brace { stroke: var(--edge); fill: none; }
.picture .edge { stroke: var(--ink); stroke-width: 1.5; fill: none; }
.picture .ground { fill: var(--card); }
.picture .undone { fill: var(--warning-bg); }
.picture .fail { stroke: var(--error); stroke-width: 2; stroke-dasharray: 5 4; fill: none; }
svg .stable { fill: var(--c0); fill-opacity: .3; }
svg .test { fill: var(--test); fill-opacity: .62; }
svg .lost { fill: var(--error-bg); }
svg .lines { stroke: var(--error); stroke-width: 2.5; fill: none; }
svg .unknown { fill: var(--page); }
svg .hatch { stroke: var(--hatch); stroke-width: 1.4; fill: none; }
svg .old { fill: var(--old); fill-opacity: .28; }
svg .perhaps { fill: none; stroke: var(--soft); stroke-dasharray: 4 3; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th { text-align: left; font-weight: 600; }
thead th { color: var(--soft); font-weight: 500; font-size: .84rem; padding: 2px 12px 5px 0;
  white-space: nowrap; }
tbody th { padding: 10px 12px 4px 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
td { padding: 4px 12px 4px 0; vertical-align: top; overflow-wrap: anywhere; }
td:last-child, th:last-child { padding-right: 0; }
td.number { color: var(--soft); font-variant-numeric: tabular-nums; width: 2.4em; padding-left: 2px; }
td.share { white-space: nowrap; font-variant-numeric: tabular-nums; width: 228px; }
td.pods { width: 15%; min-width: 7em; } td.where { width: 6em; }
td.step { width: 27%; }
tr.skipped td { color: var(--soft); }
tr.failed td { background: var(--error-bg); }
.share span { display: inline-block; }
.share .left { min-width: 3.1em; text-align: right; }
.bar { width: 100px; margin: 0 8px; height: 10px; background: none; border: 1px solid var(--edge); }
.bar i { float: left; opacity: 1; }
.bar .to-stable { background: var(--c0); opacity: .55; }
.bar .to-test { background: var(--test); }
.bar.open { background: repeating-linear-gradient(135deg, var(--hatch) 0 1px, transparent 1px 5px);
  border-style: solid; }
.wrong { color: var(--error); font-weight: 600; white-space: nowrap; }
.remark { display: block; color: var(--soft); font-size: .9em; }
.note .mend::before { content: "→ "; }
.note .mend { display: block; }
.note .where { display: inline-block; }
@media (max-width: 760px) {
  .rollout { padding: 14px 14px 16px; }
  table, tbody, tr, th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: 7px 0 3px 2.2em; position: relative; }
  tbody th { margin-left: -2.2em; }
  td, td.step, td.number, td.share, td.pods, td.where { width: auto; min-width: 0; padding: 0 0 1px; }
  td.number { position: absolute; left: 0; width: 2.2em; }
  td.step { font-weight: 600; }
  td.share, td.pods, td.where { display: inline-block; margin-right: 14px; }
  td:empty { display: none; }
  td.share .left { min-width: 0; text-align: left; }
  tr.failed { background: var(--error-bg); }
  .undo { padding-left: 12px; }
}
@media print {
  @page { margin: 14mm; }
  .rollout { border-color: #bbb; }
  .rollout + .rollout { break-before: page; }
  .scroll, tr, .note { break-inside: avoid; }
  h2, h3, tbody th { break-after: avoid; }
  .scroll { overflow: visible; }
  .picture { min-width: 0 !important; }
}
"""

STYLE: Final = BASE + _OWN
