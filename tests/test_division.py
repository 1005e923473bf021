"""`tsplit-lint config --scopes`: how a tree is divided, and why."""

from __future__ import annotations

import json

from conftest import Run, Tree

VS = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec: {hosts: [shop], http: [{route: [{destination: {host: shop}}]}]}
"""


def plant(tree: Tree) -> None:
    tree.write(
        {
            "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
            "chart/values.yaml": "name: shop\n",
            "chart/templates/vs.yaml": VS.replace("name: shop", "name: {{ .Values.name }}"),
            "service/values.yaml": "name: shop\n",
            "service/templates/vs.yaml": VS,
            "overlay/kustomization.yaml": "resources: [vs.yaml]\nnamePrefix: a-\n",
            "overlay/vs.yaml": VS,
            "steps/one.yaml": VS,
            "steps/two.yaml": VS,
        }
    )


def test_every_kind_of_scope(tree: Tree, command: Run) -> None:
    plant(tree)
    code, out, err = command("config", "--scopes", ".", "--format", "json")
    assert (code, err) == (0, "")
    parts = json.loads(out)["scopes"]
    assert [(part["root"], part["kind"], part["objects"]) for part in parts] == [
        ("chart", "chart", 1),
        ("overlay", "kustomization", 1),
        ("service", "service", 1),
        ("steps", "directory", 2),
    ]
    assert parts[3]["alternatives"] == ["VirtualService shop (2 files)"]
    assert not any(part["complete"] for part in parts)


def test_the_text_says_why(tree: Tree, command: Run) -> None:
    plant(tree)
    code, out, _err = command("config", "--scopes", "steps", "--scopes", "chart", "--complete")
    assert code == 0
    assert "chart  (chart)\n  a Helm chart: its Chart.yaml is here" in out
    assert "  2 objects of 2 files; all that it refers to is in sight" in out
    assert "alternatives, never held against each other: VirtualService shop (2 files)" in out


def test_context_is_marked(tree: Tree, command: Run) -> None:
    plant(tree)
    _code, out, _err = command("config", "--scopes", "service", "--context", "steps")
    assert "2 objects of 2 files; others may define what it lacks; read for references only" in out


def test_nothing_and_no_such_path(tree: Tree, command: Run) -> None:
    tree.write({"empty/a.txt": ""})
    assert command("config", "--scopes", "empty")[:2] == (
        0,
        "no object was read, so there is no scope\n",
    )
    code, out, err = command("config", "--scopes", "gone")
    assert (code, out) == (2, "")
    assert "gone: no such file or folder" in err
