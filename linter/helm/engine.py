"""Helm's own engine, where the extra `tsplit-lint[helm]` is installed.

It knows what a template writes; what it cannot know is which values nobody gives, for to Helm they are
nothing.  So the built-in engine renders as well, and where its output hides something, that counts.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from ..templates.chart import MESH_VERSIONS
from ..templates.source import PRIVATE, MarkedSource, scan
from ..values import Unknown
from .release import Instance, Release
from .tree import ChartTree, word

#: Seconds that Helm may take for one chart, starting it aside.
_PATIENCE: Final = 20
#: Charts in a row that may end it before it is asked no more.
_MAX_DEATHS: Final = 5
#: Templates of a chart that may fail before it is left to the built-in engine.
_MAX_FAILURES: Final = 20
#: The ending of a marked copy.
_COPY: Final = ".marked"
_MAX_FILES_SIZE: Final = 20_000_000
_PLACE: Final = re.compile(r"(?<![\w./-])([^\s:()\"]+/templates/[^\s:()\"]+):(\d+)(?::(\d+))?")
#: What fails because of values that the deployment gives: `fail`, `required`, a field of nothing.
_ABOUT_VALUES: Final = re.compile(r"\Aexecution error at|nil pointer evaluating|<nil>")
_ASKS_FOR_MESH: Final = re.compile(
    r"\$?\.Capabilities\.APIVersions\.Has\s+[\"`](?:"
    + "|".join(sorted({re.escape(version.partition("/")[0]) for version in MESH_VERSIONS}))
    + r")/[^\"`]*[\"`]"
)


class HelmError(Exception):
    """What Helm says about a chart that it does not render."""


class HelmDied(Exception):  # noqa: N818 reads as a sentence where it is caught
    """The process ended, or took too long."""


class HelmProcess:
    """The process that renders; it is started when the first chart needs it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths = 0

    def render(self, files: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
        """Template → what it writes; raises HelmError, HelmDied."""
        request = {
            "files": files,
            "values": values,
            "name": "release-name",
            "namespace": "default",
        }
        answer = self._ask(json.dumps(request, default=str).encode() + b"\n")
        if "error" in answer:
            raise HelmError(answer["error"])
        outputs: dict[str, str] = answer["outputs"]
        return outputs

    def _ask(self, line: bytes) -> dict[str, Any]:
        import threading

        if self._deaths >= _MAX_DEATHS:
            raise HelmDied
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 our own program
                [sys.executable, "-P", os.path.join(os.path.dirname(__file__), "worker.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        process = self._process
        timer = threading.Timer(_PATIENCE, process.kill)
        timer.start()
        try:
            assert process.stdin is not None  # noqa: S101 a pipe
            assert process.stdout is not None  # noqa: S101 a pipe
            process.stdin.write(line)
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
        except (OSError, ValueError):
            self._deaths += 1
            self.close()
            raise HelmDied from None
        finally:
            timer.cancel()
        if not isinstance(answer, dict):
            raise HelmDied
        self._deaths = 0
        return answer

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()


@lru_cache(maxsize=1)
def helm_process() -> HelmProcess:
    """The one process of a run."""
    import atexit

    process = HelmProcess()
    atexit.register(process.close)
    return process


@dataclass
class Outcome:
    """What Helm made of a chart: marked outputs by template, and what failed with the reason.

    A failure is the message, and the line and the column (in bytes) of the marked source, 0 where
    unknown.  `sources` are the marked templates, by their names within the chart that owns them.
    `copied`: marked templates stand beside the others, since some are included by the names of their files.
    """

    outputs: dict[str, str] = field(default_factory=dict)
    copied: bool = False
    failures: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    sources: dict[tuple[int, str], MarkedSource] = field(default_factory=dict)


def render_release(release: Release, given: Mapping[str, Any], *, by_file: bool) -> Outcome | str:
    """All templates of a chart; where Helm does not take the chart at all, why.

    `by_file`: templates are included by the names of their files, hence must not hold marks.
    """
    outcome = Outcome(copied=by_file)
    trees = [*release.tree.everything()]
    asks = any(".Files" in text for tree in trees for text in tree.templates.values())
    files = dict(_files_of(release.tree, release.root.path, outcome, with_files=asks))
    if sum(map(len, files.values())) > _MAX_FILES_SIZE:
        return "it is too large"
    values = _plain(given)
    for _attempt in range(_MAX_FAILURES):
        try:
            outputs = helm_process().render(files, values)
        except HelmDied:
            return "it takes too long, or too much memory"
        except HelmError as error:
            if not _drop_failing(str(error), files, release, outcome):
                return " ".join(str(error).split())[:200]
        else:
            ending = _COPY if by_file else ""
            outcome.outputs = {
                name.removesuffix(ending): text.replace(name, name.removesuffix(ending))
                for name, text in outputs.items()
                if name.endswith(ending)
            }
            return outcome
    return "too many of its templates fail"


def _drop_failing(message: str, files: dict[str, str], release: Release, outcome: Outcome) -> bool:
    """Note which template failed and empty it, so that the others render."""
    for match in _PLACE.finditer(message):
        # Helm names a subchart by its alias; its files lie in the folder of its name.
        found = _file_at(release.root, match[1])
        if found is not None and files.get(found):
            told = " ".join(message[match.end() :].split()).lstrip(": ")
            place = int(match[2]), int(match[3] or 0)
            kind = "values: " if _ABOUT_VALUES.search(message) else ""
            outcome.failures[match[1].removesuffix(_COPY)] = (kind + (told or message), *place)
            files[found] = ""
            return True
    return False


def _file_at(instance: Instance, name: str) -> str | None:
    """The archive's file of a template that Helm names."""
    for each in instance.everything():
        rest = name.removeprefix(f"{each.path}/")
        if rest != name and rest.startswith("templates/"):
            return f"{_folder(each, instance)}/{rest}"
    return None


def _folder(instance: Instance, root: Instance) -> str:
    """Where the archive holds an instance's chart."""
    parts = [root.path]
    current = root
    for key in instance.keys:
        current = next(sub for sub in current.subcharts if sub.name == key)
        parts.append(f"charts/{current.tree.name}")
    return "/".join(parts)


def _files_of(
    tree: ChartTree, folder: str, outcome: Outcome, *, with_files: bool
) -> Iterator[tuple[str, str]]:
    """The files of the archive that Helm is given; `with_files`: templates ask for others, too."""
    metadata = {
        "apiVersion": "v2",
        "version": "0.1.0",
        **{key: value for key, value in tree.metadata.items() if value is not None},
        "name": tree.name,
    }
    metadata["version"] = word(metadata["version"])
    yield f"{folder}/Chart.yaml", json.dumps(_plain(metadata), default=str)
    yield f"{folder}/values.yaml", json.dumps(_plain(tree.values or {}), default=str)
    for name, text in tree.templates.items():
        marked = _marked(tree, name, text, outcome)
        if outcome.copied and marked is not text:
            yield f"{folder}/{name}{_COPY}", _ASKS_FOR_MESH.sub("(eq 1 1)", marked)
            marked = text
        yield f"{folder}/{name}", _ASKS_FOR_MESH.sub("(eq 1 1)", marked)
    if with_files:
        for name in tree.files:
            data = tree.files[name]
            yield f"{folder}/{name}", data.decode("utf-8", errors="surrogateescape")
    for subchart in tree.subcharts:
        inner = f"{folder}/charts/{subchart.name}"
        yield from _files_of(subchart, inner, outcome, with_files=with_files)


def _marked(tree: ChartTree, name: str, text: str, outcome: Outcome) -> str:
    is_written = not name.rpartition("/")[2].startswith("_") and not name.endswith(".txt")
    if is_written:
        marked = MarkedSource(text, scan(text), marks=PRIVATE.search(text) is None)
        outcome.sources[id(tree), name] = marked
        text = marked.text
    return text


def _plain(values: Any) -> Any:
    """Values as JSON takes them."""
    if isinstance(values, Mapping):
        return {
            key if isinstance(key, str) else json.dumps(key, default=str): _plain(value)
            for key, value in values.items()
        }
    if isinstance(values, list | tuple):
        return [_plain(value) for value in values]
    return values.text if isinstance(values, Unknown) else values
