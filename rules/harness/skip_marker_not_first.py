"""TS118: the skip marker is not the first line of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from tsplit_lint import Catalog, Document, Finding, Place, Rule, Severity, SourceFile

MARKER: Final = "harness.io/skip-file-for-deploy"
_COMMENT: Final = re.compile(rf"^[ \t]*#[ \t]*{re.escape(MARKER)}(?![\w/.-])", re.MULTILINE)


class SkipMarkerNotFirst(Rule[SourceFile]):
    """The comment `# harness.io/skip-file-for-deploy` is the first line of its file.

    What it checks:
        Manifest files with a comment that begins with the marker and is not their first non-empty
        line: below a licence, a `---`, a template action or the first object.  The same words in a
        text, such as a script in a ConfigMap, are no comment.

    Why it matters:
        Harness looks at the first non-empty line only.  Further down the marker does nothing: the file
        is deployed with the others, while its author believes that only an Apply step applies it.

    Bad:
        ```yaml
        ---
        # harness.io/skip-file-for-deploy  # <-
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: echo
        spec:
          hosts: [echo]
          tcp:
          - match: [{port: 9000}]
            route:
            - destination: {host: echo}
        ```

    Good:
        ```yaml
        # file: virtual-service.yaml
        # harness.io/skip-file-for-deploy
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: echo
        spec:
          hosts: [echo]
          tcp:
          - match: [{port: 9000}]
            route:
            - destination: {host: echo}
        ```

    How to fix:
        Move the comment to the first line of the file.  It always means the whole file, with all its
        objects.

    Sources:
        - Harness docs, "Ignore a Manifest File During Deployment"
        - harness-core, FileIo.getFilesUnderPathMatchesFirstLine
    """

    id = "TS118"
    name = "skip-marker-not-first"
    severity = Severity.WARNING
    needs = ("harness.io/skip-file-for-deploy",)

    def check(self, file: SourceFile, catalog: Catalog) -> Iterator[Finding]:
        """Look for the comment anywhere but at the top."""
        if MARKER not in file.text or file.role == "values" or file.skipped or file.unreadable:
            return
        if any(file.problems_of("syntax", "limit")):
            return
        if not any(document.kind or document.loaded for document in file.documents):
            return
        text = file.text if file.rendered is None else file.rendered.text
        for match in _COMMENT.finditer(text):
            if _is_comment(file, match.end()):
                place = Place(file, fixed=file.span_of(_hash(match), match.end()))
                yield self.finding(
                    place,
                    "This skip marker is not the first line of the file, so Harness does not see it and "
                    "deploys the file with the others.",
                    help=f"Move # {MARKER} to the first line of the file.",
                )
                return


def _hash(match: re.Match[str]) -> int:
    return match.start() + match.group().index("#")


def _is_comment(file: SourceFile, offset: int) -> bool:
    """Whether an offset of the parsed text is outside all values."""
    for document in file.documents:
        start = offset - document.offset
        if 0 <= start < len(document.text):
            return document.loaded and not _within_scalar(document, start)
    return True


def _within_scalar(document: Document, offset: int) -> bool:
    node: Any = document.node
    while node is not None and not isinstance(node.value, str):
        children = [part for child in node.value for part in _parts(child)]
        node = next((c for c in children if _covers(c, offset)), None)
    return node is not None


def _parts(child: Any) -> tuple[Any, ...]:
    return child if isinstance(child, tuple) else (child,)


def _covers(node: Any, offset: int) -> bool:
    return bool(node.start_mark.index <= offset < node.end_mark.index)
