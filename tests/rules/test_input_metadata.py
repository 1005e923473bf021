"""Objects without a kind, an apiVersion or a name: TS012."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Tree

Lint = Callable[..., list[str]]

ISTIO = "apiVersion: networking.istio.io/v1\n"


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        (ISTIO + "kind: VirtualService\nmetadata: {labels: {a: b}}\nspec: {}\n", "3:1", "name"),
        (ISTIO + "kind: VirtualService\nspec: {}\n", "2:7", "name"),
        (ISTIO + "kind: DestinationRule\nmetadata:\nspec: {}\n", "3:1", "name"),
        (ISTIO + "kind: Gateway\nmetadata: {name: ''}\nspec: {}\n", "3:1", "name"),
        (ISTIO + "kind: Gateway\nmetadata: {name: null}\nspec: {}\n", "3:1", "name"),
        ("apiVersion: v1\nkind: Service\nmetadata: {}\nspec: {}\n", "3:1", "name"),
        ("apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: 1}\n", "2:7", "name"),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n", "2:7", "name"),
        ("apiVersion: batch/v1\nkind: Job\nmetadata: {labels: {a: b}}\n", "3:1", "name"),
        (ISTIO + "metadata: {name: shop}\nspec: {}\n", "2:18", "kind"),
        (ISTIO + "kind:\nmetadata: {name: shop}\nspec: {}\n", "2:1", "kind"),
        ("apiVersion: v1\nmetadata: {name: shop}\nspec: {ports: []}\n", "2:18", "kind"),
        ("kind: VirtualService\nmetadata: {name: shop}\nspec: {}\n", "1:7", "apiVersion"),
        ("apiVersion:\nkind: VirtualService\nmetadata: {name: s}\nspec: {}\n", "2:7", "apiVersion"),
    ],
)
def test_what_is_missing(tree: Tree, text: str, place: str, what: str) -> None:
    tree.write({"a.yaml": text})
    (finding,) = tree.lint(select=("TS012",))
    assert f"{finding.span.line}:{finding.span.column}" == place
    assert finding.help in (f"Add {what}.", f"Add metadata.{what}.")
    assert finding.severity.label == "error"


@pytest.mark.parametrize(
    "text",
    [
        ISTIO + "kind: VirtualService\nmetadata: {name: shop}\n",
        ISTIO + "kind: VirtualService\nmetadata: {generateName: shop-}\n",
        ISTIO + "kind: VirtualService\nmetadata: {name: '${name}'}\n",
        ISTIO + "kind: VirtualService\nmetadata: ${metadata}\n",
        ISTIO + "kind: <+kind>\nmetadata: {}\n",
        "apiVersion: v1\nkind: [Service]\nmetadata: {}\n",
        "apiVersion: ${api}\nkind: VirtualService\nmetadata: {}\n",
        "apiVersion: v1\nkind: Config\nclusters: []\n",
        "apiVersion: v1\nkind: List\nitems: []\n",
        "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "apiVersion: v1\nname: shop\nversion: 1.0.0\n",
        "apiVersion: v1\nentries: {}\ngenerated: now\n",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n",
        "kind: Kustomization\nresources: []\n",
        "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n",
        "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n",
        "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nnodes: []\n",
        "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: {}\n",
        "apiVersion: example.com/v1\nkind: Thing\nspec: {}\n",
        "harnessApiVersion: '1.0'\ntype: CANARY\nphases: []\n",
        "kind: Gateway\nport: 80\n",
        "kind: VirtualService\n",
        "metadata: {labels: {a: b}}\nspec: {http: []}\n",
    ],
)
def test_what_is_complete_or_no_object(lint_text: Lint, text: str) -> None:
    assert lint_text(text, select=("TS012",)) == []


def test_an_item_of_a_list_is_an_object(lint_text: Lint) -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, spec: {}}\n"
    assert lint_text(text, select=("TS012",)) == ["4:26 TS012"]


def test_a_patch_is_no_whole_object(tree: Tree) -> None:
    patch = ISTIO + "kind: VirtualService\nspec: {hosts: [shop]}\n"
    tree.write({"kustomization.yaml": "patches: [{path: p.yaml}]\n", "p.yaml": patch})
    assert tree.show(select=("TS012",)) == []


def test_a_template_that_names_what_nobody_gives(tree: Tree) -> None:
    text = ISTIO + "kind: VirtualService\nmetadata:\n  name: {{ .Values.name }}\n"
    tree.write({"values.yaml": "a: b\n", "templates/a.yaml": text})
    assert tree.show(select=("TS012",)) == []


def test_broken_bytes_hide_the_first_key(tree: Tree) -> None:
    text = ISTIO + "kind: VirtualService\nmetadata: {name: shop}\nspec: {}\n"
    tree.write({"a.yaml": b"\xff" + text.encode()})
    assert tree.show(select=("TS012",)) == []
