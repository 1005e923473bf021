"""TS001: text that is not YAML, explained by what stands in the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tsplit_lint import Catalog, Finding, Place, Problem, Rule, Severity, SourceFile

_CONFLICT = re.compile(r"<<<<<<< |=======$|>>>>>>> ")
_OPEN = {"sequence": ("list", "[", "]"), "mapping": ("mapping", "{", "}")}


class Mistake(NamedTuple):
    """What is wrong, and how to mend it."""

    what: str
    mend: str


class YamlSyntax(Rule[SourceFile]):
    """A manifest is YAML that Kubernetes can read.

    What it checks:
        Every document that looks like a manifest, a Harness workflow or pipeline, and every values
        file.  Templates are read after rendering.  A document is accepted if any of the parsers in use
        reads it, so that what deploys is never refused here.

    Why it matters:
        `kubectl`, Helm and Harness stop at the first file that is not YAML: nothing of it deploys.  No
        other rule can judge the document either.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
           timeout: 5s  # <-
        ```
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts:
          - *.shop.example.com  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts:
          - "*.shop.example.com"
          gateways: [edge]
          http:
          - route:
            - destination: {host: shop}
            timeout: 5s
        ```

    How to fix:
        Indent with spaces only, the keys of one mapping at one column; close every quote, `[` and `{`;
        put values in quotes that begin with `*`, `@`, `%`, `{` or a backtick, or that hold `: `.

    Sources:
        - YAML specification, 1.2.2, chapters 5 to 8
    """

    id = "TS001"
    name = "yaml-syntax"
    severity = Severity.ERROR

    def check(self, file: SourceFile, catalog: Catalog) -> Iterator[Finding]:
        """Turn what the parser said into plain words."""
        if not file.problems or any("NUL" in p.message for p in file.problems_of("encoding")):
            return
        for problem in file.problems_of("syntax"):
            mistake = explain(file, problem)
            yield self.finding(
                Place(file, fixed=problem.span),
                f"This is not YAML: {mistake.what}. A deployment stops at this file.",
                help=mistake.mend,
            )


def explain(file: SourceFile, problem: Problem) -> Mistake:
    """What a person did there, as far as the line tells."""
    number, column = problem.span.line, problem.span.column
    line = file.line_text(number)
    before, rest = line[: column - 1], line[column - 1 :]
    if file.rendered is not None and "{{" in line:
        return Mistake(
            "what this template action writes does not fit here",
            "Pipe the value through `quote`, or a block through `nindent` with the right depth.",
        )
    if _CONFLICT.match(line):
        return Mistake("a merge conflict stands in the file", "Resolve the conflict.")
    return (
        _of_a_character(problem.message, before, rest)
        or _left_open(problem.message, before, rest)
        or _of_a_colon(file, problem.message, number, before, rest)
        or _of_the_indentation(file, problem.message, number, before, rest)
        or Mistake(problem.message, "Correct the line, or the one above it.")
    )


def _of_a_character(message: str, before: str, rest: str) -> Mistake | None:
    """Mistakes that one character tells."""
    if rest.startswith("\t") or (not before.strip(" -?") and "\t" in before):
        return Mistake("a tab is used as indentation", "Replace the tab with spaces.")
    if "alias" in message or "anchor" in message:
        if "undefined" in message:
            word = rest.lstrip("*& ").split(" ")[0]
            return Mistake(
                f"`*{word}` names an anchor, and no `&{word}` stands above it in this document",
                "Put the value in quotes if the asterisk is part of it.",
            )
        value = re.search(r"\*[^\s,\]}]*", before[-1:] + rest)
        return Mistake(
            "a value that begins with `*` or `&` is an alias or an anchor",
            f'Put the value in quotes: `"{value[0] if value else "*.example.com"}"`.',
        )
    if " tag" in message:
        return Mistake("a value that begins with `!` is a YAML tag", "Put the value in quotes.")
    if ("cannot start any token" in message or "node content" in message) and rest:
        word = "a backtick" if rest[0] == "`" else f"`{rest[0]}`"
        return Mistake(f"a value cannot begin with {word}", "Put the value in quotes.")
    if "escape" in message:
        return Mistake(
            f"`{rest[:2]}` is no escape in a text in double quotes",
            "Use single quotes, or double the backslash.",
        )
    if "characters are not allowed" in message and rest:
        return Mistake(
            f"the character U+{ord(rest[0]):04X} is not allowed", "Remove the character."
        )
    if "block scalar" in message:
        return Mistake(
            "text stands behind `|` or `>`",
            "Begin the text on the next line, indented; or put all of it in quotes.",
        )
    return None


def _left_open(message: str, before: str, rest: str) -> Mistake | None:
    """Quotes and brackets without their other half."""
    if "end of stream while scanning a quoted scalar" in message:
        return Mistake(f"the quote `{rest[:1]}` is never closed", "Close the quote.")
    for shape, (name, opening, closing) in _OPEN.items():
        if f"while parsing a flow {shape}" in message:
            return Mistake(
                f"the {name} that begins with this `{opening}` is not closed with `{closing}`, or a "
                "comma is missing in it",
                f"Close it with `{closing}` and set commas between its items.",
            )
    if rest[:1] in ("]", "}"):
        return Mistake(f"this `{rest[0]}` closes nothing", "Remove it, or add what opens it.")
    quote = before.rstrip()[-1:]
    if quote in ("'", '"') and rest.strip():
        if before.count(quote) % 2:
            return Mistake(
                f"a quote that was opened on a line above ends at this `{quote}`",
                "Close the quote on the line where it begins.",
            )
        return Mistake(
            "text follows a closing quote", "Put the whole value in one pair of quotes, or in none."
        )
    return None


def _of_a_colon(
    file: SourceFile, message: str, number: int, before: str, rest: str
) -> Mistake | None:
    """A colon or a blank too many or too few."""
    if "expected ':'" in message:
        return _of_a_blank(rest) or Mistake(
            f"no colon follows `{rest.split(' ')[0]}`", "Write `key: value`."
        )
    if "mapping values are not allowed" not in message:
        return None
    if re.search(r":\s+\S", before):
        return Mistake(
            "a second `: ` stands in this value", "Put the value in quotes, or begin a new line."
        )
    above = _above(file, number)
    if above is None:
        return None
    while not _has_colon(file, above) and (higher := _above(file, above)):
        if _has_colon(file, higher):
            break
        above = higher
    text = file.line_text(above).strip()
    if not _has_colon(file, above):
        return _of_a_blank(text, f" in line {above}") or Mistake(
            f"a colon is missing after `{text}` in line {above}", "Write `key:`."
        )
    return Mistake(
        f"this line is indented below line {above}, which already has a value",
        "Give both lines the same indentation, or move the value.",
    )


def _of_a_blank(text: str, where: str = "") -> Mistake | None:
    if re.match(r"-[^\s]", text):
        return Mistake(f"a blank is missing after the dash{where}", "Write `- ` before the item.")
    if re.match(r"[\w./-]+:\S", text):
        return Mistake(f"a blank is missing after the colon{where}", "Write `key: value`.")
    return None


def _has_colon(file: SourceFile, number: int) -> bool:
    """Whether a line holds a key: a colon alone makes none."""
    return re.search(r":(\s|$)", file.line_text(number)) is not None


def _of_the_indentation(
    file: SourceFile, message: str, number: int, before: str, rest: str
) -> Mistake | None:
    if "<document start>" in message:
        return Mistake(
            "this line is indented less than the first line of the document",
            "Indent the top-level keys alike, or begin a new document with `---`.",
        )
    if "block sequence entries" in message:
        return Mistake("a list begins on the line of its key", "Begin the list on the next line.")
    if "while parsing a block" not in message:
        return None
    if re.match(r"---(\s|$)", rest) and before:
        return Mistake("`---` must stand at the first column", "Remove the blanks before `---`.")
    if before.strip(" -"):
        return None
    above = _above(file, number)
    depth = len(before)
    if above and depth == _depth(file.line_text(above)) and "expected key" in message:
        return Mistake(
            "a list item stands among the keys of a mapping",
            "Give the list a key of its own, or indent it below its key.",
        )
    where = (
        f"line {above} by {_depth(file.line_text(above))}" if above else "the lines above it less"
    )
    return Mistake(
        f"this line is indented by {depth} and {where}, which fits no mapping or list that is open "
        "here",
        "Indent it like the line that it continues, or check the line above.",
    )


def _above(file: SourceFile, number: int) -> int | None:
    """The nearest line above that holds more than a comment."""
    for other in range(number - 1, 0, -1):
        text = file.line_text(other).strip()
        if text and not text.startswith("#"):
            return other
    return None


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
