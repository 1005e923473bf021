"""`tsplit-lint rules`: the list of rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..options import (
    PROG,
    Parser,
    add_config_flags,
    add_format_flag,
    add_help,
    add_rule_flags,
    complain,
    settings_of,
    write,
)
from ..overrides import selected
from ..registry import RuleInfo, all_rules
from ..rule import category_of


def parser() -> Parser:
    """The parser of the command."""
    result = Parser(prog=f"{PROG} rules", description="List the rules.")
    add_format_flag(result)
    add_rule_flags(result)
    add_config_flags(result)
    add_help(result)
    return result


def run(words: list[str]) -> int:
    """Print the list."""
    namespace = parser().parse(words)
    config = settings_of(namespace).config
    rules, notes = all_rules()
    enabled = {rule.id for rule in selected(config, rules)}
    rows = [_row(rule, enabled=rule.id in enabled) for rule in rules]
    if namespace.format == "json":
        import json

        write(json.dumps(rows, indent=2) + "\n")
    else:
        write(_table(rows))
    for note in notes:
        complain("note", note)
    return 0


def _row(info: RuleInfo, *, enabled: bool) -> dict[str, Any]:
    rule = info.load()
    return {
        "id": rule.id,
        "name": rule.name,
        "severity": rule.severity.label,
        "confidence": rule.confidence,
        "category": category_of(rule),
        "summary": rule.page().summary,
        "aliases": list(rule.aliases),
        "fixable": rule.fixable,
        "enabled": enabled,
        "since": rule.since,
    }


def _table(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [
        (
            row["id"],
            row["name"],
            row["severity"] if row["enabled"] else "off",
            row["summary"].partition("\n")[0],
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        + "\n"
        for line in lines
    )
