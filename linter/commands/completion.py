"""`tsplit-lint completion SHELL`, and the answers that the printed script asks for."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Final

from ..options import PROG, Parser, UsageError, add_help, write
from ..words import one_of
from . import COMMANDS

SHELLS: Final = ("bash", "zsh", "fish")


def parser() -> Parser:
    """The parser of the command."""
    result = Parser(
        prog=f"{PROG} completion",
        usage="%(prog)s SHELL",
        description="Print the completion script for a shell.",
        epilog=f'example: put   eval "$({PROG} completion bash)"   into ~/.bashrc',
    )
    shell = result.add_argument("shell", metavar="SHELL", nargs="*", help=one_of(SHELLS))
    shell.completer = lambda **_: SHELLS  # type: ignore[attr-defined]
    add_help(result)
    return result


def run(words: list[str]) -> int:
    """Print the script."""
    shells = parser().parse(words, "shell").shell
    if len(shells) != 1 or shells[0] not in SHELLS:
        raise UsageError(f"which shell? {one_of(SHELLS)}")
    from argcomplete.shell_integration import shellcode

    write(shellcode([PROG], shell=shells[0]))
    return 0


def complete() -> None:
    """Answer a shell that asks for completions (argcomplete's protocol), and exit."""
    import argcomplete

    line = os.environ.get("COMP_LINE", "")
    command, finished = _command_of(line)
    if finished:
        # each command has a parser of its own, which does not know the command's word
        start = line.index(command)
        os.environ["COMP_LINE"] = line[:start] + line[start + len(command) :].lstrip()
        removed = len(line) - len(os.environ["COMP_LINE"])
        os.environ["COMP_POINT"] = str(int(os.environ.get("COMP_POINT", len(line))) - removed)
    module = import_module(f".{command if finished else 'lint'}", __package__)
    argcomplete.autocomplete(module.parser())


def _command_of(line: str) -> tuple[str, bool]:
    """The first word of a line, and whether it is a command that has been typed to its end."""
    words = line.split()
    word = words[1] if len(words) > 1 else ""
    return word, word in COMMANDS and (len(words) > 2 or line[-1:].isspace())
