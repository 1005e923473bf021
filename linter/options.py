"""What the commands share: the parser, the flags that select rules, and writing."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from .words import LEVELS, did_you_mean, one_of

if TYPE_CHECKING:
    from .settings import Flags, Settings

PROG: Final = "tsplit-lint"
_VALUED: Final = r"(?s)argument (?:-\w/)?(--[\w-]+): ignored explicit argument .*"


class CommandError(Exception):
    """What keeps a command from its work: messages of one sentence each."""


class UsageError(CommandError):
    """A command line that cannot be understood."""


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line, and what may have been meant."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            allow_abbrev=False,
            add_help=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **settings,
        )

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        valued = re.fullmatch(_VALUED, message)
        raise UsageError(
            f"{valued[1]} takes no value" if valued else message.removeprefix("argument ")
        )

    def _print_message(self, message: str, file: Any = None) -> None:
        # the help is UTF-8 as all other output, whatever the locale says
        write(message)

    def parse(self, arguments: Sequence[str], positional: str = "") -> argparse.Namespace:
        """Parse; options may stand between the positional arguments, `--` ends the options."""
        cut = list(arguments).index("--") if "--" in arguments else len(arguments)
        namespace, extras = self.parse_known_args(list(arguments[:cut]))
        words = list(getattr(namespace, positional, ()))
        for extra in extras:
            if extra.startswith("-") and extra != "-":
                option = extra.partition("=")[0]
                known = [name for action in self._actions for name in action.option_strings]
                raise UsageError(f"there is no option {option}{did_you_mean(option, known)}")
            words.append(extra)
        words += arguments[cut + 1 :]
        if words and not positional:
            raise UsageError(f"{self.prog} takes no arguments, and there is {words[0]}")
        setattr(namespace, positional, words)
        return namespace


def word_of(words: Sequence[str]) -> Callable[[str], str]:
    """A type of argument: one of some words."""

    def read(given: str) -> str:
        if given not in words:
            message = f'"{given}" is not {one_of(words)}{did_you_mean(given, words)}'
            raise argparse.ArgumentTypeError(message)
        return given

    return read


def comma_list(given: str) -> list[str]:
    """A type of argument: words between commas."""
    return [word.strip() for word in given.split(",") if word.strip()]


def add_format_flag(parser: argparse._ActionsContainer) -> None:
    """Add the --format of commands that print a list."""
    formats = ("text", "json")
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        type=word_of(formats),
        choices=formats,
        default="text",
        help="text (default) or json",
    )


def add_help(parser: argparse._ActionsContainer) -> None:
    """Add --help."""
    parser.add_argument("-h", "--help", action="help", help="show this help and exit")


def add_rule_flags(parser: argparse._ActionsContainer) -> None:
    """Add the flags that select rules."""
    parser.add_argument(
        "--select",
        metavar="RULES",
        type=comma_list,
        action="extend",
        default=[],
        help=(
            "run just these rules, whatever the configuration says: ids, beginnings of ids, names "
            "(comma-separated, repeatable)"
        ),
    )
    parser.add_argument(
        "--ignore",
        metavar="RULES",
        type=comma_list,
        action="extend",
        default=[],
        help="do not run these rules",
    )


def add_level_flags(parser: argparse._ActionsContainer) -> None:
    """Add the flags about severities."""
    parser.add_argument(
        "--severity",
        metavar="RULE=LEVEL",
        action="append",
        default=[],
        help="give a rule's findings another severity (repeatable)",
    )
    for name, text in (
        ("--fail-on", "the mildest severity that makes the run fail (default: error)"),
        ("--min-severity", "the mildest severity that is shown (default: info)"),
    ):
        parser.add_argument(name, metavar="LEVEL", type=word_of(LEVELS), choices=LEVELS, help=text)


def add_input_flags(parser: argparse._ActionsContainer) -> None:
    """Add the flags about what is read."""
    parser.add_argument(
        "--context",
        metavar="PATH",
        action="append",
        default=[],
        help="read this too, for references only: nothing in it is reported (repeatable)",
    )
    parser.add_argument(
        "--values",
        metavar="FILE",
        action="append",
        default=[],
        help="a further values file for templates; a later one wins (repeatable)",
    )
    parser.add_argument(
        "--exclude",
        metavar="PATTERN",
        action="append",
        default=[],
        help="leave out what this pattern matches, written as in .gitignore (repeatable)",
    )
    parser.add_argument(
        "--complete",
        action="store_true",
        help="everything that is referred to is here: report what is missing",
    )


def add_mesh_flags(parser: argparse._ActionsContainer) -> None:
    """Add the flags about the mesh."""
    parser.add_argument(
        "--istio-version",
        metavar="VERSION",
        type=istio_version,
        help="the version of Istio that the manifests are for, such as 1.20 (default: the latest)",
    )


def istio_version(given: str) -> str:
    """A type of argument: a version of Istio."""
    if not re.fullmatch(r"latest|\d+\.\d+(\.\d+)?", given):
        raise argparse.ArgumentTypeError(f'"{given}" is no version: write it as 1.20, or latest')
    return given


def add_config_flags(parser: argparse._ActionsContainer) -> None:
    """Add the flags about configuration files."""
    parser.add_argument("--config", metavar="FILE", help="read the settings from this file")
    parser.add_argument("--no-config", action="store_true", help="read no configuration file")


def settings_of(namespace: argparse.Namespace) -> Settings:
    """The effective settings of a command line; raises CommandError."""
    from .config_file import ConfigError
    from .registry import all_rules
    from .settings import settle

    try:
        os.getcwd()
    except OSError as error:
        raise CommandError(
            f"the working directory cannot be read: {error.strerror or error}"
        ) from None
    rules, notes = all_rules()
    try:
        return settle(_flags(namespace), rules)
    except ConfigError as error:
        for note in notes:  # a rule that is missing may be one of a plugin that failed
            complain("note", note)
        raise CommandError(*error.mistakes) from None


def _flags(namespace: argparse.Namespace) -> Flags:
    """The flags that a command line gave."""
    from .settings import Flags

    if namespace.config is not None and namespace.no_config:
        raise UsageError("--config and --no-config exclude each other")
    given = vars(namespace)
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if name in Flags._fields
    }
    return Flags(**known)


def encoded(text: str) -> bytes:
    """Text as UTF-8; the undecodable bytes of a file name become escapes."""
    return text.encode("utf-8", "backslashreplace")


def write(text: str) -> None:
    """Write to standard output as UTF-8; a reader that went away is no error."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(encoded(text))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # what the interpreter flushes when it ends must not fail either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise CommandError(f"standard output: {error.strerror or error}") from None


def complain(kind: str, text: str) -> None:
    """Write one line to standard error."""
    line = " ".join(text.split("\n"))
    sys.stderr.write(encoded(f"{PROG}: {kind}: {line}\n").decode())
    sys.stderr.flush()
