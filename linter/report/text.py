"""The report for people: each finding with the lines it is about, and a summary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..finding import Finding, Severity, Span
from .characters import counted, visible
from .snippet import MAX_LINES, Row, snippet
from .terminal import painter
from .view import View

if TYPE_CHECKING:
    from ..engine import Report

#: Room for a line of a file where no terminal sets it.
_PIPED_WIDTH: Final = 160
_LEAST_WIDTH: Final = 40


def render(report: Report, view: View) -> str:
    """The findings as a compiler shows them, notes, the statistics if wanted, the summary."""
    blocks = list(_Text(report, view).blocks())
    return "\n\n".join(blocks) + "\n" if blocks else ""


def statistics(report: Report) -> str:
    """How many findings each rule has, for beside a format that does not tell it."""
    return "".join(f"{line}\n" for line in _Text(report, View()).statistics())


class _Text:
    def __init__(self, report: Report, view: View) -> None:
        self.report = report
        self.view = view
        self.paint = painter(color=view.color)
        self.width = None if view.width is None else max(view.width, _LEAST_WIDTH)

    def blocks(self) -> Iterator[str]:
        """What blank lines set apart."""
        for finding in self.report.findings:
            yield "\n".join(self.finding(finding))
        if self.report.notes:
            notes = (self.labeled("note", note) for note in self.report.notes)
            yield "\n".join(line for lines in notes for line in lines)
        if self.view.statistics and self.report.findings:
            yield "\n".join(self.statistics())
        if not self.view.quiet:
            style, text = self.summary()
            yield "\n".join(self.paint(style, line) for line in self.wrapped(text, ""))

    def finding(self, finding: Finding) -> Iterator[str]:
        """The header, the place, the related places, the help."""
        level = finding.severity.label
        spans = [finding.span, *(related.span for related in finding.related)]
        gutter = max(len(str(min(span.end_line, span.line + MAX_LINES - 1))) for span in spans)
        yield from self.header(finding)
        yield from self.place("-->", finding.file, finding.span, gutter, (level, "^"))
        for related in finding.related:
            yield from self.labeled("note", related.message)
            yield from self.place(":::", related.file, related.span, gutter, ("frame", "-"))
        if finding.help:
            yield from self.remark("help", finding.help, gutter)
        if finding.fix is not None:
            flags = "--fix" if finding.fix.safe else "--fix --unsafe-fixes"
            yield from self.remark("fix", f"{finding.fix.title} ({flags})", gutter)

    def header(self, finding: Finding) -> Iterator[str]:
        """`error[TS201] weights-sum: message`."""
        level = finding.severity.label
        code = visible(f"{level}[{finding.rule}]")
        first, *rest = self.wrapped(f"{code} {finding.name}: {finding.message}", "  ")
        yield self.paint(level, first[: len(code)]) + self.paint("strong", first[len(code) :])
        for line in rest:
            yield self.paint("strong", line)

    def place(
        self, arrow: str, file: str, span: Span, gutter: int, mark: tuple[str, str]
    ) -> Iterator[str]:
        """Where it is, and the lines there with the span underlined."""
        frame = self.frame(arrow.rjust(gutter + 3))
        yield f"{frame} {visible(file)}:{span.line}:{span.column}"
        room = max((self.width or _PIPED_WIDTH) - gutter - 3, _LEAST_WIDTH // 2)
        rows = snippet(self.report.sources.get(file), span, room)
        bar = self.frame(" " * gutter + " |")
        if rows:
            yield bar
        for row in rows:
            yield from self.row(row, gutter, bar, mark)
        if rows:
            yield bar

    def row(self, row: Row, gutter: int, bar: str, mark: tuple[str, str]) -> Iterator[str]:
        """A line of a file, and its underline."""
        number = "" if row.number is None else str(row.number)
        frame = self.frame(f"{number:>{gutter}} |")
        yield f"{frame} {row.text}" if row.text else frame
        if row.mark:
            style, char = mark
            yield f"{bar} {' ' * row.start}{self.paint(style, char * row.mark)}"

    def frame(self, text: str) -> str:
        """A part of what surrounds the lines of a file."""
        return self.paint("frame", text)

    def remark(self, label: str, body: str, gutter: int) -> Iterator[str]:
        """`= help: …` below the lines of a file."""
        lead = f"{' ' * gutter} = "
        first, *rest = self.wrapped(f"{lead}{label}: {body}", " " * len(lead) + "  ")
        end = len(lead) + len(label)
        yield (
            self.frame(first[: len(lead)]) + self.paint(label, first[len(lead) : end]) + first[end:]
        )
        yield from rest

    def labeled(self, label: str, body: str) -> Iterator[str]:
        """A line such as `note: …`."""
        first, *rest = self.wrapped(f"{label}: {body}", "  ")
        yield self.paint(label, first[: len(label)]) + first[len(label) :]
        yield from rest

    def wrapped(self, text: str, indent: str) -> list[str]:
        """A text as lines of the terminal's width; its own line breaks are kept, blank lines not."""
        lines: list[str] = []
        for paragraph in filter(str.strip, text.split("\n")):
            line = (indent if lines else "") + visible(paragraph.rstrip())
            if self.width is None or len(line) <= self.width:
                lines.append(line.rstrip())
            else:
                import textwrap

                lines += textwrap.wrap(
                    line,
                    self.width,
                    subsequent_indent=indent,
                    break_long_words=False,
                    break_on_hyphens=False,
                )
        return lines

    def statistics(self) -> Iterator[str]:
        """How many findings each rule has, the most frequent first."""
        groups: dict[tuple[str, str], list[Severity]] = defaultdict(list)
        for finding in self.report.findings:
            groups[finding.rule, finding.name].append(finding.severity)
        yield self.paint("strong", "count  severity  rule")
        for rule, levels in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
            level = max(levels).label
            painted = self.paint(level, level) + " " * (8 - len(level))
            yield f"{len(levels):>5}  {painted}  {visible(' '.join(rule))}".rstrip()

    def summary(self) -> tuple[str, str]:
        """What was found in how much, and the style to say it in."""
        report = self.report
        files = counted(report.files, "file")
        if not report.findings:
            return self.all_clear(files)
        levels = ((level, report.count(level)) for level in sorted(Severity, reverse=True))
        found = ", ".join(counted(number, level.label) for level, number in levels if number)
        checked = ", ".join((*self.checked(), *self.left_out()))
        style = max(finding.severity for finding in report.findings).label
        return style, f"{found} in {files} ({checked})" if checked else f"{found} in {files}"

    def all_clear(self, files: str) -> tuple[str, str]:
        """The summary of a run that shows no finding."""
        checked = ", ".join((files, *self.checked()))
        aside = ", ".join(self.left_out())
        if self.report.worst is not None:
            aside = ", ".join(filter(None, ("milder ones are not shown", aside)))
        aside = f" ({aside})" if aside else ""
        return "good", f"No findings{aside}: {checked} checked."

    def checked(self) -> Iterator[str]:
        """What was read, as far as there was any."""
        report = self.report
        for number, word in (
            (report.documents, "document"),
            (report.resources, "resource"),
            (report.rollouts, "workflow"),
        ):
            if number:
                yield counted(number, word)

    def left_out(self) -> Iterator[str]:
        """What is not among the findings, as far as there was any."""
        if self.report.suppressed:
            yield f"{self.report.suppressed} suppressed"
        if self.report.unreadable:
            yield f"{counted(len(self.report.unreadable), 'file')} not read"
