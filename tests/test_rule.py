"""The base class of rules, and the page that each rule carries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tsplit_lint import (
    Catalog,
    DestinationRule,
    Document,
    Finding,
    Fix,
    Place,
    Resource,
    Rule,
    Severity,
    SourceFile,
    Span,
    VirtualService,
)
from tsplit_lint.kinds import read_resources
from tsplit_lint.rule import SECTIONS, Page, category_of

SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: web}
spec:
  http:
  - name: a
"""


class Sample(Rule[VirtualService]):
    """A rule says something.

    What it checks:
        This.

    Why it matters:
        That.
        More of that.

    Bad:
        ```yaml
        a: 1  # <-
        b: 2
        ```
        or
        ```yaml
        # file: one.yaml
        a: 1
        # file: deep/two.yaml
        b: 2  # <-
        c: 3  # <-
        ```

    Good:
        ```yaml
        a: 2
        # file: other.yaml
        b: 1
        ```

    How to fix:
        Thus.

    Sources:
        - None
    """

    id = "TEST1"
    name = "sample"
    severity = Severity.WARNING
    aliases = ("IST0001",)


def service() -> Resource:
    file = SourceFile("a.yaml", SERVICE)
    file.read_documents()
    (resource,) = read_resources(file.documents[0])
    return resource


# --- findings ---------------------------------------------------------------------------------
def test_a_finding_says_what_and_where() -> None:
    found = Sample().finding(service().at("spec", "http", 0, "name"), "It is a.", help="Make it b.")
    assert found == Finding(
        rule="TEST1",
        name="sample",
        severity=Severity.WARNING,
        confidence="high",
        message="It is a.",
        file="a.yaml",
        span=Span(6, 11, 6, 12),
        path="spec.http[0].name",
        resource=service().identity,
        aliases=("IST0001",),
        help="Make it b.",
    )
    assert found.order == ("a.yaml", 6, 11, "TEST1", "It is a.")


def test_a_finding_about_a_file() -> None:
    file = SourceFile("b.yaml", "a: 1\n")
    found = Sample().finding(Place(file, fixed=Span(1, 2, 1, 3)), "Odd.")
    assert (found.file, found.span, found.path, found.resource) == (
        "b.yaml",
        Span(1, 2, 1, 3),
        "",
        None,
    )


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (None, Severity.WARNING),
        (Severity.INFO, Severity.INFO),
        (Severity.WARNING, Severity.WARNING),
        (Severity.ERROR, Severity.WARNING),
    ],
)
def test_a_finding_is_never_harsher_than_its_rule(asked: Severity | None, given: Severity) -> None:
    assert Sample().finding(service().head(), "Odd.", severity=asked).severity == given


def test_a_finding_tells_of_other_places_and_of_a_fix() -> None:
    shop = service()
    found = Sample().finding(
        shop.head(),
        "Odd.",
        confidence="medium",
        related=[(shop.at("spec"), "here"), (Place(shop.file), "the file")],
        fix=Fix(safe=True, title="Mend it"),
    )
    assert found.confidence == "medium"
    assert [(place.file, place.span, place.message) for place in found.related] == [
        ("a.yaml", Span(4, 1, 4, 5), "here"),
        ("a.yaml", Span(1, 1, 1, 1), "the file"),
    ]
    assert found.fix == Fix(safe=True, title="Mend it")


# --- what a rule visits -----------------------------------------------------------------------
class Both(Rule[VirtualService | DestinationRule]):
    """Two kinds."""


class Inherited(Sample):
    """What its parent visits."""


class Bare(Rule):  # type: ignore[type-arg]
    """Does not say."""


def test_subjects() -> None:
    assert Sample.subjects() == (VirtualService,)
    assert Both.subjects() == (VirtualService, DestinationRule)
    assert Inherited.subjects() == (VirtualService,)
    with pytest.raises(TypeError, match="Bare does not say what it visits"):
        Bare.subjects()


class OfFiles(Rule[SourceFile]):
    """Files."""


def test_a_rule_may_visit_files() -> None:
    assert OfFiles.subjects() == (SourceFile,)


def test_a_rule_without_a_check_is_none() -> None:
    with pytest.raises(NotImplementedError):
        Sample().check(service(), Catalog())  # type: ignore[arg-type]


# --- pages ------------------------------------------------------------------------------------
def test_a_page_is_read_from_the_docstring() -> None:
    page = Sample.page()
    assert page.summary == "A rule says something."
    assert list(page.sections) == list(SECTIONS)
    assert page.sections["Why it matters"] == "That.\nMore of that."
    assert page.sections["Sources"] == "- None"


def test_the_examples_of_a_page() -> None:
    bad = Sample.page().examples("Bad")
    assert [[(e.file, e.text, e.marked) for e in files] for files in bad] == [
        [("manifest.yaml", "a: 1  # <-\nb: 2\n", (1,))],
        [("one.yaml", "a: 1\n", ()), ("deep/two.yaml", "b: 2  # <-\nc: 3  # <-\n", (1, 2))],
    ]
    (good,) = Sample.page().examples("Good")
    assert [(example.file, example.text) for example in good] == [
        ("manifest.yaml", "a: 2\n"),
        ("other.yaml", "b: 1\n"),
    ]
    assert Sample.page().examples("Sources") == []
    assert Sample.page().examples("Nothing") == []


def test_a_page_of_a_rule_without_a_docstring() -> None:
    class Silent(Rule[Document]):
        def check(self, subject: Document, catalog: Catalog) -> Iterator[Finding]:
            raise AssertionError

    assert Silent.page() == Page("", {})


def test_a_title_within_a_line_is_no_title() -> None:
    page = Page.parse("One.\n\nBad:\n    a\n\n    See Good: and Bad: below.\n")
    assert list(page.sections) == ["Bad"]


# --- categories -------------------------------------------------------------------------------
def test_the_category_is_the_folder_of_the_subject() -> None:
    from tsplit_lint.registry import builtin_rules

    found = {info.id: category_of(info.load()) for info in builtin_rules()}
    assert found["TS201"] == "routing"
    assert found["TS001"] == "input"
    assert category_of(Sample) == "plugin"


# --- severities -------------------------------------------------------------------------------
def test_severities_have_an_order_and_a_word() -> None:
    assert Severity.INFO < Severity.WARNING < Severity.ERROR
    assert [severity.label for severity in Severity] == ["info", "warning", "error"]
    assert [Severity.parse(word) for word in ("error", "Warning", "INFO")] == [
        Severity.ERROR,
        Severity.WARNING,
        Severity.INFO,
    ]
    with pytest.raises(KeyError):
        Severity.parse("fatal")
