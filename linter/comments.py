"""Suppressions in comments: where they stand, what they name, which lines they cover.

`# tsplit-lint: ignore[TS201] why`, in a template also `{{/* tsplit-lint: ignore[TS201] */}}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from .document_error import DocumentError
from .parsing import compose
from .source import SourceFile

#: What a comment has that is ours.
MARKER: Final = "tsplit-lint"
VERBS: Final = ("ignore", "ignore-file")

_COMMENT: Final = re.compile(
    r"(?:(?:^|(?<=[ \t]))#+[ \t]*|(?P<action>\{\{-?[ \t]*/\*\s*))"
    r"tsplit-lint(?P<colon>:[ \t]*|[ \t]+(?=ignore))(?P<verb>[\w-]*)"
    r"(?P<list>[ \t]*\[(?P<words>[^\]\n]*)(?P<close>\])?)?",
    re.MULTILINE,
)
_ITEM: Final = re.compile(r"[^\s,]+(?:[ \t]+[^\s,]+)*")
_FIRST_WORD: Final = re.compile(r"[ \t]*([\w-]+)")
_SEPARATOR: Final = re.compile(r"---(?:\s|\Z)")
#: Lines that hold nothing of a document: blank, a comment, a directive, template actions alone.
_EMPTY: Final = re.compile(r"\s*(?:#.*)?\Z|%.*\Z|\s*(?:\{\{.*\}\}\s*)+\Z|---(?:\s|\Z)")
_COMMENT_ONLY: Final = re.compile(r"\s*#.*\Z|\s*\{\{-?\s*/\*.*\*/\s*-?\}\}\s*\Z")


@dataclass(frozen=True, slots=True)
class Comment:
    """One suppression comment.

    `words` are the rules it names with their offsets, empty for all rules; `lines` are the first and
    the last line that it covers (1-based).  `fault` is `malformed` or `misplaced` for one that is
    not heeded.
    """

    start: int
    end: int
    verb: str
    words: tuple[tuple[str, int], ...]
    lines: tuple[int, int]
    fault: str = ""


def read_comments(file: SourceFile) -> Iterator[Comment]:
    """The suppression comments of a file, in order."""
    reader = _Reader(file)
    for match in _COMMENT.finditer(file.text):
        if not reader.inside_scalar(match.start()):
            yield reader.read(match)


class _Reader:
    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.lines = file.text.split("\n")
        self._scalars: list[tuple[int, int]] | None = None

    def read(self, match: re.Match[str]) -> Comment:
        verb = match["verb"]
        words = tuple(
            (item.group(), match.start("words") + item.start())
            for item in _ITEM.finditer(match["words"] or "")
        )
        fault = ""
        if (
            verb not in VERBS
            or match["colon"].isspace()
            or (match["list"] and not (match["close"] and words))
            or (not match["list"] and self._names_a_rule(match.end()))
        ):
            fault = "malformed"
        lines = self._cover(match)
        if not fault and verb == "ignore-file":
            fault = "" if self._at_top(lines[0]) else "misplaced"
            lines = (1, len(self.lines))
        return Comment(match.start(), match.end(), verb, words, lines, fault)

    def _names_a_rule(self, end: int) -> bool:
        """Whether a code follows a bare `ignore`: its brackets were forgotten."""
        word = _FIRST_WORD.match(self.file.text, end)
        return word is not None and re.fullmatch(r"TS\d{3}|(?:IST|KIA)\d{4}", word[1]) is not None

    def _cover(self, match: re.Match[str]) -> tuple[int, int]:
        text = self.file.text
        first = last = self.file.position(match.start())[0]
        end = text.find("\n", match.end())
        if match["action"]:
            close = text.find("*/", match.end())
            last = self.file.position(close)[0] if close >= 0 else last
            end = text.find("\n", close)
        end = len(text) if end < 0 else end
        begin = text.rfind("\n", 0, match.start()) + 1
        alone = not text[begin : match.start()].strip()
        if match["action"]:
            alone = alone and text[:end].rstrip().endswith("}}")
        if not alone:
            return first, last + 1
        return self._object(first, last) or (first, self._next_line(last))

    def _next_line(self, line: int) -> int:
        """The line below a comment, further comments aside."""
        following = line + 1
        while following <= len(self.lines) and _COMMENT_ONLY.match(self.lines[following - 1]):
            following += 1
        return following

    def _object(self, first: int, last: int) -> tuple[int, int] | None:
        """The lines of the document whose first key comes next, None if another key comes before."""
        key = last + 1
        crossed = False
        while key <= len(self.lines) and _EMPTY.match(self.lines[key - 1]):
            crossed = crossed or _SEPARATOR.match(self.lines[key - 1]) is not None
            key += 1
        if not crossed and not self._at_top(first, within_document=True):
            return None
        end = key
        while end < len(self.lines) and not _SEPARATOR.match(self.lines[end]):
            end += 1
        return first, end

    def _at_top(self, line: int, *, within_document: bool = False) -> bool:
        """Whether no key stands above a line, in the file or in its document."""
        for above in reversed(self.lines[: line - 1]):
            if within_document and _SEPARATOR.match(above):
                return True
            if not _EMPTY.match(above):
                return False
        return True

    def inside_scalar(self, offset: int) -> bool:
        """Whether what looks like a comment is part of a value (a manifest inside a ConfigMap)."""
        if self._scalars is None:
            self._scalars = list(self._long_scalars()) if self.file.rendered is None else []
        return any(start <= offset < end for start, end in self._scalars)

    def _long_scalars(self) -> Iterator[tuple[int, int]]:
        for document in self.file.documents:
            if MARKER not in document.text:
                continue
            try:
                root = compose(document.text)
            except DocumentError:
                continue
            for node in _scalars(root):
                if node.style:
                    yield (
                        document.offset + node.start_mark.index,
                        document.offset + node.end_mark.index,
                    )


def _scalars(root: Node | None) -> Iterator[ScalarNode]:
    stack = [] if root is None else [root]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if isinstance(node, ScalarNode):
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, MappingNode):
                stack += [part for pair in node.value for part in pair]
            else:
                stack += node.value
