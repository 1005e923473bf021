"""Pages of HTML that need nothing but themselves: no network, no font, no script of others."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape

from ..report.characters import visible
from ..report.terminal import SIGNS

__all__ = ["badge", "note", "page", "text_of"]


def page(
    title: str, body: Iterable[str], *, style: str, version: str, script: str = ""
) -> Iterator[str]:
    """A whole page; its policy allows nothing but its own style and script."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    scripts = f"script-src 'sha256-{digest}'; " if script else ""
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        f"{scripts}base-uri 'none'; form-action 'none'"
    )
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield '<head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f'<meta name="generator" content="tsplit-lint {text_of(version)}">'
    yield f'<title>{text_of(title)}</title><link rel="icon" href="data:,">'
    yield f"<style>{style}</style></head>"
    yield "<body>"
    yield from body
    if script:
        yield f"<script>{script}</script>"
    yield "</body></html>"


def text_of(text: str) -> str:
    """Text that a page shows as it is, on one line."""
    return escape(visible(" ".join(text.split())))


def badge(level: str, text: str) -> str:
    """A word in the colour and with the sign of a severity."""
    return f'<span class="badge {level}">{SIGNS[level]} {text_of(text)}</span>'


def note(level: str, rule: str, message: str, *, mend: str = "", place: str = "") -> str:
    """What a rule says: its severity and id, the message, how to mend it, where it is."""
    help_ = f' <span class="mend">{text_of(mend)}</span>' if mend else ""
    where = f' <code class="where">{text_of(place)}</code>' if place else ""
    return (
        f'<div class="note {level}"><b>{SIGNS[level]} {level} {text_of(rule)}</b> '
        f"{text_of(message)}{help_}{where}</div>"
    )
