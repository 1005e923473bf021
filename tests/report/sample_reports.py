"""Reports built by hand, and arbitrary ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tsplit_lint import Finding, Fix, Related, Severity, SourceFile, Span
from tsplit_lint.engine import Report
from tsplit_lint.finding import ResourceName

ROUTE = """\
spec:
  http:
  - route:
    - destination: {host: shop, subset: canary}
      weight: 90
"""
UNEVEN = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
  http:
  - route:
    - destination: {host: shop, subset: stable}
      weight: 80
    - destination: {host: shop, subset: canary}
      weight: 10
"""
SUBSETS = """\
spec:
  host: shop
  subsets:
  - name: stable
"""


def finding(span: tuple[int, int, int, int] = (3, 5, 3, 10), **changes: Any) -> Finding:
    """A finding with some details changed."""
    details: dict[str, Any] = {
        "rule": "TS201",
        "name": "weights-sum",
        "severity": Severity.ERROR,
        "confidence": "high",
        "message": "The weights sum to 90.",
        "file": "route.yaml",
        "span": Span(*span),
    }
    return Finding(**(details | changes))


def report(*findings: Finding, texts: Mapping[str, str] | None = None, **counts: Any) -> Report:
    """A report on files given as text."""
    texts = {"route.yaml": ROUTE} if texts is None else texts
    sources = {name: SourceFile(name, text) for name, text in texts.items()}
    worst = max((found.severity for found in findings), default=None)
    settings: dict[str, Any] = {"files": len(texts), "worst": worst, "sources": sources}
    return Report(findings=list(findings), **(settings | counts))


FULL = finding(
    (4, 40, 4, 46),
    rule="TS301",
    name="subset-undefined",
    message="The subset canary is not defined.",
    path="spec.http[0].route[0].destination.subset",
    resource=ResourceName("VirtualService", "shop", "prod"),
    aliases=("IST0101", "KIA1107"),
    related=(Related("rule.yaml", Span(3, 3, 3, 11), "These subsets are."),),
    fix=Fix(safe=False, title="Define it"),
    help="Define the subset.",
)


def full_report() -> Report:
    """One finding that has everything."""
    return report(
        FULL,
        texts={"route.yaml": ROUTE, "rule.yaml": SUBSETS},
        documents=3,
        resources=2,
        rollouts=1,
    )


_text = st.text(max_size=40) | st.text("ab \t\r\n\x1b\x9b[31m界\u202e\u0301%:,", max_size=200)
_word = st.text(min_size=1, max_size=12)
_number = st.integers(1, 12)
_file = st.sampled_from(["a.yaml", "b/c d.yaml", "gone.yaml", "<stdin>", "ü:%,\x1b.yaml"])


@st.composite
def _spans(draw: st.DrawFn) -> Span:
    first, last = sorted((draw(_number), draw(_number)))
    start, end = draw(_number), draw(_number)
    return Span(first, start, last, max(start, end) if first == last else end)


_findings = st.builds(
    Finding,
    rule=_word,
    name=_word,
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(["high", "medium"]),
    message=_text,
    file=_file,
    span=_spans(),
    path=_text,
    resource=st.none() | st.builds(ResourceName, _text, _text, st.none() | _text),
    aliases=st.lists(_word, max_size=2).map(tuple),
    related=st.lists(st.builds(Related, _file, _spans(), _text), max_size=2).map(tuple),
    fix=st.none() | st.builds(Fix, st.booleans(), _text),
    help=_text,
)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Any report: odd characters everywhere, places that may not exist in the files."""
    found = sorted(draw(st.lists(_findings, max_size=4)), key=lambda finding: finding.order)
    texts = {name: draw(_text) * draw(_number) for name in ("a.yaml", "b/c d.yaml", "<stdin>")}
    return report(
        *found,
        texts=texts,
        documents=draw(st.integers(0, 3)),
        suppressed=draw(st.integers(0, 3)),
        notes=draw(st.lists(_text, max_size=2)),
    )
