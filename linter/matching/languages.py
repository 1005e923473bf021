"""Containment of texts: exact and prefix are decided exactly, regular expressions where provable.

A regular expression is understood if it is made of characters, classes, groups, choices and
repetitions, which mean the same to RE2 and to the automaton library; anything else (flags, anchors
inside, word borders, Unicode classes) is not, and neither is one whose automaton may become large.
A value has no line break: HTTP allows none in a path or a header.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from .texts import Text, fold, has_cases, literal_head, takes

_LONGEST_PATTERN: Final = 256
_MOST_POSITIONS: Final = 64
_MOST_CHOICES: Final = 6
_MOST_PAIRS: Final = 20_000
_ESCAPED: Final = frozenset("\\[]|().?*+{}$^")
_CLASSES: Final = {
    "d": (("0", "9"),),
    "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
}


def within(inner: Text, outer: Text, *, path: bool = False) -> bool:
    """Whether `outer` takes every value that `inner` takes, as far as that can be proved.

    The automata are built last: most pairs are decided by looking at them, or by one value.

    `path`: the values are paths, which begin with a slash.
    """
    if inner == outer or outer.kind == "present":
        return True
    if inner.kind == "present":
        inner = Text("prefix")
    if outer.kind == "regex":
        if inner.kind == "exact" and not inner.fold:
            return takes(outer, inner.value) is True
        return _proved(inner, outer, path)
    if inner.kind == "regex":
        if outer.kind == "exact":
            return False
        if not outer.fold and literal_head(inner.value).startswith(outer.value):
            return True
        return _proved(inner, outer, path)
    if outer.kind == "exact" and inner.kind == "prefix":
        return False
    if inner.fold and not outer.fold:
        # some spelling of what `inner` takes is refused, unless what is asked for has no letters
        return (
            outer.kind == "prefix"
            and not has_cases(outer.value)
            and inner.value.startswith(outer.value)
        )
    return takes(outer, inner.value) is True


@lru_cache(maxsize=4000)
def _proved(inner: Text, outer: Text, path: bool) -> bool:
    sample = _sample(inner)
    possible = sample.startswith("/") or not path
    if possible and takes(outer, sample) is False and takes(inner, sample):
        return False
    one, other = _automaton(inner), _automaton(outer)
    return one is not None and other is not None and _subset(one, other, path)


@lru_cache(maxsize=500)
def _automaton(text: Text) -> Any:
    """The automaton of a text; None where it is not understood."""
    pattern = _pattern(text)
    if pattern is None:
        return None
    from greenery import parse

    return parse(pattern).to_fsm()


def _sample(text: Text) -> str:
    """A value that a text takes, if it is understood."""
    if text.kind != "regex":
        return text.value + ("" if text.kind == "exact" else "~")
    part = _read(text.value)
    return "" if part is None else part.sample


@lru_cache(maxsize=500)
def _read(pattern: str) -> _Part | None:
    """A regular expression taken apart; None if it is not understood."""
    try:
        return _Reader(_without_anchors(pattern)).whole()
    except _NotUnderstoodError:
        return None


def _pattern(text: Text) -> str | None:
    """A text in the syntax of the automaton library."""
    if not text.value.isascii() or len(text.value) > _LONGEST_PATTERN:
        return None
    if text.kind == "regex":
        part = _read(text.value)
        if part is None:
            return None
        large = part.positions > _MOST_POSITIONS or part.choices > _MOST_CHOICES
        return None if large else part.pattern
    if len(text.value) > _MOST_POSITIONS:
        return None
    letters = fold(text.value) if text.fold else text.value
    literal = "".join(
        f"[{letter}{letter.upper()}]" if text.fold and letter.isalpha() else _literal(letter)
        for letter in letters
    )
    return literal + ("" if text.kind == "exact" else ".*")


def _subset(inner: Any, outer: Any, path: bool) -> bool:
    """Whether the second automaton takes all that the first one takes."""
    from greenery.fsm import unify_alphabets

    inner, outer = unify_alphabets([inner, outer])
    start = (inner.initial, outer.initial)
    if path:
        slash = next(symbol for symbol in inner.alphabet if symbol.accepts("/"))
        start = (inner.map[start[0]][slash], outer.map[start[1]][slash])
    seen, waiting = {start}, [start]
    while waiting:
        one, other = waiting.pop()
        if one in inner.finals and other not in outer.finals:
            return False
        for symbol in inner.alphabet:
            pair = (inner.map[one][symbol], outer.map[other][symbol])
            if pair not in seen:
                seen.add(pair)
                waiting.append(pair)
        if len(seen) > _MOST_PAIRS:
            return False
    return True


class _NotUnderstoodError(Exception):
    pass


class _Part(NamedTuple):
    """A part of a pattern, a text that it takes, and what it costs as an automaton.

    `positions`: its characters, repeated ones counted as often.  `letters` of them are plain, `wide`
    ones are classes.  `varies`: it takes texts of several lengths.  `choices`: how many wide positions
    stand where the automaton must remember several ways to have come there; the number of its states
    can double with each.
    """

    pattern: str
    sample: str
    positions: int
    letters: int
    wide: int
    varies: bool
    choices: int


@dataclass
class _Reader:
    """Reads a regular expression of RE2 and writes it anew; raises _NotUnderstoodError."""

    text: str
    at: int = 0

    def whole(self) -> _Part:
        part = self._alternatives()
        if self.at < len(self.text):
            raise _NotUnderstoodError
        return part

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _next(self) -> str:
        letter = self._peek()
        if not letter:
            raise _NotUnderstoodError
        self.at += 1
        return letter

    def _alternatives(self) -> _Part:
        parts = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._sequence())
        if len(parts) == 1:
            return parts[0]
        wide = sum(part.wide for part in parts) + max(part.letters for part in parts)
        return _Part(
            "|".join(part.pattern for part in parts),
            parts[-1].sample,
            sum(part.positions for part in parts),
            0,
            wide,
            True,
            sum(part.choices for part in parts),
        )

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        varies, choices = False, 0
        while self._peek() not in ("", "|", ")"):
            part = self._repeated(self._atom())
            choices += part.choices + (part.wide if varies else 0)
            varies = varies or part.varies
            parts.append(part)
        return _Part(
            "".join(part.pattern for part in parts),
            "".join(part.sample for part in parts),
            sum(part.positions for part in parts),
            sum(part.letters for part in parts),
            sum(part.wide for part in parts),
            varies,
            choices,
        )

    def _atom(self) -> _Part:
        letter = self._next()
        if letter == "(":
            return self._group()
        if letter == "[":
            return self._class()
        if letter == ".":
            return _Part(".", "~", 1, 0, 1, False, 0)
        if letter == "\\":
            escape = self._next()
            if escape in _CLASSES:
                return _Part(f"\\{escape}", _CLASSES[escape][-1][-1], 1, 0, 1, False, 0)
            letter = _punctuation(escape)
        elif letter in _ESCAPED:
            raise _NotUnderstoodError
        return _Part(_literal(letter), letter, 1, 1, 0, False, 0)

    def _group(self) -> _Part:
        if self._peek() == "?":
            self.at += 1
            mark = self._next()
            if mark == "P" and self._peek() == "<":
                self.at = self.text.find(">", self.at) + 1 or len(self.text)
            elif mark != ":":
                raise _NotUnderstoodError
        inner = self._alternatives()
        if self._next() != ")":
            raise _NotUnderstoodError
        return inner._replace(pattern=f"({inner.pattern})")

    def _repeated(self, part: _Part) -> _Part:
        mark = self._peek()
        if not mark or mark not in "*+?{":
            return part
        self.at += 1
        least, most = self._bounds() if mark == "{" else _MARKS[mark]
        if self._peek() == "?":
            self.at += 1  # a lazy repetition takes the same texts
        if (following := self._peek()) and following in "*+?{":
            raise _NotUnderstoodError
        copies = max(least, 1) if most is None else most
        varies = most != least
        single = part.positions == 1 and not part.varies
        choices = part.wide * copies if varies or part.varies else part.choices * copies
        ending = f"{{{least},{'' if most is None else most}}}"
        return _Part(
            part.pattern + ending,
            part.sample * copies,
            part.positions * copies,
            part.letters * copies,
            part.wide * copies,
            varies or part.varies,
            0 if single else choices,
        )

    def _bounds(self) -> tuple[int, int | None]:
        end = self.text.find("}", self.at)
        least, comma, most = self.text[self.at : end].partition(",")
        if end < 0 or not least.isdigit() or not (most.isdigit() or not most):
            raise _NotUnderstoodError
        self.at = end + 1
        if comma and not most:
            return _small(least), None
        return _small(least), _small(most or least)

    def _class(self) -> _Part:
        from greenery import Charclass

        negated = self._peek() == "^"
        self.at += negated
        ranges: list[tuple[str, str]] = []
        while self._peek() != "]" or not ranges:
            low = self._class_letter()
            if isinstance(low, tuple):
                ranges += low
                continue
            high: str | tuple[tuple[str, str], ...] = low
            if self._peek() == "-" and self.text[self.at + 1 : self.at + 2] != "]":
                self.at += 1
                high = self._class_letter()
            if isinstance(high, tuple) or high < low:
                raise _NotUnderstoodError
            ranges.append((low, high))
        self.at += 1
        letters = Charclass(tuple(ranges), negated=negated)
        sample = next((each for each in "~aA0-" if letters.accepts(each)), ranges[0][0])
        return _Part(str(letters), sample, 1, 0, 1, False, 0)

    def _class_letter(self) -> str | tuple[tuple[str, str], ...]:
        letter = self._next()
        if letter == "\\":
            escape = self._next()
            return _CLASSES[escape] if escape in _CLASSES else _punctuation(escape)
        if letter in "[]":
            raise _NotUnderstoodError
        return letter


_MARKS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def _without_anchors(pattern: str) -> str:
    """A pattern without the anchors at its ends, which a full match does not need."""
    pattern = pattern.removeprefix("^")
    if pattern.endswith("$"):
        bare = pattern[:-1]
        slashes = len(bare) - len(bare.rstrip("\\"))
        return pattern if slashes % 2 else bare
    return pattern


def _small(number: str) -> int:
    if len(number) > 2:
        raise _NotUnderstoodError
    return int(number)


def _punctuation(letter: str) -> str:
    if letter.isalnum() or letter == "_" or not letter.isprintable():
        raise _NotUnderstoodError
    return letter


def _literal(letter: str) -> str:
    return f"\\{letter}" if letter in _ESCAPED else letter
