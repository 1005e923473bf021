"""TS628: a name that Harness does not sync from Git."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import (
    Catalog,
    Finding,
    Place,
    Rollout,
    Rule,
    Severity,
    SourceFile,
)


class ConfigAsCodeName(Rule[SourceFile | Rollout]):
    """Names in the Setup folder are such that Harness syncs them.

    What it checks:
        FirstGen configuration: a file below `Setup/` that belongs to Harness itself (it has
        `harnessApiVersion`) must end in `.yaml`; manifests may end in `.yml`. The names of phases,
        rollback phases included, must hold no dots.

    Why it matters:
        Harness leaves out files that end in `.yml`, and rejects names with dots when it syncs: the
        change in Git never reaches the product, and the old workflow keeps running.

    Bad:
        ```yaml
        # file: Setup/Applications/Shop/Workflows/canary.yml
        harnessApiVersion: '1.0'  # <-
        type: CANARY
        phases:
        - name: Canary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
          - name: Verify
        - name: Primary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

        ```yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary v1.2  # <-
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
        - name: Primary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

    Good:
        ```yaml
        # file: Setup/Applications/Shop/Workflows/canary.yaml
        harnessApiVersion: '1.0'
        type: CANARY
        phases:
        - name: Canary v1-2
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_CANARY_DEPLOY
              name: Canary Deployment
        - name: Primary
          serviceName: shop
          phaseSteps:
          - name: Deploy
            steps:
            - type: K8S_DEPLOYMENT_ROLLING
              name: Rollout Deployment
          - name: Wrap Up
            steps:
            - type: K8S_DELETE
              name: Canary Delete
              properties:
                resources: ${k8s.canaryWorkload}
        ```

    How to fix:
        Rename the file to `.yaml`, and write dashes instead of dots.

    Sources:
        - Harness FirstGen docs, "Harness YAML Code Reference": the suffix must be .yaml
        - harness-core: names with dots are rejected as invalid
    """

    id = "TS628"
    name = "config-as-code-name"
    severity = Severity.WARNING

    def check(self, subject: SourceFile | Rollout, catalog: Catalog) -> Iterator[Finding]:
        """Look at the name of a file, or at those of the phases of a workflow."""
        if isinstance(subject, SourceFile):
            yield from self._file(subject)
            return
        if subject.flavor != "workflow":
            return
        for phase in (*subject.phases, *subject.rollback_phases):
            name = phase.data.get("name")
            if isinstance(name, str) and "." in name:
                yield self.finding(
                    phase.at("name"),
                    f"The phase {phase.title} has a dot in its name. Harness rejects such names when it "
                    "syncs from Git.",
                    help="Write a dash instead of the dot.",
                )

    def _file(self, file: SourceFile) -> Iterator[Finding]:
        if not file.path.endswith(".yml") or "harnessApiVersion" not in file.text:
            return
        if "Setup/" in file.path and "/Manifests/Files/" not in file.path:
            start = file.text.index("harnessApiVersion")
            yield self.finding(
                Place(file, fixed=file.text_span(start, start + len("harnessApiVersion"))),
                "This file ends in .yml. Harness syncs only files that end in .yaml, so it leaves this one "
                "out.",
                help="Rename the file to end in .yaml.",
            )
