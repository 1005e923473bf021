"""What all pages look like, in light and dark, on a screen and on paper."""

from __future__ import annotations

from typing import Final

BASE: Final = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1b2430; --soft: #5a6675; --line: #d9dee5; --box: #fbfcfd;
  --edge: #b9c2cd; --plain: #c9d1da; --error: #b3261e; --warning: #8a5300; --info: #0b5cad;
  --error-bg: #fdecea; --warning-bg: #fff4e0; --info-bg: #e7f1fb;
  --c0: #3b76d6; --c1: #12948a; --c2: #8457d6; --c3: #c2539b; --c4: #7c8f2b; --c5: #4f86a3;
  --c6: #a0672f; --c7: #64748b; --band: .34;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151c; --card: #171e27; --ink: #e6ebf1; --soft: #9aa7b6; --line: #2b3541; --box: #1d2631;
    --edge: #455363; --plain: #3d4a59; --error: #ff8a80; --warning: #ffc061; --info: #7cc0ff;
    --error-bg: #3a1d1d; --warning-bg: #352817; --info-bg: #152c42;
    --c0: #6ea0f5; --c1: #3cc9bb; --c2: #ad8bf2; --c3: #e880c1; --c4: #b3c659; --c5: #7fbbd9;
    --c6: #d59a5d; --c7: #94a3b8; --band: .4;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main, header.top { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header.top { padding-top: 36px; padding-bottom: 20px; }
h1 { font-size: 1.7rem; line-height: 1.2; letter-spacing: -.015em; margin: 0 0 6px; }
h2 { font-size: 1.06rem; line-height: 1.35; margin: 0; overflow-wrap: anywhere; }
p { margin: 0 0 8px; }
code { font: .86em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.soft, .where { color: var(--soft); }
.where { overflow-wrap: anywhere; }
.counts { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; margin: 0 0 10px; padding: 0;
  list-style: none; }
.badge { display: inline-block; border-radius: 999px; padding: 1px 10px; font-size: .84rem; font-weight: 600;
  border: 1px solid currentColor; white-space: nowrap; }
.badge.error { color: var(--error); background: var(--error-bg); }
.badge.warning { color: var(--warning); background: var(--warning-bg); }
.badge.info { color: var(--info); background: var(--info-bg); }
.badge.tag { color: var(--soft); font-weight: 500; border-color: var(--line); white-space: normal;
  overflow-wrap: anywhere; }
.key { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: .86rem; color: var(--soft); margin: 0;
  padding: 0; list-style: none; }
.key svg { width: 34px; height: 12px; vertical-align: -1px; margin-right: 6px; }
.bar { display: inline-block; width: 74px; height: 9px; border-radius: 3px; margin-right: 9px;
  background: var(--line); overflow: hidden; }
.bar i { display: block; height: 100%; opacity: .85; }
.bar.copy i { opacity: .45; }
.bar.open { background: none; border: 1px dashed var(--edge); }
.note { margin: 5px 0; padding: 7px 12px; border-left: 4px solid; border-radius: 0 6px 6px 0;
  font-size: .92rem; overflow-wrap: anywhere; }
.note.error { border-color: var(--error); background: var(--error-bg); }
.note.warning { border-color: var(--warning); background: var(--warning-bg); }
.note.info { border-color: var(--info); background: var(--info-bg); }
.note b { white-space: nowrap; }
.note.error b { color: var(--error); } .note.warning b { color: var(--warning); }
.note.info b { color: var(--info); }
td .note, th .note { margin: 4px 0 6px; }
footer { color: var(--soft); font-size: .86rem; padding: 4px 0 40px; }
@media (max-width: 760px) {
  main, header.top { padding-left: 14px; padding-right: 14px; }
  header.top { padding-top: 22px; }
}
@media print {
  :root { --page: #fff; --card: #fff; }
  body { font-size: 11pt; }
  svg *, .note, .badge, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
