"""Words for messages: the nearest known word, lists that read well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

#: The severities, the harshest first.
LEVELS: Final = ("error", "warning", "info")
#: Letters that are taken for digits, and digits for letters.
_LOOK_ALIKE: Final = str.maketrans("oil", "011")


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known word that a person most likely meant, whatever the case of its letters.

    `cutoff` says how much of it has to agree, from 0 to 1.
    """
    by_look = {_look(candidate): candidate for candidate in known}
    look = _look(word)
    if look in by_look:
        return by_look[look]
    from difflib import get_close_matches

    found = get_close_matches(look, by_look, n=1, cutoff=cutoff)
    return by_look[found[0]] if found else None


def _look(word: str) -> str:
    return word.lower().translate(_LOOK_ALIKE)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?`, or nothing where no known word is near."""
    match = nearest(word, known)
    return f'; did you mean "{match}"?' if match else ""


def level_hint(given: object, levels: Iterable[str]) -> str:
    """What may have been meant by a word that is no severity."""
    if given is False or given in ("off", "none", "ignore", "disabled"):
        return "; to switch a rule off, ignore it"
    return did_you_mean(str(given), levels)


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`: one word or more, with `last` before the last one."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def one_of(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return listed(words, "or")
