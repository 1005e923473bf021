"""Reports: one file per format, imported when it is asked for.

A format is a module of this package with `render(report, view) -> str`: the whole output, which ends
with a line break or is empty.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..engine import Report
    from .view import View as View

#: The formats by the name that `--format` takes, and the module of each.
FORMATS: Final = {
    "text": "text",
    "concise": "concise",
    "json": "json_report",
    "sarif": "sarif",
    "github": "github",
}

__all__ = ["FORMATS", "View", "render"]


def render(format_name: str, report: Report, view: View | None = None) -> str:
    """A report in one of FORMATS; raises KeyError for any other name."""
    from .view import View

    module = import_module(f".{FORMATS[format_name]}", __name__)
    output: str = module.render(report, view or View())
    return output


def __getattr__(name: str) -> Any:
    # not imported for `--help` and `--version`
    if name == "View":
        from .view import View

        return View
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
