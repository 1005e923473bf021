"""The command line: which command is meant, and what a failure of it says."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import BytesIO, TextIOWrapper

from .commands import COMMANDS
from .options import CommandError, UsageError, complain

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; gives the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # they are None where the caller closed them: then nobody wants to read
    sys.stdout = sys.stdout or TextIOWrapper(BytesIO())
    sys.stderr = sys.stderr or TextIOWrapper(BytesIO())
    if "_ARGCOMPLETE" in os.environ:
        from .commands.completion import complete

        complete()
    try:
        return _run(words)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except UsageError as error:
        complain("error", f"{error} (tsplit-lint --help shows the options)")
    except CommandError as error:
        for mistake in error.args:
            complain("error", mistake)
    except Exception as error:
        if os.environ.get("TSPLIT_LINT_DEBUG"):
            raise
        complain(
            "error",
            f"this is a mistake in tsplit-lint itself: {type(error).__name__}: {error} "
            "(with TSPLIT_LINT_DEBUG=1 in the environment it shows where)",
        )
    return 2


def _run(words: list[str]) -> int:
    command = words.pop(0) if words and words[0] in COMMANDS else "lint"
    module = import_module(f".commands.{command}", __package__)
    code: int = module.run(words)
    return code
