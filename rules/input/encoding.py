"""TS006: bytes that are not UTF-8 text."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Place, Rule, Severity, SourceFile


class Encoding(Rule[SourceFile]):
    """A manifest is UTF-8 text.

    What it checks:
        Bytes that are not UTF-8, NUL bytes, and a byte-order mark in the middle of a file, as it
        stays behind when files with one are joined.  One at the beginning is fine.

    Why it matters:
        Kubernetes reads UTF-8.  Other bytes are refused, or a host or label becomes another one that
        looks the same and matches nothing.

    Bad:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
        ---
        ﻿apiVersion: v1  # <-
        kind: Service
        metadata:
          name: cart
        ```

    Good:
        ```yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: shop
          annotations:
            owner: Zoë
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: cart
        ```

    How to fix:
        Save the file as UTF-8 without a byte-order mark.

    Sources:
        - YAML specification, 1.2.2, section 5.2: character encodings
    """

    id = "TS006"
    name = "encoding"
    severity = Severity.WARNING

    def check(self, file: SourceFile, catalog: Catalog) -> Iterator[Finding]:
        """Report where the text ends to be UTF-8."""
        if not file.problems:
            return
        for problem in file.problems_of("encoding"):
            yield self.finding(
                Place(file, fixed=problem.span),
                f"This is not plain UTF-8 text: {problem.message}. Kubernetes refuses it, or reads "
                "another name than the one you see.",
                help="Save the file as UTF-8 without a byte-order mark.",
            )
