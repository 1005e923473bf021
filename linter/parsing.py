"""YAML text → node tree: the C parser, what it refuses and clusters accept, and what is bounded.

The C parser composes a tree of nodes that carry their marks and their quoting style.
"""

from __future__ import annotations

import re
from typing import Any, Final

from _ruamel_yaml import CParser
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node
from ruamel.yaml.tag import Tag

from .document_error import DocumentError

#: Deeper nesting than any manifest has; the C composer itself fails at some 30,000 levels.
MAX_DEPTH: Final = 200

#: A longer document is not composed: no object of a cluster is larger than 1.5 MB (etcd's limit), and a
#: list of them this long is no manifest that anyone edits.
MAX_LENGTH: Final = 6_000_000
#: The pure parser reads some 150 kB a second.
_MAX_PURE: Final = 200_000

#: The C scanner takes a time that grows with the square of the nesting of brackets.
_MANY_BRACKETS: Final = 10_000

#: The tag of a node for which none was written.
NO_TAG: Final = Tag(suffix="")
_SURROGATES: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
#: Half of the levels may be brackets, half columns; a list at its key's own column takes none.
_DEEP_LINE: Final = re.compile(rf"^[ \-?]{{{MAX_DEPTH // 4},}}", re.MULTILINE)
#: What the C parser says of text that clusters accept: `[2001:db8::]`, `[a?b]`, an anchor used twice.
_TOO_STRICT: Final = re.compile("flow|unexpected ':'|duplicate anchor")
#: Faults that the parser notices long after the place that a person must mend.
_BEGINS_EARLIER: Final = (
    "while scanning a quoted scalar",
    "while scanning a simple key",
    "while parsing a flow sequence",
    "while parsing a flow mapping",
)


class _Composer(CParser):  # type: ignore[misc]
    """The C composer without tag resolution: `NO_TAG` means that no tag was written."""

    resolve = staticmethod(lambda _kind, _value, _implicit: NO_TAG)
    descend_resolver = staticmethod(lambda _node, _index: None)
    ascend_resolver = staticmethod(lambda: None)


def check_syntax(text: str) -> None:
    """Parse without keeping anything; raises DocumentError (much cheaper than composing)."""
    if text.count("[") + text.count("{") > _MANY_BRACKETS:
        _bound_depth(text)
    try:
        _Composer(text).raw_parse()
    except YAMLError as error:
        wrong = _syntax_error(error, text)
        if _compose_leniently(text, wrong) is None:
            raise wrong from None


def compose(text: str) -> Node | None:
    """The node tree of one document, None for an empty one; raises DocumentError.

    A document is accepted if either the C parser or the pure one reads it: each refuses a few
    documents that clusters accept (a tab after a value, an IPv6 address in a flow sequence).
    """
    if len(text) > MAX_LENGTH:
        limit = f"{MAX_LENGTH // 1_000_000} million characters"
        raise DocumentError("limit", f"the document is longer than {limit}", 0)
    _bound_depth(text)
    try:
        return _Composer(text).get_single_node()  # type: ignore[no-any-return]
    except YAMLError as error:
        wrong = _syntax_error(error, text)
        node = _compose_leniently(text, wrong)
        if node is None:
            raise wrong from None
        return node


def _compose_leniently(text: str, wrong: DocumentError) -> Node | None:
    """What the C parser refuses and a cluster accepts; None for what is wrong anyhow."""
    if _SURROGATES.search(text):
        try:
            # JSON writes characters such as emoji as two escapes, which YAML's parsers do not know.
            return _Composer(_SURROGATES.sub(r"\\u2026\\u2026", text)).get_single_node()  # type: ignore[no-any-return]
        except YAMLError:
            return None
    return _compose_pure(text) if _TOO_STRICT.search(wrong.message) else None


def _compose_pure(text: str) -> Node | None:
    from ruamel.yaml.loader import BaseLoader

    class Loader(BaseLoader):
        #: Read by ruamel.yaml's composer since 0.19; the depth is bounded already.
        max_depth = None

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Tag:
            return NO_TAG

    if len(text) > _MAX_PURE:
        return None
    try:
        loader: Any = Loader(text)
        # Kubernetes takes the nearest anchor above: a repeated one is no mistake.
        loader._composer.warn_double_anchors = False
        return loader._composer.get_single_node()  # type: ignore[no-any-return]
    except (YAMLError, RecursionError, AttributeError, ValueError, IndexError):
        return None


def _syntax_error(error: Exception, text: str) -> DocumentError:
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        message = str(error.problem or error.context or "not YAML")
        context = str(error.context or "")
        if error.context_mark and context in _BEGINS_EARLIER:
            mark = error.context_mark
        if context and context != message:
            message = f"{message} {context}"
        return DocumentError("syntax", message, mark.index if mark else 0)
    # The C reader counts bytes.
    before = text.encode()[: int(getattr(error, "position", 0))]
    reason = str(getattr(error, "reason", None) or "not YAML")
    return DocumentError("syntax", reason, len(before.decode(errors="ignore")))


def _bound_depth(text: str) -> None:
    """Refuse nesting that would exhaust a stack, by a cheap bound first and exactly if need be."""
    brackets = text.count("[") + text.count("{")
    if brackets < MAX_DEPTH // 2 and not _DEEP_LINE.search(text):
        return
    depth = 0
    try:
        parser = _Composer(text)
        while parser.check_event():
            event = parser.get_event()
            name = type(event).__name__
            if name in ("MappingStartEvent", "SequenceStartEvent"):
                depth += 1
                if depth > MAX_DEPTH:
                    raise DocumentError(
                        "limit",
                        f"values are nested more than {MAX_DEPTH} levels deep",
                        event.start_mark.index,
                    )
            elif name in ("MappingEndEvent", "SequenceEndEvent"):
                depth -= 1
    except YAMLError:
        return  # whoever parses it next tells what is wrong, or reads it leniently
