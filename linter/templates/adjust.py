"""Where the engine gotpl is not yet as Go's templates are, or too slow for whole charts.

What a release of gotpl does not have is left alone; the tests tell whether it is still needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .values import Missing


class _NotLinked:
    """What the engine takes for a template that is not worth to be linked."""

    linked_write_count = linked_control_count = template_call_count = 0


def adjust_engine() -> None:
    """Adjust the engine, once for the process."""
    import gotpl.template as module
    from gotpl.parse import semantic
    from gotpl.runtime import sync_vm

    # It links all helpers of a chart anew for each template and for each `tpl`, to save a little when it
    # renders: for a chart with a few hundred helpers that takes minutes.
    templates: Any = module
    if hasattr(templates, "_link_association"):
        templates._link_association = lambda *_arguments: _NotLinked()
    _adjust_ranges(sync_vm)
    _adjust_declarations(getattr(semantic, "_SemanticValidator", None))


def _adjust_ranges(machine: Any) -> None:
    """The one element of a missing value has no number: its key may be a word as well."""
    entries = getattr(machine, "_range_entries", None)
    if entries is None:
        return

    def with_missing(value: object, binding_count: int = 0) -> Iterable[tuple[object, object]]:
        if isinstance(value, Missing):
            return ((value.element(), value.element()),)
        found: Iterable[tuple[object, object]] = entries(value, binding_count)
        return found

    machine._range_entries = with_missing


def _adjust_declarations(validator: Any) -> None:
    """Go's parser takes `$a = 1` for a declaration of `$a`; it fails where it is executed.

    It also takes a declaration in parentheses, as in `if and .on ($a := .b)`.
    """
    check = getattr(validator, "validate_pipeline", None)
    check_term = getattr(validator, "validate_term", None)
    if check is None or check_term is None:
        return

    def validate_pipeline(self: Any, pipeline: Any, scope: set[str], **limits: Any) -> None:
        if pipeline.is_assignment:
            scope.update(variable.name for variable in pipeline.declarations)
        if not limits.get("declarations_allowed", True):
            limits = {"max_declarations": 1}
        check(self, pipeline, scope, **limits)

    def validate_term(self: Any, term: Any, scope: set[str]) -> None:
        inner = getattr(term, "pipeline", None)
        if inner is None:
            check_term(self, term, scope)
        else:
            validate_pipeline(self, inner, scope, max_declarations=1)

    validator.validate_pipeline = validate_pipeline
    validator.validate_term = validate_term
