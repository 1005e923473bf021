"""What a template sees: values that are given, values that nobody gives, and how much it may do.

A value that nobody gives is neither an error nor a zero.  It counts as empty in conditions, has every
field, is one unknown element to `range`, and writes its own private-use character, which layout
functions carry along and which tells afterwards where it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Any, Final

from ..values import UNKNOWN_MARK, Unknown
from .chart import KubeVersion
from .source import FIRST_MISSING, MAX_MISSING, PRIVATE

#: Text that Harness fills in at deployment: FirstGen `${…}`, NextGen `<+…>`.
EXPRESSION: Final = re.compile(r"\$\{[^}]*\}|<\+[^>]*>")
#: Whatever the engine may have written for a value that nobody gives.
HIDDEN_TEXT: Final = re.compile("[" + UNKNOWN_MARK + "\U00100000-\U0010ffff]")
#: Go's JSON writes whole numbers below it without an exponent.
_WHOLE_MAX: Final = 1e21
#: Nodes of values or of a template's own data that one render may walk.
MAX_NODES: Final = 500_000


class TooLargeError(Exception):
    """A template that asks for more than any manifest needs."""


#: Work that one render may do, in units of some 10 ns: some five seconds at worst.  What includes of
#: large libraries cost is estimated several times too high.
MAX_WORK: Final = 500_000_000
# Units of work to walk over one element, to write one as YAML, and to run one action.
_WALK: Final = 250
_ENCODE: Final = 2_500
_ACTION: Final = 400


class Work:
    """How much one render may still do, and the actions that one repetition may run."""

    __slots__ = ("actions", "left")

    def __init__(self, actions: int = 0, units: int = MAX_WORK) -> None:
        self.actions = actions
        self.left = units


_work: ContextVar[Work | None] = ContextVar("template_work", default=None)


@contextmanager
def bounded_work(actions: int) -> Iterator[None]:
    """Within it `spend` counts; outside any, `spend` is free.  `actions`: see `repeat`."""
    token = _work.set(Work(actions))
    try:
        yield
    finally:
        _work.reset(token)


def spend(units: int) -> None:
    """Count work that is about to be done; raises TooLargeError once there was too much."""
    work = _work.get()
    if work is not None:
        work.left -= units
        if work.left < 0:
            raise TooLargeError("the template needs too much work")


def repeat(actions: int = 0) -> None:
    """Count one repetition of the longest body of a range or a definition.

    `actions` makes it at least that long from now on, for sources that are compiled meanwhile.
    """
    work = _work.get()
    if work is not None:
        work.actions = max(work.actions, actions)
        spend(_ACTION * (work.actions + 1))


class Limits:
    """The engine's budget: it asks for a limit each time before it repeats something."""

    max_output_chars = 10_000_000
    max_function_calls = None

    @property
    def max_iterations(self) -> None:
        """Asked for before each iteration of a range."""
        repeat()

    @property
    def max_template_depth(self) -> int:
        """Asked for before each call of another template."""
        repeat()
        return 200


class Marks:
    """The private-use characters of the missing values of one render.

    Without `traced` every missing value writes the same UNKNOWN_MARK.
    """

    __slots__ = ("_chars", "paths", "traced")

    def __init__(self, *, traced: bool = True) -> None:
        self.traced = traced
        self.paths: list[str] = []
        self._chars: dict[str, str] = {}

    def char(self, path: str) -> str:
        """The character of a path; one path always has the same one."""
        if not path.startswith("Values.") or not self.traced:
            return UNKNOWN_MARK
        if path not in self._chars:
            if len(self.paths) > MAX_MISSING:
                return UNKNOWN_MARK
            self._chars[path] = chr(FIRST_MISSING + len(self.paths))
            self.paths.append(path)
        return self._chars[path]

    def path(self, char: str) -> str | None:
        """The path that a character stands for; None if it has none."""
        number = ord(char) - FIRST_MISSING
        return self.paths[number] if 0 <= number < len(self.paths) else None


class Missing(frozenset[Any]):
    """A value that nobody gives.

    An empty set to the engine, hence false, yet it iterates once; `__gotemplate_lookup__` and
    `__go_format_value__` are the engine's own hooks for fields and for text.
    """

    __slots__ = ("_element", "_marks", "char", "path")

    char: str
    path: str
    _marks: Marks | None
    _element: bool

    def __new__(
        cls, path: str = "", marks: Marks | None = None, *, element: bool = False
    ) -> Missing:
        """`path` is dotted; an element of a missing list stands for the list itself."""
        self = super().__new__(cls)
        self.path = path
        self._marks = marks
        self._element = element
        self.char = UNKNOWN_MARK if marks is None else marks.char(path)
        return self

    @classmethod
    def written(cls, char: str) -> Missing:
        """The missing value whose character stands in some text."""
        self = cls()
        self.char = char
        return self

    def child(self, key: object) -> Missing:
        """The field `key` of this value, missing as well."""
        if self._marks is None or self._element:
            return self
        return Missing(f"{self.path}.{key}", self._marks)

    def element(self) -> Missing:
        """The one element of this value as a list."""
        return Missing(self.path, self._marks, element=True)

    def __gotemplate_lookup__(self, field: str) -> Missing:
        return self.child(field)

    def __go_format_value__(self, *_kind: object, **_options: object) -> str:
        return self.char

    def __iter__(self) -> Iterator[Missing]:
        return iter((self.element(),))

    def __str__(self) -> str:
        return self.char

    __repr__ = __str__
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __deepcopy__(self, _memo: object) -> Missing:
        return self


#: A value without a name: a random one, one of the cluster, one that an expression hides.
NAMELESS: Final = Missing()


class Items(list[Any]):
    """A list made by a function; walking it counts as work, so nesting cannot explode."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        spend(_WALK * len(self))
        return super().__iter__()


class Table(dict[str, Any]):
    """A map made by a function; walking it counts as work, so nesting cannot explode."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        spend(_WALK * (len(self) + 1))
        return super().__iter__()


class Given(Table):
    """A map of values that knows its path, so that an absent key is a Missing with a name."""

    __slots__ = ("marks", "path")

    def __init__(self, items: Mapping[str, Any], path: str, marks: Marks) -> None:
        super().__init__(items)
        self.path = path
        self.marks = marks

    def lookup(self, key: object) -> Any:
        """The value of a key; null counts as not given."""
        value = self.get(key)  # type: ignore[call-overload]
        if value is None:
            return Missing(f"{self.path}.{key}" if self.path else str(key), self.marks)
        return value

    def __gotemplate_lookup__(self, field: str) -> Any:
        return self.lookup(field)

    def __deepcopy__(self, memo: dict[int, Any]) -> Given:
        from copy import deepcopy

        copied = Given({}, self.path, self.marks)
        memo[id(self)] = copied
        copied.update((key, deepcopy(value, memo)) for key, value in self.items())
        return copied


class Values:
    """Builds the `Given` maps of one render; `private` tells of text that looks like a mark."""

    __slots__ = ("_left", "marks", "private")

    def __init__(self, marks: Marks) -> None:
        self.marks = marks
        self.private = False
        self._left = MAX_NODES

    def build(self, value: Any, path: str) -> Any:
        """A copy of plain data for the engine; raises TooLargeError, RecursionError."""
        self._left -= 1
        if self._left < 0:
            raise TooLargeError("the values are too large")
        if isinstance(value, str):
            if not value.isascii() and PRIVATE.search(value):
                self.private = True
            return value
        if isinstance(value, Mapping):
            items = {
                key_text(key): self.build(item, f"{path}.{key}") for key, item in value.items()
            }
            return Given(items, path, self.marks)
        if isinstance(value, list | tuple):
            return [self.build(item, f"{path}.{index}") for index, item in enumerate(value)]
        if isinstance(value, Unknown):
            return value.text or NAMELESS
        return value


def key_text(key: object) -> str:
    """The text of a key."""
    # Helm and Harness read values through JSON, which has no other keys than text.
    if isinstance(key, bool):
        return "true" if key else "false"
    return key if isinstance(key, str) else str(key)


def plain(value: Any) -> Any:
    """Data for an encoder: missing values as their character; raises TooLargeError.

    Copying also undoes sharing, for which the YAML writer would emit anchors.
    """
    spend(_ENCODE)
    if isinstance(value, Missing):
        return value.char
    if isinstance(value, KubeVersion):
        value = value.fields
    if isinstance(value, Mapping):
        return {key_text(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return _as_json(value)
    if value is None or isinstance(value, str | int | bytes):
        return value
    return None


def _as_json(value: float) -> float | int:
    """A number as Helm's encoders write it, which go through JSON: a whole one without a fraction."""
    if value.is_integer() and abs(value) < _WHOLE_MAX:
        return int(Decimal(repr(value)))
    return value
