"""`tsplit-lint graph`: who routes to whom, drawn."""

from __future__ import annotations

import gc

from ..engine import lint
from ..graph import FORMATS, render
from ..options import (
    PROG,
    Parser,
    add_config_flags,
    add_help,
    add_input_flags,
    add_mesh_flags,
    add_rule_flags,
    complain,
    settings_of,
)
from ..streams import add_picture_flags, inputs_of, missing_of, show, view_of


def parser() -> Parser:
    """The parser of the command."""
    result = Parser(
        prog=f"{PROG} graph",
        usage="%(prog)s [OPTIONS] [PATH …]",
        description=(
            "Draw who routes to whom: hosts, routes, subsets and workloads, with the shares that are "
            "served and the findings at their places."
        ),
        epilog=(
            "exit codes:\n"
            "  0  it is drawn, whatever was found\n"
            "  2  it could not be done: a bad flag or setting, a path that cannot be read\n\n"
            "examples:\n"
            f"  {PROG} graph manifests/\n"
            f"  {PROG} graph --format html --output traffic.html .\n"
        ),
    )
    paths = result.add_argument_group("what is drawn")
    paths.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="files and folders; - is standard input; without any, the working directory",
    )
    paths.add_argument(
        "--stdin-filename", metavar="NAME", help="the name that standard input has in the graph"
    )
    add_input_flags(paths)
    add_mesh_flags(paths)
    add_rule_flags(result.add_argument_group("rules whose findings are shown"))
    add_picture_flags(result, tuple(FORMATS))
    add_config_flags(result.add_argument_group("settings"))
    add_help(result.add_argument_group("other"))
    return result


def run(words: list[str]) -> int:
    """Draw; gives the exit code."""
    from ..graph.build import build

    gc.disable()  # a run makes hardly any cycles and ends soon
    namespace = parser().parse(words, "paths")
    config = settings_of(namespace).config
    paths, texts = inputs_of(namespace)
    missing = missing_of(paths)
    present = [path for path in paths if path not in missing]
    if missing and not present and not texts:
        return 2
    report = lint(present, config, texts=texts)
    gc.freeze()
    for note in report.notes:
        complain("note", note)
    for failure in report.unreadable:
        complain("error", failure)
    graph = build(report.catalog, report.findings, report.sources)
    if not graph.services:
        complain("note", "nothing to draw: no VirtualService is in what was read")
    show(render(namespace.format, graph, view_of(namespace)), namespace.output)
    return 2 if missing or report.unreadable else 0
