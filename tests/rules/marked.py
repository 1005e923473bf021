"""Rows of tests that read like a list of checks: a wrong fragment with marks, and the right one."""

from __future__ import annotations

import re
from textwrap import dedent, indent
from typing import NamedTuple

from conftest import Tree

#: Every rule about the shape of a VirtualService, and those that they must not speak beside.
RULES = (
    *("TS008", "TS106", "TS108", "TS202", "TS206", "TS213", "TS308"),
    *("TS210", "TS211", "TS212", "TS214", "TS215", "TS216", "TS219", "TS220", "TS221", "TS222"),
    *("TS223", "TS224", "TS225", "TS226", "TS227", "TS412", "TS413", "TS513"),
)
HEAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: prod}
spec:
"""
ROUTE = "route: [{destination: {host: shop}}]"
_MARK = re.compile(r"# <-(?: (\w+))?")


class Row(NamedTuple):
    """A check: the rule that makes it, fragments that are wrong and right, where they stand.

    Wrong lines end in `# <-`, or in `# <- warning` or `# <- info` where the finding is milder.
    """

    name: str
    rule: str
    wrong: str
    right: str = ""
    field: str = "http"


def manifest(fragment: str, field: str = "http") -> str:
    """A VirtualService with a fragment under `spec.<field>`, or under `spec` itself."""
    fragment = dedent(fragment).strip("\n") + "\n"
    if field == "spec":
        return HEAD + indent(fragment, "  ")
    return HEAD + "  hosts: [shop]\n" + f"  {field}:\n" + indent(fragment, "  ")


def marks(text: str, rule: str) -> list[str]:
    """`line rule severity` of each mark."""
    return [
        f"{number} {rule} {mark.group(1) or 'error'}"
        for number, line in enumerate(text.splitlines(), start=1)
        for mark in _MARK.finditer(line)
    ]


def findings(tree: Tree, text: str, *, file: str = "shop.yaml") -> list[str]:
    """`line rule severity` of each finding of the RULES."""
    tree.write({file: text})
    return [
        f"{finding.span.line} {finding.rule} {finding.severity.label}"
        for finding in tree.lint(file, select=RULES)
    ]


def judge(tree: Tree, row: Row) -> None:
    """Assert that the wrong fragment is found where it is marked, by its rule alone; the right is not."""
    wrong = manifest(row.wrong, row.field)
    expected = marks(wrong, row.rule)
    assert expected
    assert findings(tree, wrong) == expected
    if row.right:
        assert findings(tree, manifest(row.right, row.field)) == []
