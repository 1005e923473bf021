"""`tsplit-lint plan FILE…`: a rollout, step by step."""

from __future__ import annotations

import gc

from ..engine import lint
from ..options import (
    PROG,
    CommandError,
    Parser,
    UsageError,
    add_config_flags,
    add_help,
    add_input_flags,
    add_mesh_flags,
    add_rule_flags,
    complain,
    settings_of,
)
from ..plan import FORMATS, render
from ..streams import add_picture_flags, inputs_of, missing_of, show, view_of


def parser() -> Parser:
    """The parser of the command."""
    result = Parser(
        prog=f"{PROG} plan",
        usage="%(prog)s [OPTIONS] FILE …",
        description=(
            "Show what a Harness workflow or pipeline does, step by step: who gets which share of the "
            "requests, which pods are there, and where requests are lost."
        ),
        epilog=(
            "exit codes:\n"
            "  0  it is shown, whatever was found\n"
            "  2  it could not be done: a bad flag or setting, no such file or step\n\n"
            "examples:\n"
            f"  {PROG} plan Workflows/checkout.yaml --context Services\n"
            f'  {PROG} plan pipeline.yaml --fail-at "Rolling Deployment"\n'
            f"  {PROG} plan pipeline.yaml --format html --output plan.html\n"
        ),
    )
    files = result.add_argument_group("what is shown")
    files.add_argument(
        "paths",
        metavar="FILE",
        nargs="*",
        help="workflows and pipelines, with or without their manifests; - is standard input",
    )
    files.add_argument(
        "--fail-at",
        metavar="STEP",
        help="show the rollback after this step fails (its name or number)",
    )
    files.add_argument(
        "--stdin-filename", metavar="NAME", help="the name that standard input has in the plan"
    )
    add_input_flags(files)
    add_mesh_flags(files)
    add_rule_flags(result.add_argument_group("rules whose findings are shown"))
    add_picture_flags(result, tuple(FORMATS))
    add_config_flags(result.add_argument_group("settings"))
    add_help(result.add_argument_group("other"))
    return result


def run(words: list[str]) -> int:
    """Show the plans; gives the exit code."""
    from ..harness import rollouts_in
    from ..plan.build import UnknownStepError, build

    gc.disable()  # a run makes hardly any cycles and ends soon
    namespace = parser().parse(words, "paths")
    if not namespace.paths:
        raise UsageError("which file? name a workflow or a pipeline")
    config = settings_of(namespace).config
    paths, texts = inputs_of(namespace)
    missing = missing_of(paths)
    if missing:
        return 2
    report = lint(paths, config, texts=texts)
    gc.freeze()
    for note in report.notes:
        complain("note", note)
    for failure in report.unreadable:
        complain("error", failure)
    files = [file for file in report.sources.values() if not file.context]
    rollouts = list(rollouts_in(files))
    try:
        plans = build(rollouts, report.catalog, report.findings, namespace.fail_at)
    except UnknownStepError as error:
        raise CommandError(str(error)) from None
    if not plans:
        complain("note", "nothing to show: no workflow and no pipeline is in what was read")
    show(render(namespace.format, plans, view_of(namespace)), namespace.output)
    return 2 if report.unreadable else 0
