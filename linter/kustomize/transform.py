"""What a kustomization does to all objects: names, namespace, labels, annotations, replacements.

Which fields are changed follows kustomize's defaults (kustomize, api/internal/konfig/builtinpluginconsts).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from ..nodes import key_text
from ..resource import as_dict, as_list
from ..values import is_text
from .nodes import (
    adopted,
    changed,
    hidden_at,
    is_null,
    pairs_of,
    text_node,
    value_at,
    with_parents,
    with_value,
)
from .select import UnknownTarget, chosen

if TYPE_CHECKING:
    from .item import Item
    from .model import Kustomization

_METADATA: Final = "metadata"
_NO_PREFIX: Final = frozenset(("APIService", "CustomResourceDefinition", "Namespace"))
#: Kinds that live in no namespace.
_CLUSTER_WIDE: Final = frozenset(
    (
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "ComponentStatus",
        "CustomResourceDefinition",
        "FlowSchema",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PodSecurityPolicy",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "RuntimeClass",
        "SelfSubjectAccessReview",
        "SelfSubjectRulesReview",
        "StorageClass",
        "SubjectAccessReview",
        "TokenReview",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    )
)
_POD_LABELS: Final = ("spec", "template", "metadata", "labels")
_TEMPLATED: Final = frozenset(
    ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet")
)
_SELECTING: Final = frozenset(("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"))
#: Where objects name a Service; routes of Istio are not among them.
_SERVICE_NAMES: Final = {
    "Ingress": (
        ("spec", "backend", "serviceName"),
        ("spec", "rules", "*", "http", "paths", "*", "backend", "serviceName"),
        ("spec", "defaultBackend", "service", "name"),
        ("spec", "rules", "*", "http", "paths", "*", "backend", "service", "name"),
    ),
    "StatefulSet": (("spec", "serviceName"),),
}
#: The places of a label: on the object, on its pods, in its selector.
Places = list[tuple[tuple[str, ...], bool]]


def set_namespace(item: Item, kustomization: Kustomization) -> None:
    """Put an object into the kustomization's namespace."""
    node = kustomization.node("namespace")
    if not is_text(kustomization.data.get("namespace")) or not isinstance(node, ScalarNode):
        return
    if not node.value:
        return
    value = adopted(node, kustomization.document)
    if item.kind == "Namespace":
        _set(item, kustomization, ("metadata",), text_node("name", value, item.origin), value)
    elif item.kind not in _CLUSTER_WIDE:
        key = text_node("namespace", value, item.origin)
        _set(item, kustomization, ("metadata",), key, value)


def add_affixes(item: Item, kustomization: Kustomization) -> None:
    """Put the prefix and the suffix on an object's name; its place stays where the name is written."""
    given = [kustomization.data.get(field) for field in ("namePrefix", "nameSuffix")]
    prefix, suffix = (value if is_text(value) else "" for value in given)
    if not (prefix or suffix) or item.kind in _NO_PREFIX or not item.name:
        return

    def change(node: Node) -> Node:
        return text_node(f"{prefix}{node.value}{suffix}", node, item.origin)

    item.change(changed(item.root, ("metadata", "name"), change), kustomization.document)


def add_labels(items: Sequence[Item], kustomization: Kustomization) -> None:
    """Write `commonLabels` and `labels`."""
    data = kustomization.data
    for index, entry in enumerate(as_list(data.get("labels"))):
        given = as_dict(entry)
        selectors = given.get("includeSelectors") is True
        templates = given.get("includeTemplates") is True
        pairs = kustomization.node("labels", index, "pairs")
        fields = given.get("fields")
        for item in items:
            places = _label_places(item.kind, pods=selectors or templates, selectors=selectors)
            _write(item, kustomization, pairs, [*places, *_own_places(fields, item)])
    pairs = kustomization.node("commonLabels")
    for item in items:
        _write(item, kustomization, pairs, _label_places(item.kind, pods=True, selectors=True))


def _label_places(kind: str, *, pods: bool, selectors: bool) -> Places:
    places: Places = [(("metadata", "labels"), True)]
    if pods and kind in _TEMPLATED:
        places.append((_POD_LABELS, True))
    if pods and kind == "CronJob":
        places.append((("spec", "jobTemplate", "metadata", "labels"), True))
        places.append((("spec", "jobTemplate", *_POD_LABELS), True))
    if pods and kind == "StatefulSet":
        places.append((("spec", "volumeClaimTemplates", "*", "metadata", "labels"), True))
    if selectors and kind in ("Service", "ReplicationController"):
        places.append((("spec", "selector"), True))
    if selectors and kind in _SELECTING:
        places.append((("spec", "selector", "matchLabels"), True))
    if selectors and kind in ("Job", "PodDisruptionBudget"):
        places.append((("spec", "selector", "matchLabels"), False))
    return places


def _own_places(fields: object, item: Item) -> Iterator[tuple[tuple[str, ...], bool]]:
    """The places that the entry itself names."""
    for field in map(as_dict, as_list(fields)):
        path = field.get("path")
        group, version = item.api_version.rpartition("/")[::2]
        wanted = (
            ("kind", item.kind),
            ("group", group),
            ("version", version if group else item.api_version),
        )
        if is_text(path) and all(field.get(key) in (None, "", value) for key, value in wanted):
            yield _parts(path.replace("[]", "/*")), field.get("create") is True


def add_annotations(item: Item, kustomization: Kustomization) -> None:
    """Write `commonAnnotations`."""
    places: Places = [(("metadata", "annotations"), True)]
    if item.kind in _TEMPLATED:
        places.append((("spec", "template", "metadata", "annotations"), True))
    if item.kind == "CronJob":
        places += [
            (("spec", "jobTemplate", "metadata", "annotations"), True),
            (("spec", "jobTemplate", "spec", "template", "metadata", "annotations"), True),
        ]
    _write(item, kustomization, kustomization.node("commonAnnotations"), places)


def _write(item: Item, kustomization: Kustomization, pairs: Node | None, places: Places) -> None:
    """Write keys and values into the mappings at some places."""
    if not isinstance(pairs, MappingNode) or not pairs.value:
        return
    given = pairs_of(adopted(pairs, kustomization.document))

    def change(node: Node) -> Node:
        for key, value in given:
            node = with_value(node, key, value) if isinstance(node, MappingNode) else node
        return node

    root = item.root
    for path, create in places:
        if create:
            root = with_parents(root, path, given[0][0], item.origin)
        root = changed(root, path, change)
    item.change(root, kustomization.document)


def _set(
    item: Item, kustomization: Kustomization, path: tuple[str, ...], key: Node, value: Node
) -> None:
    root = with_parents(item.root, path, key, item.origin)
    old = _at(root, (*path, key_text(key)))
    if isinstance(old, ScalarNode) and old.value == value.value and not is_null(old):
        return  # written in the file as well: that is its place
    root = changed(root, path, lambda node: with_value(node, key, value))
    item.change(root, kustomization.document)


def _at(node: Node | None, path: Iterable[str]) -> Node | None:
    for name in path:
        node = value_at(node, name)
    return node


def rename_services(items: Sequence[Item]) -> None:
    """Let what names a Service by a field that kustomize knows follow its new name."""
    renamed = {
        (old.name, old.effective_namespace): item.name
        for item in items
        if item.kind == "Service"
        for old in item.identities[:-1]
        if old.name != item.name
    }
    if not renamed:
        return
    for item in items:
        namespaces = {identity.effective_namespace for identity in item.identities}

        def follow(node: Node, item: Item = item, namespaces: set[str] = namespaces) -> Node:
            for namespace in sorted(namespaces):
                name = renamed.get((str(node.value), namespace))
                if isinstance(node, ScalarNode) and name is not None:
                    return text_node(name, node, item.origin)
            return node

        for path in _SERVICE_NAMES.get(item.kind, ()):
            item.change(changed(item.root, path, follow))


def replace_values(items: Sequence[Item], kustomization: Kustomization) -> bool:
    """Hide what `replacements` write: the value comes from elsewhere; False if they cannot be read."""
    known = True
    for index, entry in enumerate(as_list(kustomization.data.get("replacements"))):
        given = as_dict(entry)
        if "targets" not in given:
            known = False
            continue
        for number, target in enumerate(map(as_dict, as_list(given.get("targets")))):
            place = kustomization.node("replacements", index, "targets", number)
            try:
                _hide(items, kustomization, target, place)
            except UnknownTarget:
                known = False
    return known


def _hide(
    items: Sequence[Item], kustomization: Kustomization, target: dict[str, Any], at: Node | None
) -> None:
    if at is None:
        return
    hidden = hidden_at(text_node("", at, kustomization.document))
    rejected = [as_dict(each) for each in as_list(target.get("reject"))]
    creates = as_dict(target.get("options")).get("create") is True
    for item in items:
        if not chosen(as_dict(target.get("select")), item):
            continue
        if any(chosen(each, item) for each in rejected):
            continue
        for path in filter(is_text, as_list(target.get("fieldPaths") or ["metadata.name"])):
            _hide_at(item, _field(path), hidden, creates=creates)


def _hide_at(item: Item, path: tuple[str, ...], hidden: Node, *, creates: bool) -> None:
    """Hide a field; the whole list where the path goes on within an item that cannot be told."""
    plain = tuple(takewhile(_is_plain, path))
    root = item.root
    known = tuple(takewhile(lambda part: not part.startswith("["), path))
    if not creates and len(known) > len(plain):
        hiding = changed(root, known, lambda _node: hidden)
        if hiding is not root:
            item.change(hiding)
            return
    if creates and plain and plain == path:
        key = text_node(plain[-1], hidden, item.origin)
        root = with_parents(root, plain[:-1], hidden, item.origin)
        root = changed(root, plain[:-1], lambda node: with_value(node, key, hidden))
    elif plain:
        root = changed(root, plain, lambda _node: hidden)
    item.change(root)


def _is_plain(part: str) -> bool:
    return part == "*" or not (part.isdigit() or part.startswith("["))


def _field(path: str) -> tuple[str, ...]:
    r"""The parts of a field path of `replacements`: `spec.http.0.name`, `a.[key=x].b`, `a\.b`."""
    parts, part, depth = [], "", 0
    for index, char in enumerate(path):
        if char == "." and not depth and (index == 0 or path[index - 1] != "\\"):
            parts.append(part)
            part = ""
            continue
        depth += (char == "[") - (char == "]")
        part += char
    return tuple(each.replace("\\.", ".") for each in (*parts, part) if each)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)
