"""TS003: a template that does not render."""

from __future__ import annotations

from collections.abc import Iterator

from tsplit_lint import Catalog, Finding, Place, Rule, Severity, SourceFile


class TemplateError(Rule[SourceFile]):
    """A Go template renders with the values that stand beside it.

    What it checks:
        The manifests of Harness services and Helm charts that hold `{{ … }}`, rendered with their
        values files and the chart's helpers.  Where a template needs something that lies elsewhere,
        such as a helper of a chart that is fetched at build time, it is a notice; so it is where
        neither a chart nor a values file is in sight, because other programs use the same braces, and
        where lines such as `{% if … %}` (Jinja) or `%{ if … }` (Terraform) keep a file from being YAML.
        So are kustomizations: a patch whose object they do not build, or that cannot be applied to it.
        Where a base lies elsewhere, or a generator adds to what is built, nothing is said.

    Why it matters:
        Harness and Helm render every manifest before they apply the first one: one template that fails
        stops the whole deployment.  So does a patch that Kustomize cannot apply.

    Bad:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: {{.Values.name}}
        spec:
          hosts: [shop]
          http:
          {{- if .Values.canary }}
          - route:
            - destination: {host: {{.Values.name | upcase}}}  # <-
          {{- end }}
        ```
        ```yaml
        # file: kustomization.yaml
        resources: [virtual-service.yaml]
        patches:
        - target: {kind: VirtualService, name: shop}
          patch: |-
            - op: remove
              path: /spec/http/1  # <-
        # file: virtual-service.yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: shop
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: shop}
        ```

    Good:
        ```yaml
        # file: values.yaml
        name: shop
        # file: templates/virtual-service.yaml
        apiVersion: networking.istio.io/v1
        kind: VirtualService
        metadata:
          name: {{.Values.name}}
        spec:
          hosts: [shop]
          http:
          - route:
            - destination: {host: {{.Values.name | lower}}}
        ```

    How to fix:
        Correct the action that is shown: close every `if`, `range`, `with` and `define` with `end`, and
        use the functions of Go templates and Sprig only.  Text that shall keep its braces is written
        `{{ "{{" }}`.  Let a patch name the object and the path as the kustomization builds them.

    Sources:
        - Go documentation, package text/template
        - Harness docs, "Define Kubernetes Manifests": Go templating
        - Helm docs, "Chart Template Guide"
        - Kubernetes docs, "Declarative Management of Kubernetes Objects Using Kustomize"
    """

    id = "TS003"
    name = "template-error"
    severity = Severity.ERROR

    def check(self, file: SourceFile, catalog: Catalog) -> Iterator[Finding]:
        """Report what the template engine said."""
        if not file.problems:
            return
        for problem in file.problems_of("build"):
            yield self.finding(
                Place(file, fixed=problem.span),
                f"The kustomization cannot be built: {problem.message}. The deployment stops here, before "
                "anything is applied.",
                help="Correct this patch, or the kustomization that names it.",
            )
        at_home = file.scope is None or not file.scope.is_plain
        for problem in file.problems_of("template", "template-elsewhere"):
            place = Place(file, fixed=problem.span)
            if at_home and problem.kind == "template":
                yield self.finding(
                    place,
                    f"The template does not render: {problem.message}. The deployment stops here, "
                    "before anything is applied.",
                    help="Correct this action of the template.",
                )
            else:
                yield self.finding(
                    place,
                    f"The template was not checked, because it does not render with what is in sight: "
                    f"{problem.message}.",
                    severity=Severity.INFO,
                    help="Lint it together with the chart, the values or the helpers that it uses, or lint "
                    "what is made of it.",
                )
