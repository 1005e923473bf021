"""Rules: the base class that built-in rules and plugins share, and the page each one carries."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from functools import cache
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Generic,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from .document import path_text
from .finding import Finding, Fix, Related, Severity

if TYPE_CHECKING:
    from .catalog.core import Catalog
    from .source import Place

Subject = TypeVar("Subject")

#: The sections of a rule's docstring, in order.
SECTIONS: Final = (
    "What it checks",
    "Why it matters",
    "Bad",
    "Good",
    "How to fix",
    "Sources",
)


class Rule(Generic[Subject]):
    """One policy: what it visits, what it says, and the page that explains it.

    A rule is a class `class MyRule(Rule[VirtualService])`: the type in the brackets is what `check`
    is called with, once for each one in the tree.  It may be `SourceFile`, `Document`, `Resource` or
    one of its kinds, `Rollout`, `Scope`, or a union (`Rule[VirtualService | DestinationRule]`).

    Class attributes:
    `id` (never reused), `name` (kebab case, names the mistake), `severity` (the default, and the
    harshest it gives), `confidence` (`high` or `medium`), `aliases` (codes of other tools for the
    same mistake), `since` (the version that brought it), `fixable`, `complete_only` (True for
    rules that speak only where the scope is declared complete), and `needs` (words of which one at
    least stands in the files wherever the rule has something to say: a built-in rule is not imported
    for files without).
    """

    id: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    confidence: ClassVar[str] = "high"
    aliases: ClassVar[tuple[str, ...]] = ()
    since: ClassVar[str] = "0.1.0"
    fixable: ClassVar[bool] = False
    complete_only: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ()

    def check(self, subject: Subject, catalog: Catalog) -> Iterable[Finding]:
        """The findings about one subject."""
        raise NotImplementedError

    def finding(
        self,
        place: Place,
        message: str,
        *,
        severity: Severity | None = None,
        confidence: str | None = None,
        aliases: tuple[str, ...] | None = None,
        related: Sequence[tuple[Place, str]] = (),
        help: str = "",  # noqa: A002 the word of the report
        fix: Fix | None = None,
    ) -> Finding:
        """A finding of this rule at a place.

        `severity` may be milder than the rule's own.  `aliases` are those of the rule's that hold for
        this finding, where not all of them do.  `related` are other places, each with a word
        on why it matters.  `help` says how to mend it in one sentence.
        """
        resource = place.resource
        return Finding(
            rule=self.id,
            name=self.name,
            severity=self.severity if severity is None else min(severity, self.severity),
            confidence=confidence or self.confidence,
            message=message,
            file=place.file.path,
            span=place.span(),
            path=path_text(place.path),
            resource=resource.identity if resource is not None else None,
            aliases=self.aliases if aliases is None else aliases,
            related=tuple(Related(p.file.path, p.span(), text) for p, text in related),
            fix=fix,
            help=help,
        )

    @classmethod
    @cache
    def subjects(cls) -> tuple[type, ...]:
        """The types that `check` is called with."""
        for klass in cls.__mro__:
            for base in getattr(klass, "__orig_bases__", ()):
                if get_origin(base) is Rule:
                    (argument,) = get_args(base)
                    if get_origin(argument) in (UnionType, Union):
                        return get_args(argument)
                    return (argument,)
        raise TypeError(f"{cls.__name__} does not say what it visits: derive it from Rule[…]")

    @classmethod
    def page(cls) -> Page:
        """The rule's documentation, read from its docstring."""
        return Page.parse(inspect.cleandoc(cls.__doc__ or ""))


class Example(NamedTuple):
    """A file of an example: its name, its text, and the 1-based lines marked `# <-`."""

    file: str
    text: str
    marked: tuple[int, ...]


class Page(NamedTuple):
    """A rule's docstring: the summary line and the fixed sections."""

    summary: str
    sections: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Page:
        """Split a docstring at its section titles (a line that is one of SECTIONS and a colon)."""
        titles = "|".join(map(re.escape, SECTIONS))
        parts = re.split(rf"^({titles}):[ \t]*$", text, flags=re.MULTILINE)
        sections = {
            title: inspect.cleandoc(body)
            for title, body in zip(parts[1::2], parts[2::2], strict=True)
        }
        return cls(parts[0].strip(), sections)

    def examples(self, section: str) -> list[list[Example]]:
        """The examples of `Bad` or `Good`, each a list of files.

        Examples are the fenced `yaml` blocks; a line `# file: NAME` starts another file.
        """
        blocks = re.findall(r"^```yaml\n(.*?)^```", self.sections.get(section, ""), re.M | re.S)
        return [_example_files(block) for block in blocks]


def _example_files(block: str) -> list[Example]:
    parts = re.split(r"^# file: (\S+)[ \t]*\n", block, flags=re.MULTILINE)
    named = list(zip(parts[1::2], parts[2::2], strict=True))
    if parts[0].strip() or not named:
        named.insert(0, ("manifest.yaml", parts[0]))
    return [Example(name, text, _marked_lines(text)) for name, text in named]


def _marked_lines(text: str) -> tuple[int, ...]:
    lines = enumerate(text.splitlines(), start=1)
    return tuple(number for number, line in lines if line.rstrip().endswith("# <-"))


def category_of(rule: type[Rule[Any]]) -> str:
    """The subject folder of a built-in rule, `plugin` for others."""
    prefix, _, rest = rule.__module__.partition(".rules.")
    return rest.split(".")[0] if prefix == "tsplit_lint" and rest else "plugin"
