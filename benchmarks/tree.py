"""Write a tree of services to measure on: plain YAML, or Harness services with templates.

    python benchmarks/tree.py OUT --services 1000 [--templates]

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


def as_templates(files: dict[str, str], number: int) -> dict[str, str]:
    """The same service as a Harness service: three templates and their values."""
    name, namespace = f"service-{number:04}", f"team-{number // 20:02}"
    values = (
        f"name: {name}\nnamespace: {namespace}\nstable: 90\n"
        f"canary: {5 if number % 50 == 7 else 10}\n"
    )
    result = {"values.yaml": values}
    for file in ("service.yaml", "virtual-service.yaml", "destination-rule.yaml"):
        text = files[file].replace(name, "{{ .Values.name }}")
        text = text.replace(namespace, "{{ .Values.namespace }}")
        text = text.replace("weight: 90", "weight: {{ .Values.stable }}")
        for canary in ("10", "5"):
            text = text.replace(f"weight: {canary}\n", "weight: {{ .Values.canary }}\n")
        result[f"templates/{file}"] = text
    return result


def write_tree(out: Path, services: int, *, templates: bool) -> None:
    """Write the tree below `out`."""
    for number in range(services):
        files = service_files(number)
        if templates:
            files = as_templates(files, number)
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
    parser.add_argument("--templates", action="store_true")
    arguments = parser.parse_args()
    write_tree(arguments.out, arguments.services, templates=arguments.templates)


if __name__ == "__main__":
    main()
