"""Text for a terminal: colours by what they stand for, and text that fits a width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .characters import cells

#: Paints a text, given what it stands for: a key of STYLES, or anything else for no colour.
Paint = Callable[[str, str], str]

#: Colours by what they stand for, in rich's words.
STYLES: Final = {
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
    "note": "bold green",
    "help": "bold green",
    "fix": "bold green",
    "good": "bold green",
    "frame": "bold blue",
    "strong": "bold",
    "faint": "dim",
}
#: Severities as signs, for no one should have to tell colours apart.
SIGNS: Final = {"error": "✗", "warning": "!", "info": "i"}


def painter(*, color: bool) -> Paint:
    """What paints texts, or leaves them as they are."""
    return _colored if color else _plain


def _plain(_style: str, text: str) -> str:
    return text


def _colored(style: str, text: str) -> str:
    if style not in STYLES or not text:
        return text
    from rich.color import ColorSystem
    from rich.style import Style

    return Style.parse(STYLES[style]).render(text, color_system=ColorSystem.STANDARD)


def padded(text: str, width: int) -> str:
    """A text with blanks after it, so that it takes a width."""
    return text + " " * (width - cells(text))


def folded(text: str, width: int) -> list[str]:
    """A text in lines of at most a width, broken between words, or within one that is too long."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cells(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for char in word:
            if lines[-1] and cells(lines[-1] + char) > width:
                lines.append("")
            lines[-1] += char
    return lines
