"""Suppressions: comments and annotations that silence a finding."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .finding import Finding, ResourceName
from .kinds import read_resources
from .registry import REDIRECTS, RuleInfo
from .resource import Resource
from .source import Place, SourceFile
from .values import is_text
from .words import nearest

ANNOTATION: Final = "tsplit-lint.io/ignore"
#: Annotations of other tools, each with the letters that the tool's codes begin with.
FOREIGN: Final = {
    "galley.istio.io/analyze-suppress": "IST",
    "kiali.io/ignore-validations": "KIA",
}
_FOREIGN_CODE: Final = re.compile(r"(?:IST|KIA)\d{4}")
_ANNOTATIONS: Final = (ANNOTATION, *FOREIGN)
#: A file with such a problem was not read whole, so a finding may be missing for that reason.
_BLINDING: Final = ("syntax", "template", "template-elsewhere", "limit", "value-missing")


@dataclass(eq=False, slots=True)
class Suppression:
    """One word of a suppression: the rule that it names (empty: all rules), and what it covers.

    `lines` are the first and the last line it covers, `resource` the one object it is about (None for
    a comment).  `family` is set for another tool's annotation.  `fault` says what is wrong with it:
    `unused`, `unknown` (the word names no rule), `malformed`, or `misplaced`; `hint` is then the
    nearest word that would do.
    """

    place: Place
    word: str
    lines: tuple[int, int]
    resource: ResourceName | None = None
    family: str = ""
    used: bool = False
    fault: str = ""
    hint: str = ""

    def covers(self, finding: Finding) -> bool:
        """Whether the finding lies in what is covered."""
        if self.resource is not None and finding.resource is not None:
            return finding.resource == self.resource
        span = finding.span
        last = span.end_line - (span.end_column == 1 and span.end_line > span.line)
        return span.line <= self.lines[1] and last >= self.lines[0]

    def names(self, finding: Finding) -> bool:
        """Whether the finding's rule is meant."""
        if self.family:
            codes = finding.aliases
            return self.word in codes or (
                not self.word and any(code.startswith(self.family) for code in codes)
            )
        words = (finding.rule, finding.name, *finding.aliases)
        return not self.word or REDIRECTS.get(self.word, self.word) in words


class Suppressions:
    """The suppressions of a tree; `count` says how many findings they silenced.

    `rules` are all rules there are; `ran` tells whether a rule had its say on a file.
    """

    def __init__(
        self,
        files: Iterable[SourceFile],
        rules: Sequence[RuleInfo],
        ran: Callable[[RuleInfo, str], bool],
    ) -> None:
        self.count = 0
        self.rules = rules
        self.ran = ran
        #: Rules that judge suppressions: only a suppression that names them silences them.
        self._judges = {rule.id for rule in rules if "Suppression" in rule.subjects}
        self._by_file: dict[str, list[Suppression]] = defaultdict(list)
        for file in files:
            if not file.context:
                for suppression in _read(file):
                    self._by_file[file.path].append(suppression)

    def apply(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings that are not silenced."""
        for finding in findings:
            silencers = [
                suppression
                for suppression in self._by_file.get(finding.file, ())
                if not suppression.fault
                and (suppression.word or finding.rule not in self._judges)
                and suppression.covers(finding)
                and suppression.names(finding)
            ]
            for suppression in silencers:
                suppression.used = True
            if silencers:
                self.count += 1
            else:
                yield finding

    def faulty(self) -> list[Suppression]:
        """The suppressions of ours that do nothing, once all findings have been seen."""
        found = []
        for suppressions in self._by_file.values():
            for suppression in suppressions:
                if not suppression.fault and not suppression.used and not suppression.family:
                    self._judge(suppression)
                if suppression.fault:
                    found.append(suppression)
        return found

    def _judge(self, suppression: Suppression) -> None:
        word = suppression.word
        meant = [rule for rule in self.rules if not word or _means(word, rule)]
        if not meant:
            if not _FOREIGN_CODE.fullmatch(word):
                suppression.fault = "unknown"
                suppression.hint = self._nearest(word)
        elif self._decided(suppression, meant):
            suppression.fault = "unused"

    def _nearest(self, word: str) -> str:
        return nearest(word, [word for rule in self.rules for word in (rule.id, rule.name)]) or ""

    def _decided(self, suppression: Suppression, meant: Sequence[RuleInfo]) -> bool:
        """Whether every rule that is meant could have spoken."""
        file = suppression.place.file
        if next(file.problems_of(*_BLINDING), None) or not _is_rendered(suppression):
            return False
        judged = [rule for rule in meant if rule.id not in self._judges]
        if not suppression.word:
            judged = [rule for rule in judged if not rule.complete_only]
        return bool(judged) and all(self.ran(rule, file.path) for rule in judged)


def _means(word: str, rule: RuleInfo) -> bool:
    return REDIRECTS.get(word, word) in (rule.id, rule.name, *rule.aliases)


def _is_rendered(suppression: Suppression) -> bool:
    """Whether anything that is covered was written out: a branch not taken decides nothing."""
    rendered = suppression.place.file.rendered
    if rendered is None or suppression.resource is not None:
        return True
    file = suppression.place.file
    first, last = suppression.lines
    for match in re.finditer(r"^[^\n]*\S", rendered.text, re.MULTILINE):
        if first <= file.span_of(match.end() - 1, match.end()).line <= last:
            return True
    return False


def _read(file: SourceFile) -> Iterator[Suppression]:
    if "tsplit-lint" in file.text:
        yield from _from_comments(file)
    if any(name in text for text in file.texts for name in _ANNOTATIONS):
        for document in file.documents:
            if document.loaded:
                for resource in read_resources(document):
                    yield from _from_annotations(resource)


def _from_comments(file: SourceFile) -> Iterator[Suppression]:
    from .comments import VERBS, read_comments

    for comment in read_comments(file):
        if comment.fault or not comment.words:
            place = Place(file, fixed=file.text_span(comment.start, comment.end))
            hint = nearest(comment.verb, VERBS) or "ignore" if comment.fault == "malformed" else ""
            yield Suppression(place, "", comment.lines, fault=comment.fault, hint=hint)
            continue
        for word, offset in comment.words:
            place = Place(file, fixed=file.text_span(offset, offset + len(word)))
            yield Suppression(place, "" if word == "*" else word, comment.lines)


def _from_annotations(resource: Resource) -> Iterator[Suppression]:
    lines = _lines(resource)
    for name, value in resource.annotations.items():
        family = FOREIGN.get(name, "")
        if (not family and name != ANNOTATION) or not is_text(value):
            continue
        place = resource.at("metadata", "annotations", name)
        words = [word.strip() for word in value.split(",") if word.strip()]
        if not words and family != "IST":
            fault = "" if family else "malformed"
            yield Suppression(place, "", lines, resource.identity, family, fault=fault)
        for word in words:
            rule = "" if word == "*" else word
            yield Suppression(place, rule, lines, resource.identity, family)


def _lines(resource: Resource) -> tuple[int, int]:
    document = resource.document
    start, end = 0, len(document.text.rstrip())
    node = document.find(resource.base)[1]
    if resource.base and node is not None:
        start, end = node.start_mark.index, node.end_mark.index
    span = document.file.span_of(document.offset + start, document.offset + end)
    return span.line, span.end_line
