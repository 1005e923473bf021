"""`tsplit-lint [lint] PATH…`: lint, report, and say by the exit code how it went."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..options import (
    PROG,
    Parser,
    UsageError,
    add_config_flags,
    add_help,
    add_input_flags,
    add_level_flags,
    add_mesh_flags,
    add_rule_flags,
    complain,
    encoded,
    settings_of,
    word_of,
    write,
)
from ..report import FORMATS, render
from ..streams import add_color_flag, inputs_of, is_colored, missing_of, terminal_width
from ..version import VERSION
from ..words import nearest
from . import COMMANDS

if TYPE_CHECKING:
    from ..engine import Report
    from ..report import View


class Output(NamedTuple):
    """A format, and the file it is written to (None: standard output)."""

    format: str
    file: str | None


class _Format(argparse.Action):
    def __call__(self, _parser: Any, namespace: Any, value: Any, _option: Any = None) -> None:
        namespace.outputs = [*namespace.outputs, Output(value, None)]


class _Output(argparse.Action):
    def __call__(self, _parser: Any, namespace: Any, value: Any, _option: Any = None) -> None:
        if not namespace.outputs or namespace.outputs[-1].file is not None:
            message = f"--output {value} needs a --format of its own before it"
            raise argparse.ArgumentError(None, message)
        *others, last = namespace.outputs
        namespace.outputs = [*others, Output(last.format, value)]


def parser() -> Parser:
    """The parser of the command."""
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:{width}}  {text}" for name, text in COMMANDS.items())
    result = Parser(
        prog=PROG,
        usage="%(prog)s [OPTIONS] [PATH …]\n       %(prog)s COMMAND --help",
        description="Find mistakes in traffic splitting on Istio and Harness, without a cluster.",
        epilog=(
            f"commands:\n{commands}\n\n"
            "exit codes:\n"
            "  0  nothing at or above --fail-on\n"
            "  1  findings at or above it\n"
            "  2  the work could not be done: a bad flag or setting, a path that cannot be read\n\n"
            "examples:\n"
            f"  {PROG} manifests/\n"
            f"  {PROG} --format text --format sarif --output findings.sarif --complete .\n"
        ),
    )
    _add_paths(result)
    rules = result.add_argument_group("rules")
    add_rule_flags(rules)
    add_level_flags(rules)
    _add_outputs(result)
    add_config_flags(result.add_argument_group("settings"))
    other = result.add_argument_group("other")
    add_help(other)
    other.add_argument("--version", action="version", version=f"{PROG} {VERSION}")
    return result


def _add_paths(parser: Parser) -> None:
    group = parser.add_argument_group("what is linted")
    paths = group.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="files and folders; - is standard input; without any, the working directory",
    )
    paths.completer = _complete_path  # type: ignore[attr-defined]
    group.add_argument(
        "--stdin-filename",
        metavar="NAME",
        help="the name that findings in standard input are reported under",
    )
    add_input_flags(group)
    add_mesh_flags(group)


def _add_outputs(parser: Parser) -> None:
    group = parser.add_argument_group("reports")
    group.add_argument(
        "--format",
        metavar="FORMAT",
        type=word_of(tuple(FORMATS)),
        choices=tuple(FORMATS),
        action=_Format,
        dest="outputs",
        default=[],
        help=f"{', '.join(FORMATS)} (repeatable; default: text)",
    )
    group.add_argument(
        "--output",
        metavar="FILE",
        action=_Output,
        dest="outputs",
        help="write the format before it to a file",
    )
    group.add_argument("--statistics", action="store_true", help="count the findings of each rule")
    group.add_argument(
        "--quiet", action="store_true", help="print findings only: no summary, no notes"
    )
    add_color_flag(group)


def _complete_path(prefix: str, **_: Any) -> list[str]:
    from argcomplete.completers import FilesCompleter

    return [*FilesCompleter()(prefix), *(name for name in COMMANDS if name.startswith(prefix))]


def run(words: list[str]) -> int:
    """Lint and report; gives the exit code."""
    gc.disable()  # a run makes hardly any cycles and ends soon: looking for them costs a quarter of it
    namespace = parser().parse(words, "paths")
    outputs = _outputs(namespace.outputs)
    config = settings_of(namespace).config
    paths, texts = inputs_of(namespace)
    missing = missing_of(paths, _hint)
    present = [path for path in paths if path not in missing]
    if missing and not present and not texts:
        return 2
    from ..engine import lint  # `--help` and `--version` do without all of it
    from ..report import View

    report = lint(present, config, texts=texts)
    gc.freeze()  # nor look for them at the end
    view = View(quiet=namespace.quiet, statistics=namespace.statistics, fail_on=config.fail_on)
    if namespace.quiet:
        report.notes = []
    failures = [*report.unreadable, *_deliver(report, outputs, view, namespace.color)]
    if Output("text", None) not in outputs:
        _tell_beside(report, statistics=namespace.statistics)
    _warn_if_empty(report, [*texts, *present])
    for failure in failures:
        complain("error", failure)
    if missing or failures:
        return 2
    if not report.fails(config.fail_on):
        return 0
    if all(finding.severity < config.fail_on for finding in report.findings):
        shown, limit = config.min_severity.label, config.fail_on.label
        complain(
            "note",
            f"findings at or above --fail-on {limit} are not shown, for they are below "
            f"--min-severity {shown}",
        )
    return 1


def _outputs(given: Sequence[Output]) -> list[Output]:
    """What to write where; raises UsageError where two formats would go to one place."""
    outputs = [Output(o.format, None if o.file == "-" else o.file) for o in given]
    outputs = outputs or [Output("text", None)]
    for file, times in Counter(output.file for output in outputs).items():
        if times > 1:
            names = " and ".join(output.format for output in outputs if output.file == file)
            where = "standard output" if file is None else file
            raise UsageError(
                f"{names} would both be written to {where}: give each --format its own --output"
            )
    return outputs


def _hint(path: str) -> str:
    if path in COMMANDS:
        return f" (a command comes first: {PROG} {path} …)"
    command = nearest(path, COMMANDS) if path.isalpha() else None
    return f" (if the command {command} is meant: {PROG} {command} …)" if command else ""


def _deliver(report: Report, outputs: Sequence[Output], view: View, color: str) -> list[str]:
    """Write every format to its place; gives what could not be written."""
    from dataclasses import replace

    failures = []
    paper = replace(view, color=color == "always")
    screen = replace(view, color=is_colored(color), width=terminal_width())
    for output in outputs:
        if output.file is None:
            write(render(output.format, report, screen))
            continue
        text = render(output.format, report, paper)
        try:
            with open(output.file, "wb") as stream:
                stream.write(encoded(text))
        except OSError as error:
            failures.append(f"{output.file}: cannot be written: {error.strerror or error}")
    if _wants_annotations(outputs):
        write(render("github", report, paper))
    return failures


def _wants_annotations(outputs: Sequence[Output]) -> bool:
    """Whether a person's report goes to the log of GitHub Actions, and nothing annotates yet."""
    formats = {output.format for output in outputs}
    return (
        os.environ.get("GITHUB_ACTIONS") == "true"
        and Output("text", None) in outputs
        and "github" not in formats
    )


def _tell_beside(report: Report, *, statistics: bool) -> None:
    """What the text report would tell besides the findings, where standard output has another."""
    for note in report.notes:
        complain("note", note)
    if statistics and report.findings:
        from ..report import text

        sys.stderr.write(text.statistics(report))


def _warn_if_empty(report: Report, paths: Sequence[str]) -> None:
    """Say so where the paths hold nothing to lint: a hook may be handed only other files."""
    if report.resources or report.rollouts or report.findings or report.unreadable:
        return
    if not report.suppressed:
        named = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if paths[3:] else "")
        complain("note", f"nothing to lint: no manifest and no workflow in {named}")
