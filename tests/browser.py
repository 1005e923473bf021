"""Pages in a real headless browser, and as a reader sees them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--enable-logging=stderr",
    "--virtual-time-budget=3000",
)
in_browser = pytest.mark.skipif(
    BROWSER is None, reason="neither chromium nor google-chrome is installed"
)


class Reader(HTMLParser):
    """The words of a page that a reader sees, scripts and styles left out, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._silent = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style", "svg"):
            self._silent = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)


def open_page(folder: Path, page: str, *flags: str) -> tuple[str, str]:
    """Open a page in the browser; gives the document as it is then, and the browser's log."""
    assert BROWSER is not None
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    words = [BROWSER, *FLAGS, profile, *flags, "--dump-dom", file.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, done.stderr


def without_policy(page: str) -> str:
    """The page without its policy, which would stop the scripts of a test."""
    changed = re.sub(r"<meta http-equiv=[^>]*>", "", page)
    assert changed != page
    return changed


def framed(page: str, script: str, width: int, sandbox: str = "") -> str:
    """A page that shows another in a frame of a width, and writes what a script finds there as JSON."""
    return (
        f'<!DOCTYPE html><pre id="found"></pre><iframe style="border:0;width:{width}px;height:900px" '
        f'{sandbox} srcdoc="{escape(page)}"></iframe><script>addEventListener("load", () => {{'
        f'const page = document.querySelector("iframe").contentDocument, view = page.defaultView;'
        f'document.getElementById("found").textContent = JSON.stringify({script});}});</script>'
    )


def found(dom: str) -> Any:
    """What the script of `framed` found."""
    texts = re.findall(r'<pre id="found">([^<]+)</pre>', dom)
    assert texts, dom[:500]
    return json.loads(unescape(texts[-1]))


def assert_self_contained(page: str) -> None:
    """Nothing is loaded, and nothing runs that the page does not hold itself."""
    tags = Reader(page).tags
    assert [tag for tag, _ in tags if tag in ("img", "iframe", "object", "embed", "base")] == []
    links = [given["href"] or "" for _tag, given in tags if "href" in given]
    assert [link for link in links if not link.startswith("#")] == ["data:,"]
    loaders = {"src", "srcset", "xlink:href", "action"}
    assert [given for _tag, given in tags if loaders & set(given)] == []
    assert [name for _tag, given in tags for name in given if name.startswith("on")] == []
    assert re.findall(r"url\((?!#)|@import|@font-face", page) == []


def colors_of(style: str) -> list[dict[str, str]]:
    """The colours of a style by their names, in light and in dark; those for paper come last."""
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    schemes = re.split(r"(@media \(prefers-color-scheme: dark\) \{\s*:root \{[^}]*\})", style)
    for index, part in enumerate(schemes):
        for name, color in re.findall(r"--([\w-]+): (#\w+)", part):
            (dark if index % 2 else light).setdefault(name, color)
    return [light, {**light, **dark}]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def assert_readable(style: str) -> None:
    """Texts stand out from what they are written on, in light and in dark."""
    for colors in colors_of(style):
        for ink in ("ink", "soft", "error", "warning", "info"):
            for paper in ("page", "card", "box"):
                assert contrast(colors[ink], colors[paper]) >= 4.5, (ink, paper)
        for level in ("error", "warning", "info"):
            for ink in (level, "ink", "soft"):
                assert contrast(colors[ink], colors[f"{level}-bg"]) >= 4.5, (ink, level)
