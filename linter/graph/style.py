"""What the page looks like, and the little script that filters its hosts."""

from __future__ import annotations

from typing import Final

from ..web.style import BASE

_OWN: Final = """
form.filter { display: flex; flex-wrap: wrap; gap: 10px 18px; align-items: center; margin: 16px 0 0; }
form.filter[hidden] { display: none; }
form.filter input[type=search] { font: inherit; color: inherit; background: var(--card); width: 22rem;
  max-width: 100%; padding: 7px 12px; border: 1px solid var(--edge); border-radius: 8px; }
form.filter output { color: var(--soft); font-size: .88rem; }
.host { background: var(--card); border: 1px solid var(--line); border-radius: 12px; margin: 0 0 18px; }
.host[hidden] { display: none; }
.host:not([open]) { margin-bottom: 8px; }
summary { cursor: pointer; padding: 15px 20px; list-style-position: inside; border-radius: 12px; }
summary::-webkit-details-marker { color: var(--soft); }
summary .line { display: inline-flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline;
  width: calc(100% - 22px); vertical-align: top; }
summary .where { font-size: .88rem; }
summary:focus-visible, input:focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; }
.inside { padding: 0 20px 18px; }
.picture { display: block; width: 100%; height: auto; margin: 6px 0 16px;
  font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.picture text { fill: var(--ink); }
.picture .t, .picture .b { font-weight: 600; }
.picture .s { fill: var(--soft); font-size: 12px; }
.picture .x { fill: var(--error); font-weight: 600; font-size: 12px; }
.picture .m { font-weight: 600; font-size: 12px; }
.picture .m.error { fill: var(--error); }
.picture .m.warning { fill: var(--warning); }
.picture .m.info { fill: var(--info); }
.picture .p { text-anchor: end; font-size: 12px; font-weight: 600; font-variant-numeric: tabular-nums;
  paint-order: stroke; stroke: var(--card); stroke-width: 3.5px; stroke-linejoin: round; }
.picture rect { fill: var(--box); stroke: var(--edge); }
.picture .error rect { stroke: var(--error); stroke-width: 2; }
.picture .warning rect { stroke: var(--warning); stroke-width: 2; }
.picture .info rect { stroke: var(--info); stroke-width: 1.5; }
.picture .faint rect { fill: none; stroke-dasharray: 4 4; }
.picture .gone rect { fill: none; stroke: var(--error); stroke-width: 2; stroke-dasharray: 6 4; }
.picture .answer rect { stroke: var(--edge); fill: var(--page); }
svg path { stroke: none; }
svg .plain { fill: var(--plain); opacity: .55; }
svg .full { opacity: var(--band); }
svg .hidden { fill-opacity: .12; stroke-width: 1; stroke-dasharray: 4 4; }
svg .l { fill: none; stroke: var(--soft); stroke-width: 1.6; }
svg .l.none { stroke-dasharray: 3 5; opacity: .8; }
svg .l.copy { stroke-dasharray: 1.5 5; stroke-width: 3; stroke-linecap: round; }
svg .c0 { fill: var(--c0); stroke: var(--c0); } svg .c1 { fill: var(--c1); stroke: var(--c1); }
svg .c2 { fill: var(--c2); stroke: var(--c2); } svg .c3 { fill: var(--c3); stroke: var(--c3); }
svg .c4 { fill: var(--c4); stroke: var(--c4); } svg .c5 { fill: var(--c5); stroke: var(--c5); }
svg .c6 { fill: var(--c6); stroke: var(--c6); } svg .c7 { fill: var(--c7); stroke: var(--c7); }
svg .full { stroke: none; } svg .l.copy { fill: none; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; font-size: .92rem; }
thead th:first-child { width: 186px; } thead th:nth-child(2) { width: 27%; }
thead th:nth-child(3), thead th:nth-child(4) { width: 18%; }
th { text-align: left; font-weight: 600; }
thead th { color: var(--soft); font-weight: 500; font-size: .84rem; padding: 2px 12px 4px 0; }
tbody th { padding: 12px 0 5px 0; border-top: 1px solid var(--line); font-weight: 400;
  overflow-wrap: anywhere; }
tbody th b { font-weight: 600; }
td { padding: 3px 12px 3px 0; vertical-align: top; overflow-wrap: anywhere; }
td:first-child { padding-left: 14px; white-space: nowrap; font-variant-numeric: tabular-nums; }
td:last-child { padding-right: 0; }
.deep th, .deep td:first-child { padding-left: 28px; }
.absent { color: var(--error); font-weight: 600; }
@media (max-width: 760px) {
  .picture, .key { display: none; }
  summary { padding: 13px 14px; } .inside { padding: 0 14px 14px; }
  table, tbody, tr, th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  td, td:first-child { width: auto; padding: 0 0 1px 12px; white-space: normal; }
  td:first-child { padding-top: 7px; }
  td:nth-child(n+3) { display: inline-block; padding-right: 14px; }
  td:empty { display: none; }
  .deep th, .deep td { padding-left: 24px; }
  .bar { width: 110px; }
}
@media print {
  form.filter { display: none; }
  .host { break-inside: avoid-page; border-color: #bbb; }
  details::details-content { display: block; content-visibility: visible; }
}
"""
STYLE: Final = BASE + _OWN

#: The page is whole without it: it shows the field to filter with, and hides hosts that do not fit.
SCRIPT: Final = """
(() => {
  const form = document.querySelector("form.filter");
  const [word, faulty] = form.querySelectorAll("input");
  const told = form.querySelector("output");
  const hosts = [...document.querySelectorAll(".host[data-name]")];
  const apply = () => {
    const wanted = word.value.trim().toLowerCase();
    let count = 0;
    for (const host of hosts) {
      const fits = host.dataset.name.includes(wanted) && !(faulty.checked && !host.dataset.worst);
      host.hidden = !fits;
      count += fits;
    }
    told.textContent = count === hosts.length ? "" : `${count} of ${hosts.length} shown`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
})();
"""
