"""What istioctl and Kiali find in files, one small manifest a case.

The cases stand in `peers/`.  A line that a peer's check is about ends in `# <- CODE`: there, and nowhere
else in the case, a finding of ours carries that code.  The other lines of a case are look-alikes that are
right, or mistakes that no peer sees.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import Tree
from tsplit_lint import Finding, Severity
from tsplit_lint.registry import builtin_rules

#: The checks of istioctl that concern traffic and can be made from files.
_ISTIOCTL = """
    IST0002 IST0101 IST0102 IST0103 IST0106 IST0109 IST0110 IST0111 IST0112 IST0116 IST0118 IST0128 IST0129
    IST0130 IST0131 IST0132 IST0133 IST0134 IST0137 IST0138 IST0140 IST0145 IST0149 IST0150 IST0162
    IST0165 IST0173 IST0174 IST0177
"""
#: Those of Kiali.
_KIALI = """
    KIA0002 KIA0003 KIA0004 KIA0005 KIA0201 KIA0202 KIA0203 KIA0204 KIA0209 KIA0210 KIA0211 KIA0212
    KIA0301 KIA0302 KIA0601 KIA0602 KIA0701 KIA1004 KIA1101 KIA1102 KIA1104 KIA1105 KIA1106 KIA1107
    KIA1108 KIA1109 KIA1113 KIA1114 KIA1211 KIA1212
"""
ISTIOCTL, KIALI = _ISTIOCTL.split(), _KIALI.split()

FOLDER = Path(__file__).parent / "peers"
_CASE = re.compile(r"^# case: (.+)\n(?:# beside: (.+)\n)?", re.MULTILINE)
_MARK = re.compile(r"# <- ([A-Z0-9 ]+)$", re.MULTILINE)


def read_cases(file: Path) -> dict[str, str]:
    """The cases of a file by their titles, each with what it names to stand before it."""
    _before, *parts = _CASE.split(file.read_text())
    cases: dict[str, str] = {}
    for title, beside, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        before = (FOLDER / f"{beside.replace(' ', '-')}.yaml").read_text() if beside else ""
        assert title not in cases, f"two cases are called {title}"
        cases[title] = before + text
    return cases


CASES = {
    f"{file.stem}: {title}": text
    for file in sorted(FOLDER.glob("*.yaml"))
    for title, text in read_cases(file).items()
}


def codes_by_line(text: str) -> set[tuple[int, str]]:
    """The codes that the marks of a case ask for, each with its line."""
    lines = enumerate(text.splitlines(), start=1)
    marks = [(number, mark) for number, line in lines for mark in _MARK.findall(line)]
    return {(number, code) for number, mark in marks for code in mark.split()}


@pytest.mark.parametrize("title", CASES)
def test_what_the_peers_find(tree: Tree, title: str) -> None:
    tree.write({"all.yaml": CASES[title].encode()})
    findings = tree.lint(complete=True)
    found = {(f.span.line, code) for f in findings for code in f.aliases}
    told = [f"{f.span.line}: {f.rule} {f.aliases} {f.message}" for f in findings]
    assert found == codes_by_line(CASES[title]), "\n".join(told)


def test_every_check_of_the_peers_has_a_rule() -> None:
    known = {alias for rule in builtin_rules() for alias in rule.aliases}
    assert not {*ISTIOCTL, *KIALI} - known


def test_every_check_has_a_case() -> None:
    marked = {code for text in CASES.values() for _line, code in codes_by_line(text)}
    assert not {*ISTIOCTL, *KIALI} - marked
    assert not marked - {*ISTIOCTL, *KIALI}


# -- severities -------------------------------------------------------------------------------------

UNUSED = CASES["subsets: pods that another Service has"]
USED = CASES["subsets: subsets without pods"]
POLICY = "trafficPolicy: {loadBalancer: {simple: RANDOM}}"


def severities(tree: Tree, text: str, code: str) -> list[Severity]:
    tree.write({"all.yaml": text.encode()})
    return [f.severity for f in tree.lint(complete=True) if code in f.aliases and f.rule != "TS315"]


def test_an_empty_subset_is_an_error_only_where_requests_go_there(tree: Tree) -> None:
    assert severities(tree, USED, "KIA0203") == [Severity.ERROR]
    assert severities(tree, UNUSED, "KIA0203") == [Severity.WARNING]


def test_a_subset_without_labels_is_milder_where_it_is_a_name_for_a_policy(tree: Tree) -> None:
    assert severities(tree, USED, "KIA0209") == [Severity.WARNING]
    text = CASES["subsets: subsets without labels"]
    assert severities(tree, text.replace("labels: {}", POLICY), "KIA0209") == [Severity.INFO]


# -- suppressions by the peers' codes ---------------------------------------------------------------

MIRROR = CASES["hosts: a mirror without a Service"]
ROUTE = CASES["hosts: a destination without a Service"]


def absent_hosts(tree: Tree, text: str) -> list[Finding]:
    tree.write({"all.yaml": text.encode()})
    return [f for f in tree.lint(complete=True) if f.rule in ("TS401", "TS007")]


@pytest.mark.parametrize("code", ["IST0101", "KIA1101"])
@pytest.mark.parametrize("text", [ROUTE, MIRROR])
def test_a_comment_silences_by_a_code_that_the_finding_has(
    tree: Tree, text: str, code: str
) -> None:
    marked = text.replace("host: nowhere # <-", f"host: nowhere # tsplit-lint: ignore[{code}] <-")
    has_code = text is ROUTE or code == "IST0101"
    # The other one silences nothing there, which is worth a word.
    wanted = [] if has_code else ["TS007", "TS401"]
    assert sorted(f.rule for f in absent_hosts(tree, marked)) == wanted


@pytest.mark.parametrize(
    ("annotation", "silences"),
    [
        ("galley.istio.io/analyze-suppress: IST0101", True),
        ("kiali.io/ignore-validations: KIA1101", False),
        ("kiali.io/ignore-validations: ''", False),
        ("galley.istio.io/analyze-suppress: '*'", True),
    ],
)
def test_an_annotation_silences_what_its_tool_would_say(
    tree: Tree, annotation: str, silences: bool
) -> None:
    named = "metadata: {name: r, namespace: web"
    assert MIRROR.count(named) == 1
    found = absent_hosts(tree, MIRROR.replace(named, f"{named}, annotations: {{{annotation}}}"))
    assert [f.rule for f in found] == ([] if silences else ["TS401"])
