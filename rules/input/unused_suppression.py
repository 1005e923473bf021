"""TS007: suppressions that do nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Rule, Severity, Suppression


class UnusedSuppression(Rule[Suppression]):
    """A suppression silences a finding.

    What it checks:
        Every `# tsplit-lint: ignore[…]` and `# tsplit-lint: ignore-file[…]`, and every annotation
        `tsplit-lint.io/ignore`.  A word in it that silenced nothing is reported, and so is a word
        that names no rule, a comment that cannot be understood, and an `ignore-file` that stands
        below the first key of its file.  A rule that was switched off, or that speaks only with
        `--complete`, is not held against it; nor are another tool's codes that no rule here has, nor
        the annotations of other tools.

    Why it matters:
        A suppression that outlives its mistake hides the next one at the same place.  One with a slip
        in it silences nothing, and its author believes that it does.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:  # tsplit-lint: ignore[TS201] the weights were mended long ago  # <-
            - destination: {host: shop, subset: stable}
              weight: 90
            - destination: {host: shop, subset: canary}
              weight: 10
        ```

        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
          annotations:
            tsplit-lint.io/ignore: weight-sum  # <-
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          # tsplit-lint: ignore[weights-sum] a ratio is meant: one request in five
          - route:
            - destination: {host: shop, subset: stable}
              weight: 4
            - destination: {host: shop, subset: canary}
              weight: 1
        ```

    How to fix:
        Remove the suppression, or the word in it that is no longer needed.  If it was meant to do
        something: write the rule's id or name, and put the comment on the finding's line, on the line
        above it, or above the first key of the object.

    Sources:
        - tsplit-lint README, "Configure it": suppressions
    """

    id = "TS007"
    name = "unused-suppression"
    severity = Severity.INFO

    def check(self, suppression: Suppression, catalog: Catalog) -> Iterator[Finding]:
        """Say what is wrong with one word of a suppression."""
        word = suppression.word
        if suppression.fault == "unused":
            rule = f"{word} reports nothing" if word else "No rule reports anything"
            message = f"{rule} here, so this suppression silences nothing."
            mend = "Remove it, or move it to the line that it is meant for."
        elif suppression.fault == "unknown":
            guess = f' Did you mean "{suppression.hint}"?' if suppression.hint else ""
            message = f'No rule is called "{word}", so this suppression silences nothing.{guess}'
            mend = "Write the id or the name of a rule; `tsplit-lint rules` lists them."
        elif suppression.fault == "misplaced":
            message = "An ignore-file below the first key of the file is not heeded."
            mend = "Move it above the first key, or write `ignore` to cover one line or object."
        else:
            message = "This suppression cannot be understood and silences nothing."
            mend = f"Write `# tsplit-lint: {suppression.hint}[TS201]` with the rules in brackets."
        yield self.finding(suppression.place, message, help=mend)
