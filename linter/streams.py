"""Standard input and output: what a command reads, and how what it writes is shown."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .options import CommandError, UsageError, complain, encoded, word_of, write

if TYPE_CHECKING:
    from .report import View


def inputs_of(namespace: argparse.Namespace) -> tuple[list[str], dict[str, bytes]]:
    """The paths to read, and standard input under its name."""
    paths = namespace.paths or ["."]
    name = namespace.stdin_filename
    if "-" not in paths:
        if name is not None:
            raise UsageError("--stdin-filename names standard input: give - as a path too")
        return paths, {}
    if sys.stdin is None:
        raise CommandError("standard input is closed")
    text = sys.stdin.buffer.read()
    return [path for path in paths if path != "-"], {name or "<stdin>": text}


def missing_of(paths: Sequence[str], hint: Callable[[str], str] = lambda _path: "") -> list[str]:
    """The paths that do not exist; each is complained of, with a hint at what may have been meant."""
    missing = [path for path in paths if not os.path.exists(path)]
    for path in missing:
        complain("error", f"{path or '(an empty path)'}: no such file or folder{hint(path)}")
    return missing


def is_colored(when: str) -> bool:
    """Whether standard output gets colours; `when` is auto, always or never."""
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def terminal_width() -> int | None:
    """The width of the terminal; None where standard output is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def add_picture_flags(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    """Add the flags of the commands that draw: --format, --output, --color."""
    group = parser.add_argument_group("the picture")
    group.add_argument(
        "--format",
        metavar="FORMAT",
        type=word_of(formats),
        choices=formats,
        default="text",
        help=f"{', '.join(formats)} (default: text)",
    )
    group.add_argument("--output", metavar="FILE", help="write to a file")
    add_color_flag(group)


def add_color_flag(parser: argparse._ActionsContainer) -> None:
    """Add --color."""
    colors = ("auto", "always", "never")
    parser.add_argument(
        "--color",
        metavar="WHEN",
        type=word_of(colors),
        choices=colors,
        default="auto",
        help="auto (default), always, or never; NO_COLOR and FORCE_COLOR are honoured",
    )


def view_of(namespace: argparse.Namespace) -> View:
    """How a picture is shown at the place that the flags name."""
    from .report import View

    if namespace.output in (None, "-"):
        return View(color=is_colored(namespace.color), width=terminal_width())
    return View(color=namespace.color == "always")


def show(text: str, output: str | None) -> None:
    """Write a picture to its place; raises CommandError where that fails."""
    if output is None or output == "-":
        write(text)
        return
    try:
        with open(output, "wb") as stream:
            stream.write(encoded(text))
    except OSError as error:
        message = f"{output}: cannot be written: {error.strerror or error}"
        raise CommandError(message) from None
