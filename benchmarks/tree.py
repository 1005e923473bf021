"""Write a tree of services to measure on: plain YAML, or Harness services with templates.

    python benchmarks/tree.py OUT --services 1000 [--style fill]

The same arguments always give the same bytes.  One service in fifty has a weights mistake, so that
a run can be seen to work.
"""

from __future__ import annotations

import argparse
from pathlib import Path

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}-{track}
  namespace: {namespace}
  labels: {{app: {name}}}
spec:
  replicas: 2
  selector:
    matchLabels: {{app: {name}, version: {track}}}
  template:
    metadata:
      labels: {{app: {name}, version: {track}}}
      annotations:
        sidecar.istio.io/inject: "true"
    spec:
      serviceAccountName: {name}
      containers:
      - name: app
        image: registry.example.com/{name}:1.4.2
        ports:
        - name: http
          containerPort: 8080
        env:
        - name: LOG_LEVEL
          value: info
        resources:
          requests: {{cpu: 100m, memory: 256Mi}}
          limits: {{cpu: "1", memory: 512Mi}}
        readinessProbe:
          httpGet: {{path: /ready, port: http}}
          periodSeconds: 10
        livenessProbe:
          httpGet: {{path: /live, port: http}}
          initialDelaySeconds: 20
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
spec:
  selector:
    app: {name}
  ports:
  - name: http
    port: 80
    targetPort: 8080
"""
CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}-config
  namespace: {namespace}
data:
{settings}
  application.yaml: |
    routes:
    - path: /v1/{name}
      weight: 40
"""
VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {name}
  namespace: {namespace}
spec:
  hosts:
  - {name}
  http:
  - match:
    - headers:
        x-track:
          exact: canary
    route:
    - destination:
        host: {name}
        subset: canary
  - route:
    - destination:
        host: {name}
        subset: stable
      weight: {stable}
    - destination:
        host: {name}
        subset: canary
      weight: {canary}
    timeout: 10s
"""
DESTINATION_RULE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: {name}
  namespace: {namespace}
spec:
  host: {name}
  trafficPolicy:
    connectionPool:
      tcp: {{maxConnections: 100}}
    outlierDetection:
      consecutive5xxErrors: 5
      interval: 30s
  subsets:
  - name: stable
    labels: {{version: stable}}
  - name: canary
    labels: {{version: canary}}
"""


def service_files(number: int) -> dict[str, str]:
    """The files of one service, by name."""
    words = {
        "name": f"service-{number:04}",
        "namespace": f"team-{number // 20:02}",
        "stable": "90",
        "canary": "5" if number % 50 == 7 else "10",
        "settings": "\n".join(
            f'  SETTING_{i:02}: "{(number * 31 + i * 7) % 997}"' for i in range(50)
        ),
    }
    return {
        "deployment-stable.yaml": DEPLOYMENT.format(track="stable", **words),
        "deployment-canary.yaml": DEPLOYMENT.format(track="canary", **words),
        "service.yaml": SERVICE.format(**words),
        "configmap.yaml": CONFIG.format(**words),
        "virtual-service.yaml": VIRTUAL_SERVICE.format(**words),
        "destination-rule.yaml": DESTINATION_RULE.format(**words),
    }


THREE = ("service.yaml", "virtual-service.yaml", "destination-rule.yaml")

#: Templates with conditions, loops and definitions; they write what the plain files say.
BLOCKS = {
    "service.yaml": """\
{{- define "labels" }}
    app: {{ .Values.name }}
{{- end }}
apiVersion: v1
kind: Service
metadata:
  name: {{ .Values.name | quote }}
  {{- with .Values.namespace }}
  namespace: {{ . }}
  {{- end }}
spec:
  selector:
    {{- template "labels" . }}
  ports:
  {{- range .Values.ports }}
  - name: {{ .name }}
    port: {{ .port }}
    targetPort: {{ .target | default .name }}
  {{- end }}
""",
    "virtual-service.yaml": """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {{ .Values.name }}
  {{- if .Values.namespace }}
  namespace: {{ .Values.namespace }}
  {{- end }}
spec:
  hosts:
  {{- range .Values.hosts }}
  - {{ . }}
  {{- end }}
  http:
  {{- range $path, $name := .Values.paths }}
  - match:
    - uri: {prefix: {{ $path | quote }}}
    route:
    {{- range $subset, $weight := $.Values.weights }}
    - destination:
        host: {{ $.Values.name }}
        subset: {{ $subset }}
      weight: {{ int $weight }}
    {{- end }}
  {{- end }}
  - route:
    {{- range $subset, $weight := .Values.weights }}
    - destination:
        host: {{ $.Values.name }}
        subset: {{ $subset }}
      weight: {{ int $weight }}
    {{- end }}
""",
    "destination-rule.yaml": """\
{{- if .Values.weights }}
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: {{ .Values.name }}
  namespace: {{ .Values.namespace }}
spec:
  host: {{ .Values.name }}
  trafficPolicy:
    {{- toYaml .Values.policy | nindent 4 }}
  subsets:
  {{- range $subset, $_ := .Values.weights }}
  - name: {{ $subset }}
    labels: {version: {{ $subset | lower | quote }}}
  {{- end }}
{{- end }}
""",
}
BLOCK_VALUES = """\
hosts: [{name}]
ports: [{{name: http, port: 80}}]
paths: {{/a: a, /b: b}}
weights: {{stable: 90, canary: {canary}}}
policy: {{connectionPool: {{http: {{http2MaxRequests: 100}}}}}}
"""


def as_templates(files: dict[str, str], number: int, *, blocks: bool) -> dict[str, str]:
    """The same service as a Harness service: three templates and their values."""
    name, namespace = f"service-{number:04}", f"team-{number // 20:02}"
    lowest = 5 if number % 50 == 7 else 10
    values = f"name: {name}\nnamespace: {namespace}\nstable: 90\ncanary: {lowest}\n"
    result = {"values.yaml": values}
    if blocks:
        result["values.yaml"] += BLOCK_VALUES.format(name=name, canary=lowest)
        return result | {f"templates/{file}": BLOCKS[file] for file in THREE}
    for file in THREE:
        text = files[file].replace(name, "{{ .Values.name }}")
        text = text.replace(namespace, "{{ .Values.namespace }}")
        text = text.replace("weight: 90", "weight: {{ .Values.stable }}")
        for canary in ("10", "5"):
            text = text.replace(f"weight: {canary}\n", "weight: {{ .Values.canary }}\n")
        result[f"templates/{file}"] = text
    return result


#: What a tree is made of: whole services, their three routing files, or those as templates that fill in
#: values or that have blocks.
STYLES = ("plain", "three", "fill", "blocks")


def write_tree(out: Path, services: int, style: str = "plain") -> None:
    """Write the tree below `out`."""
    for number in range(services):
        files = service_files(number)
        if style == "three":
            files = {name: files[name] for name in THREE}
        elif style != "plain":
            files = as_templates(files, number, blocks=style == "blocks")
        folder = out / f"team-{number // 20:02}" / f"service-{number:04}"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """Read the arguments and write the tree."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--style", choices=STYLES, default="plain")
    arguments = parser.parse_args()
    write_tree(arguments.out, arguments.services, arguments.style)


if __name__ == "__main__":
    main()
