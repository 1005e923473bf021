"""Write docs/rules/ and the README's table of rules from the rules themselves.

python scripts/rule_pages.py           write
python scripts/rule_pages.py --check   exit 1 if something is not current
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from tsplit_lint import Rule
from tsplit_lint.registry import REDIRECTS, builtin_rules
from tsplit_lint.rule import category_of

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "rules"
BEGIN, END = "<!-- rules: begin -->", "<!-- rules: end -->"
SUBJECTS = {
    "input": "Input",
    "harness": "Harness manifests",
    "routing": "Routes and weights",
    "subsets": "Subsets and DestinationRules",
    "hosts": "Hosts and services",
    "gateways": "Gateways",
    "rollout": "Harness workflows",
    "pipelines": "Harness pipelines",
}


def page_text(rule: type[Rule[Any]]) -> str:
    """One rule's page as Markdown."""
    page = rule.page()
    facts = [f"severity **{rule.severity.label}**", f"confidence {rule.confidence}"]
    facts.append(f"since {rule.since}")
    if rule.aliases:
        facts.append("also known as " + ", ".join(rule.aliases))
    if rule.complete_only:
        facts.append("speaks where the tree is declared complete (`--complete`)")
    covered = sorted(old for old, new in REDIRECTS.items() if new == rule.id)
    if covered:
        facts.append("stands for " + ", ".join(covered) + " too")
    parts = [f"# {rule.id} {rule.name}", page.summary, "; ".join(facts) + "."]
    for title, body in page.sections.items():
        lead = "The lines that end in `# <-` are found.\n\n" if title == "Bad" else ""
        parts.append(f"## {title}\n\n{lead}{body}")
    return "\n\n".join(parts) + "\n"


def table(rules: list[type[Rule[Any]]]) -> str:
    """The README's table of rules, a section per subject."""
    parts = []
    for category, title in SUBJECTS.items():
        rows = [
            f"| [{rule.id}](docs/rules/{rule.id}.md) | {rule.name} | {rule.severity.label} "
            f"| {rule.page().summary} |"
            for rule in rules
            if category_of(rule) == category
        ]
        head = "| id | name | severity | what must hold |\n| --- | --- | --- | --- |"
        parts.append("\n".join([f"### {title}", "", head, *rows]))
    return "\n\n".join(parts)


def outputs() -> dict[Path, str]:
    """Every generated file with the text it must have."""
    rules = [info.load() for info in builtin_rules()]
    files = {FOLDER / f"{rule.id}.md": page_text(rule) for rule in rules}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = f"{BEGIN}\n{table(rules)}\n{END}"
    pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
    files[ROOT / "README.md"] = re.sub(pattern, lambda _match: block, readme, flags=re.DOTALL)
    return files


def main() -> int:
    """Write the files, or check them."""
    wanted = outputs()
    stale = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    extra = [path for path in FOLDER.glob("*.md") if path not in wanted]
    if "--check" in sys.argv[1:]:
        for path in stale + extra:
            print(f"{path.relative_to(ROOT)} is not current: run python scripts/rule_pages.py")
        return 1 if stale or extra else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in extra:
        path.unlink()
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    print(f"{len(stale)} written, {len(extra)} removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
