"""The text format: what a person sees, on a terminal and in a pipe."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_reports import FULL, UNEVEN, finding, full_report, report, reports

from conftest import Tree
from tsplit_lint import Config, Finding, Fix, Severity, lint
from tsplit_lint.engine import Report
from tsplit_lint.finding import Related, Span
from tsplit_lint.report import View, render

_COLOR = re.compile(r"\x1b\[[0-9;]+m")


def text(given: Report, **view: Any) -> str:
    return render("text", given, View(**view))


def snippet(content: str, span: tuple[int, int, int, int], **view: Any) -> list[str]:
    """The lines of a file as shown below the place, without the empty frame around them."""
    shown = text(report(finding(span), texts={"route.yaml": content}), quiet=True, **view)
    lines = shown.splitlines()
    return lines[lines.index("  |") + 1 : -1]


def test_a_finding_that_has_everything() -> None:
    assert text(full_report()) == dedent("""\
        error[TS301] subset-undefined: The subset canary is not defined.
         --> route.yaml:4:40
          |
        4 |     - destination: {host: shop, subset: canary}
          |                                        ^^^^^^
          |
        note: These subsets are.
         ::: rule.yaml:3:3
          |
        3 |   subsets:
          |   --------
          |
          = help: Define the subset.
          = fix: Define it (--fix --unsafe-fixes)

        1 error in 2 files (3 documents, 2 resources, 1 workflow)
        """)


def test_a_safe_fix_needs_one_flag() -> None:
    shown = text(report(finding(fix=Fix(safe=True, title="Quote it"))))
    assert "  = fix: Quote it (--fix)\n" in shown


def test_line_numbers_of_all_snippets_share_one_gutter() -> None:
    long = "\n" * 99 + "host: shop\n"
    found = finding(related=(Related("rule.yaml", Span(100, 7, 100, 11), "here"),))
    shown = text(report(found, texts={"route.yaml": "a\nb\n  - route:\n", "rule.yaml": long}))
    assert shown.splitlines()[1:11] == [
        "   --> route.yaml:3:5",
        "    |",
        "  3 |   - route:",
        "    |     ^^^^^",
        "    |",
        "note: here",
        "   ::: rule.yaml:100:7",
        "    |",
        "100 | host: shop",
        "    |       ----",
    ]


@pytest.mark.parametrize("texts", [{}, {"route.yaml": ""}, {"route.yaml": "one line\n"}])
def test_a_place_that_cannot_be_shown_has_no_snippet(texts: dict[str, str]) -> None:
    shown = text(report(finding(help="Mend it."), texts=texts, files=1))
    assert shown == (
        "error[TS201] weights-sum: The weights sum to 90.\n"
        " --> route.yaml:3:5\n"
        "  = help: Mend it.\n"
        "\n"
        "1 error in 1 file\n"
    )


def test_standard_input_is_shown_like_a_file(tree: Tree) -> None:
    config = Config(root=tree.root, select=("TS201",))
    shown = text(lint([], config, texts={"<stdin>": UNEVEN.encode()}))
    assert " --> <stdin>:8:5\n" in shown
    assert "\n8 |   - route:\n" in shown


@pytest.mark.parametrize(
    ("content", "span", "shown"),
    [
        ("weight: 80\r\nx: 1\r\n", (1, 9, 1, 11), ["1 | weight: 80", "  |         ^^"]),
        ("\tweight:\t80\n", (1, 10, 1, 12), ["1 |     weight:    80", "  |                ^^"]),
        ("名前: 店 # 注\n", (1, 5, 1, 6), ["1 | 名前: 店 # 注", "  |       ^^"]),
        ("e\u0301te\u0301: 1\n", (1, 8, 1, 9), ["1 | e\u0301te\u0301: 1", "  |      ^"]),
        ("a: \x1b[31m1\n", (1, 9, 1, 10), [r"1 | a: \x1b[31m1", "  |            ^"]),
        ("a: \u202e1\n", (1, 4, 1, 5), [r"1 | a: \u202e1", "  |    ^^^^^^"]),
        ("a:\xa01\n", (1, 3, 1, 4), [r"1 | a:\xa01", "  |   ^^^^"]),
        ("a: 1   \n", (1, 1, 1, 2), ["1 | a: 1", "  | ^"]),
        ("a: 1\n", (1, 5, 1, 5), ["1 | a: 1", "  |     ^"]),
        ("a: 1\n", (1, 3, 1, 3), ["1 | a: 1", "  |   ^"]),
        ("a: 1\n", (1, 50, 1, 60), ["1 | a: 1", "  |     ^"]),
        ("a: 1\n\n", (2, 1, 2, 1), ["2 |", "  | ^"]),
        ("a: 1\n", (2, 1, 2, 1), ["2 |", "  | ^"]),
        ("last", (1, 1, 1, 5), ["1 | last", "  | ^^^^"]),
    ],
)
def test_the_mark_stands_under_what_is_meant(
    content: str, span: tuple[int, int, int, int], shown: list[str]
) -> None:
    assert snippet(content, span) == shown


def test_a_span_of_several_lines_is_marked_on_each() -> None:
    assert snippet("a: |\n  one\n\nb: 1\n", (1, 4, 3, 1)) == [
        "1 | a: |",
        "  |    ^",
        "2 |   one",
        "  |   ^^^",
    ]
    assert snippet("a: |\n\n  two  \n", (1, 4, 3, 4)) == [
        "1 | a: |",
        "  |    ^",
        "2 |",
        "3 |   two",
        "  |   ^",
    ]


def test_a_long_span_shows_its_first_lines() -> None:
    rows = snippet("a:\n  b: 1\n  c: 1\n  d: 1\n  e: 1\n", (1, 1, 5, 7))
    assert rows == [
        "1 | a:",
        "  | ^^",
        "2 |   b: 1",
        "  |   ^^^^",
        "3 |   c: 1",
        "  |   ^^^^",
        "  | ...",
    ]


def test_a_span_that_ends_below_the_file_stops_with_the_file() -> None:
    assert snippet("a: 1", (1, 1, 9, 9)) == ["1 | a: 1", "  | ^^^^"]


@pytest.mark.parametrize(
    ("before", "after"), [(0, 300), (300, 0), (300, 300), (300, 5), (5, 300), (60, 60)]
)
@pytest.mark.parametrize("width", [None, 80, 41])
def test_a_long_line_is_cut_around_the_span(before: int, after: int, width: int | None) -> None:
    line = "x" * before + "MEANT" + "y" * after
    code, marks = snippet(line, (1, before + 1, 1, before + 6), width=width)
    room = width or 164
    assert len(code) <= room
    assert len(code) >= min(len(line) + 4, room - 8)
    assert code[marks.index("^") : marks.rindex("^") + 1] == "MEANT"
    assert code.startswith("1 | ...") == ("x" * before not in code)
    assert code.endswith("...") == ("y" * after not in code)


def test_a_long_span_is_cut_too() -> None:
    code, marks = snippet("ab" * 500, (1, 11, 1, 900), width=80)
    assert len(code) <= 80
    assert code.startswith("1 | ...")
    assert code.endswith("...")
    assert marks == "  |    " + "^" * (len(code) - 10)


def test_wide_and_zero_width_characters_are_cut_by_the_room_they_take() -> None:
    code, marks = snippet("界" * 200 + "MEANT" + "界" * 200, (1, 201, 1, 206), width=80)
    assert _cells(code) <= 80
    assert _cells(code[: code.index("MEANT")]) == marks.index("^")
    code, _marks = snippet("a" + "\u0301" * 5000, (1, 1, 1, 2), width=80)
    assert len(code) <= 80


def _cells(line: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(char) == "W") for char in line)


def test_a_huge_line_is_not_shown_whole() -> None:
    code, marks = snippet("é" * 8_000_000, (1, 4_000_000, 1, 4_000_004))
    assert len(code) <= 164
    assert marks.strip("| ") == "^^^^"


def test_prose_is_wrapped_on_a_terminal_only() -> None:
    long = finding(message="word " * 60, help="help " * 60, fix=Fix(True, "fix " * 40))
    given = report(long, notes=["note " * 60])
    narrow = text(given, width=60).splitlines()
    assert max(map(len, narrow)) <= 60
    assert narrow[1].startswith("  word ")
    piped = text(given).splitlines()
    assert piped[0] == "error[TS201] weights-sum: " + ("word " * 60).rstrip()
    assert sum("word" in line for line in piped) == 1
    assert " ".join(" ".join(narrow).split()) == " ".join(" ".join(piped).split())


def test_a_width_too_small_to_read_is_not_obeyed() -> None:
    assert text(full_report(), width=3) == text(full_report(), width=40)


def test_line_breaks_of_a_message_are_kept() -> None:
    shown = text(report(finding(message="One.\r\nTwo.\n", help="")))
    assert shown.startswith("error[TS201] weights-sum: One.\n  Two.\n --> ")


def test_no_control_character_of_a_message_or_a_name_is_printed() -> None:
    found = finding(message="a\x1b[2Jb\tc", file="x\x1b.yaml", help="\x9b31m", name="n\x07")
    shown = text(report(found, notes=["\x1b[2J"]))
    assert r"n\x07: a\x1b[2Jb\tc" in shown
    assert r" --> x\x1b.yaml:3:5" in shown
    assert r"  = help: \x9b31m" in shown
    assert r"note: \x1b[2J" in shown


def test_a_file_name_that_cannot_be_decoded_can_be_printed() -> None:
    shown = text(report(finding(file="x\udcff.yaml")))
    assert r"x\udcff.yaml" in shown
    assert shown.encode()


ERROR, WARNING, INFO = (finding(severity=level) for level in sorted(Severity, reverse=True))


@pytest.mark.parametrize(
    ("findings", "counts", "summary"),
    [
        (
            [ERROR] * 3 + [WARNING] + [INFO] * 2,
            {"files": 12},
            "3 errors, 1 warning, 2 infos in 12 files",
        ),
        ([WARNING], {"files": 1, "documents": 1}, "1 warning in 1 file (1 document)"),
        (
            [INFO],
            {"files": 2, "resources": 1, "rollouts": 2, "suppressed": 4, "unreadable": ["x: no"]},
            "1 info in 2 files (1 resource, 2 workflows, 4 suppressed, 1 file not read)",
        ),
        (
            [],
            {"files": 12, "documents": 30, "resources": 25, "rollouts": 1},
            "No findings: 12 files, 30 documents, 25 resources, 1 workflow checked.",
        ),
        ([], {"files": 0}, "No findings: 0 files checked."),
        ([], {"suppressed": 2}, "No findings (2 suppressed): 1 file checked."),
        (
            [],
            {"worst": Severity.INFO},
            "No findings (milder ones are not shown): 1 file checked.",
        ),
        (
            [],
            {"worst": Severity.INFO, "suppressed": 1, "unreadable": ["x: no", "y: no"]},
            "No findings (milder ones are not shown, 1 suppressed, 2 files not read): "
            "1 file checked.",
        ),
    ],
)
def test_the_summary(findings: list[Finding], counts: dict[str, Any], summary: str) -> None:
    assert text(report(*findings, **counts)).splitlines()[-1] == summary


def test_quiet_prints_findings_alone() -> None:
    assert text(report(), quiet=True) == ""
    quiet = text(full_report(), quiet=True)
    assert text(full_report()).startswith(quiet)
    assert quiet.endswith("(--fix --unsafe-fixes)\n")


def test_notes_are_said_even_quietly() -> None:
    shown = text(report(notes=["rule TS201 failed\nbadly", "again"]), quiet=True)
    assert shown == "note: rule TS201 failed\n  badly\nnote: again\n"


def test_statistics_count_each_rule() -> None:
    other = finding(rule="TS101", name="unquoted", severity=Severity.WARNING)
    mixed = [ERROR, INFO, other, finding(rule="TS100", name="first", severity=Severity.INFO)]
    assert text(report(*mixed), statistics=True).endswith(
        "\n\n"
        "count  severity  rule\n"
        "    2  error     TS201 weights-sum\n"
        "    1  info      TS100 first\n"
        "    1  warning   TS101 unquoted\n"
        "\n"
        "1 error, 1 warning, 2 infos in 1 file\n"
    )
    assert "count" not in text(report(*mixed))
    assert "count" not in text(report(), statistics=True)


def test_color_adds_nothing_but_color() -> None:
    given = report(FULL, WARNING, INFO, notes=["note"])
    for view in ({}, {"width": 50, "statistics": True}):
        colored = text(given, color=True, **view)
        assert "\x1b[1;31merror[TS301]\x1b[0m" in colored
        assert "\x1b[1;33mwarning[TS201]\x1b[0m" in colored
        assert _COLOR.sub("", colored) == text(given, **view)
        assert "\x1b" not in text(given, **view)


def test_the_summary_is_colored_by_the_worst_finding() -> None:
    assert "\x1b[1;33m1 warning, 1 info in" in text(report(INFO, WARNING), color=True)
    assert "\x1b[1;32mNo findings" in text(report(), color=True)


@pytest.mark.parametrize("color", [False, True])
def test_rich_is_imported_for_color_only(color: bool) -> None:
    script = f"""
import sys
from tsplit_lint.engine import Report
from tsplit_lint.report import View, render
for name in ("text", "concise", "json", "github"):
    render(name, Report(), View(color={color}))
print("rich" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(color)


def test_a_real_run(tree: Tree) -> None:
    tree.write({"shop/route.yaml": UNEVEN})
    shown = text(lint(["."], Config(root=tree.root, select=("TS201",))), width=80)
    assert shown.splitlines()[-9:] == [
        "  10%.",
        " --> shop/route.yaml:8:5",
        "  |",
        "8 |   - route:",
        "  |     ^^^^^",
        "  |",
        "  = help: Change the weights so that they sum to 100.",
        "",
        "1 error in 1 file (1 document, 1 resource)",
    ]


@settings(deadline=None)
@given(reports(), st.none() | st.integers(0, 120), st.booleans(), st.booleans(), st.booleans())
def test_no_control_character_ever_reaches_the_terminal(
    given: Report, width: int | None, color: bool, quiet: bool, statistics: bool
) -> None:
    shown = text(given, width=width, color=color, quiet=quiet, statistics=statistics)
    plain = _COLOR.sub("", shown) if color else shown
    assert plain.replace("\n", "").isprintable()
    assert plain == text(given, width=width, quiet=quiet, statistics=statistics)
    assert shown == "" or shown.endswith("\n")
    assert not re.search(r" \n|\n\n\n", plain)


def test_blank_lines_of_a_message_are_left_out() -> None:
    found = finding(message="one\n\n\ntwo", help="\n\n\nthree")
    lines = text(report(found)).splitlines()
    assert [line.strip() for line in lines if line.strip() in ("two", "three")] == ["two", "three"]
    assert "" not in lines[: lines.index("      three")]
