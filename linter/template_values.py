"""What a template sees: values that are given, values that nobody gives, and Helm's own objects.

A value that nobody gives is neither an error nor a zero.  It counts as empty in conditions, has every
field, is one unknown element to `range`, and writes its own private-use character, which layout
functions carry along and which tells afterwards where it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final

from .template_source import FIRST_MISSING, MAX_MISSING, PRIVATE
from .values import UNKNOWN_MARK, Unknown

#: Text that Harness fills in at deployment: FirstGen `${…}`, NextGen `<+…>`.
EXPRESSION: Final = re.compile(r"\$\{[^}]*\}|<\+[^>]*>")
#: Whatever the engine may have written for a value that nobody gives.
HIDDEN_TEXT: Final = re.compile("[" + UNKNOWN_MARK + "\U00100000-\U0010ffff]")
#: Nodes of values or of a template's own data that one render may walk.
MAX_NODES: Final = 500_000
# Units of work (see `spend`) to walk over one element, and to write one as YAML.
_WALK: Final = 250
_ENCODE: Final = 5_000


class TooLargeError(Exception):
    """A template that asks for more than any manifest needs."""


#: Work that one render may do, in units of some 10 ns: about three seconds.
MAX_WORK: Final = 300_000_000
_work: ContextVar[list[int]] = ContextVar("template_work")


@contextmanager
def bounded_work(units: int = MAX_WORK) -> Iterator[None]:
    """Within it `spend` counts; outside any, `spend` is free."""
    token = _work.set([units])
    try:
        yield
    finally:
        _work.reset(token)


def spend(units: int) -> None:
    """Count work that is about to be done; raises TooLargeError once there was too much."""
    work = _work.get(None)
    if work is not None:
        work[0] -= units
        if work[0] < 0:
            raise TooLargeError("the template needs too much work")


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
            items = {_key(key): self.build(item, f"{path}.{key}") for key, item in value.items()}
            return Given(items, path, self.marks)
        if isinstance(value, list | tuple):
            return [self.build(item, f"{path}.{index}") for index, item in enumerate(value)]
        if isinstance(value, Unknown):
            return value.text or NAMELESS
        return value


def _key(key: object) -> str:
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
    if isinstance(value, dict):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bytes):
        return value
    return None


class Files(Mapping[str, bytes]):
    """Helm's `.Files`: the chart's other files (source: helm, pkg/engine/files.go)."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def __getitem__(self, key: str) -> bytes:
        return self._files[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __gotemplate_lookup__(self, field: str) -> Any:
        methods = {
            "Get": self.get_text,
            "GetBytes": self.get_bytes,
            "Glob": self.glob,
            "Lines": self.lines,
            "AsConfig": self.as_config,
            "AsSecrets": self.as_secrets,
        }
        return methods.get(field) or self._files[field]

    def get_text(self, name: str) -> str:
        """The text of a file, or "" if there is none."""
        return self._files.get(name, b"").decode(errors="replace")

    def get_bytes(self, name: str) -> bytes:
        """The content of a file, or nothing."""
        return self._files.get(name, b"")

    def glob(self, pattern: str) -> Files:
        """The files whose path matches; `*` stays within a folder, `**` does not."""
        matcher = _glob(pattern)
        return Files({name: data for name, data in self._files.items() if matcher.match(name)})

    def lines(self, name: str) -> list[str]:
        """The lines of a file."""
        text = self.get_text(name)
        return text.removesuffix("\n").split("\n") if text else []

    def as_config(self) -> str:
        """File name → text, as YAML."""
        return _yaml({name.rpartition("/")[2]: self.get_text(name) for name in self})

    def as_secrets(self) -> str:
        """File name → base64, as YAML."""
        from base64 import b64encode

        return _yaml({name.rpartition("/")[2]: b64encode(self[name]).decode() for name in self})


def _yaml(data: Mapping[str, str]) -> str:
    from gotpl.funcs.helm.functions import function_map

    if not data:
        return ""
    nothing: Any = None
    to_yaml = function_map(include=nothing, tpl=nothing, required=nothing, fail=nothing)["toYaml"]
    return str(to_yaml(dict(data)))


@lru_cache(maxsize=64)
def _glob(pattern: str) -> re.Pattern[str]:
    output = ""
    for part in re.findall(r"\*\*|\*|\?|\{[^{}]*\}|[^*?{]+|\{", pattern):
        if part == "**":
            output += ".*"
        elif part == "*":
            output += "[^/]*"
        elif part == "?":
            output += "[^/]"
        elif part.startswith("{") and part.endswith("}"):
            output += "(?:" + "|".join(map(re.escape, part[1:-1].split(","))) + ")"
        else:
            output += re.escape(part)
    return re.compile(output + r"\Z")


class ApiVersions:
    """Helm's `.Capabilities.APIVersions`: no cluster is asked, so what is built into one."""

    def Has(self, version: str) -> bool:  # noqa: N802 - the name that templates call
        """Whether a `group/version` or `group/version/Kind` is served."""
        return any(f"{version}/".startswith(f"{known}/") for known in API_VERSIONS)

    def __iter__(self) -> Iterator[str]:
        return iter(API_VERSIONS)


#: The built-in groups of Kubernetes 1.31 (helm template without a cluster).
API_VERSIONS: Final = (
    "v1",
    "admissionregistration.k8s.io/v1",
    "apiextensions.k8s.io/v1",
    "apiregistration.k8s.io/v1",
    "apps/v1",
    "authentication.k8s.io/v1",
    "authorization.k8s.io/v1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "certificates.k8s.io/v1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "events.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1",
    "networking.k8s.io/v1",
    "node.k8s.io/v1",
    "policy/v1",
    "rbac.authorization.k8s.io/v1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1",
)
