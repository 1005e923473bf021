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
    from gotpl.parse.semantic import _SemanticValidator
    from gotpl.runtime import sync_vm

    # It links all helpers of a chart anew for each template and for each `tpl`, to save a little when it
    # renders: for a chart with a few hundred helpers that takes minutes.
    templates: Any = module
    if hasattr(templates, "_link_association"):
        templates._link_association = lambda *_arguments: _NotLinked()
    _adjust_ranges(sync_vm)
    _adjust_assignments(_SemanticValidator)


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


def _adjust_assignments(validator: Any) -> None:
    """Go's parser takes `$a = 1` for a declaration of `$a`; it fails where it is executed."""
    check = getattr(validator, "validate_pipeline", None)
    if check is None:
        return

    def validate_pipeline(self: Any, pipeline: Any, scope: set[str], **limits: Any) -> None:
        if pipeline.is_assignment:
            scope.update(variable.name for variable in pipeline.declarations)
        check(self, pipeline, scope, **limits)

    validator.validate_pipeline = validate_pipeline
