"""What a plugin implements: one hook, under the entry point group `tsplit_lint`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pluggy

if TYPE_CHECKING:
    from .rule import Rule

GROUP: Final = "tsplit_lint"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def tsplit_lint_rules() -> list[type[Rule[Any]]]:  # type: ignore[empty-body]
    """The rule classes that the plugin brings."""
