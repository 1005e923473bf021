"""`tsplit-lint explain RULE`: the page of a rule."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from ..options import PROG, Parser, UsageError, add_help, complain, write
from ..registry import REDIRECTS, RuleInfo, all_rules, names_of
from ..rule import category_of
from ..settings import rule_hint


def parser() -> Parser:
    """The parser of the command."""
    result = Parser(
        prog=f"{PROG} explain",
        usage="%(prog)s RULE [RULE …]",
        description="Print the page of a rule: what it checks, why, and how to mend it.",
    )
    rules = result.add_argument(
        "rules", metavar="RULE", nargs="*", help="an id, a name, or another tool's code"
    )
    rules.completer = lambda **_: names_of(all_rules()[0])  # type: ignore[attr-defined]
    add_help(result)
    return result


def run(words: list[str]) -> int:
    """Print the pages."""
    wanted = parser().parse(words, "rules").rules
    if not wanted:
        raise UsageError(f"which rule? {PROG} rules lists them")
    rules, notes = all_rules()
    pages: dict[str, str] = {}
    unknown = []
    for word in wanted:
        found = _named(word, rules)
        pages |= {rule.id: _page(rule) for rule in found}
        if not found:
            unknown.append(f'no rule is called "{word}"{rule_hint(word, rules)}')
    if pages:
        write("\n\n".join(pages.values()))
    for note in notes:
        complain("note", note)
    for message in unknown:
        complain("error", message)
    return 2 if unknown else 0


def _named(word: str, rules: Sequence[RuleInfo]) -> list[RuleInfo]:
    """The rule of an id or a name, else the rules that know the word as another tool's code."""
    target = REDIRECTS.get(word, word).lower()
    named = [rule for rule in rules if target in (rule.id.lower(), rule.name)]
    return named or [rule for rule in rules if word.upper() in rule.aliases]


def _page(info: RuleInfo) -> str:
    rule = info.load()
    facts = [
        rule.severity.label,
        category_of(rule),
        f"confidence {rule.confidence}",
        f"since {rule.since}",
    ]
    if rule.complete_only:
        facts.append("speaks only with --complete")
    if rule.aliases:
        facts.append(f"also known as {', '.join(rule.aliases)}")
    page = inspect.getdoc(rule) or "This rule has no page."
    return f"{rule.id} {rule.name}\n{', '.join(facts)}\n\n{page.rstrip()}\n"
