"""Go templates and their values → text, and a map from each of its characters to the template."""

from .render import (
    EXPRESSION,
    UNKNOWN_MARK,
    Chart,
    MissingValue,
    Origin,
    Rendered,
    Renderer,
    SharedValues,
    TemplateError,
    has_actions,
    merge_values,
    render,
)

__all__ = [
    "EXPRESSION",
    "UNKNOWN_MARK",
    "Chart",
    "MissingValue",
    "Origin",
    "Rendered",
    "Renderer",
    "SharedValues",
    "TemplateError",
    "has_actions",
    "merge_values",
    "render",
]
