"""The strategic merge of a patch into an object, as kustomize does it.

Mappings are merged and a null deletes a key.  A list is replaced whole, but for the lists of Kubernetes'
own kinds that have a merge key: `containers` are matched by name.  Kinds of Istio have none.
Source: Kubernetes API conventions, "Strategic Merge Patch"; kustomize, kyaml/yaml/merge2.
"""

from __future__ import annotations

from typing import Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..nodes import key_text
from .nodes import (
    hidden_at,
    is_null,
    mapping,
    pairs_of,
    sequence,
    text_at,
    value_at,
    with_value,
    without,
)

_DIRECTIVE: Final = "$patch"
#: Lists of Kubernetes' own kinds that are merged item by item, and what tells the items apart.
_MERGE_KEYS: Final = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
_PORT_KEYS: Final = {"Service": ("port", "protocol"), "": ("containerPort", "protocol")}
_GROUPS: Final = frozenset(("", "apps", "batch", "extensions"))
_KINDS: Final = frozenset(
    (
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "Pod",
        "PodTemplate",
        "ReplicaSet",
        "ReplicationController",
        "Service",
        "StatefulSet",
    )
)
_SHAPES: Final[dict[type[Node], str]] = {
    MappingNode: "a mapping",
    SequenceNode: "a list",
    ScalarNode: "a plain value",
}


def merged(target: Node, patch: Node) -> Node | None:
    """The object with the patch in it; None where the patch deletes it; raises MergeError."""
    kind = text_at(target, "kind") or ""
    group = (text_at(target, "apiVersion") or "").rpartition("/")[0]
    known = kind if kind in _KINDS and group in _GROUPS else None
    return _Merge(known).node(target, patch, ())


class MergeError(Exception):
    """A patch that has another kind of value than its object; `node` is where it stands."""

    def __init__(self, message: str, node: Node) -> None:
        super().__init__(message)
        self.message = message
        self.node = node


class _Merge:
    """`kind` is that of one of Kubernetes' own objects, whose lists have merge keys; None for others."""

    def __init__(self, kind: str | None) -> None:
        self.kind = kind

    def node(self, target: Node | None, patch: Node, path: tuple[str, ...]) -> Node | None:
        """What stands at a path after the merge, None for nothing."""
        if is_null(patch):
            return None
        if target is not None and not is_null(target) and type(target) is not type(patch):
            told = f"{_SHAPES[type(target)]} at {'.'.join(path)}, where this patch has {_SHAPES[type(patch)]}"
            raise MergeError(told, patch)
        if isinstance(patch, MappingNode):
            return self.mapping(target, patch, path)
        if isinstance(patch, SequenceNode):
            return self.sequence(target, patch, path)
        return patch

    def mapping(
        self, target: Node | None, patch: MappingNode, path: tuple[str, ...]
    ) -> Node | None:
        directive = text_at(patch, _DIRECTIVE)
        if directive == "delete":
            return None
        whole = directive == "replace" or not isinstance(target, MappingNode)
        result = mapping([], patch) if whole or target is None else target
        removed = False
        for key, value in pairs_of(patch):
            name = key_text(key)
            if name == _DIRECTIVE:
                continue
            was = value_at(result, name)
            now = self.node(was, value, (*path, name))
            if now is None:
                removed = removed or was is not None
                result = without(result, name)
            elif now is not was:
                result = with_value(result, _key(result, key, was, value), now)
        if removed and len(path) > 1:  # what is missing now is missing because of the patch
            return mapping(result.value, patch)
        return result

    def sequence(self, target: Node | None, patch: SequenceNode, path: tuple[str, ...]) -> Node:
        keys = self.merge_keys(path)
        if not keys:
            return patch
        kept = [item for item in patch.value if not _is_marker(item)]
        if len(kept) < len(patch.value) or not isinstance(target, SequenceNode):
            items = [self.node(None, item, path) for item in kept]
            return sequence([item for item in items if item is not None], patch)
        return self.by_key(target, kept, keys, path)

    def merge_keys(self, path: tuple[str, ...]) -> tuple[str, ...]:
        if self.kind is None or not path:
            return ()
        if path[-1] == "ports":
            return _PORT_KEYS.get(self.kind, _PORT_KEYS[""])
        return _MERGE_KEYS.get(path[-1], ())

    def by_key(
        self,
        target: SequenceNode,
        patch: list[Node],
        keys: tuple[str, ...],
        path: tuple[str, ...],
    ) -> Node:
        """The items of the patch in their order, each merged with its like, then those it does not name."""
        every = [*target.value, *patch]
        having = [sum(value_at(item, key) is not None for item in every) for key in keys]
        if any(0 < count < len(every) for count in having[1:]):
            # What kustomize does where only some items name their protocol is not to be foreseen.
            return hidden_at(patch[0] if patch else target)
        names = [key for key, count in zip(keys, having, strict=True) if count]
        rest = {_identity(item, names): item for item in target.value}
        items = [
            self.node(rest.pop(_identity(item, names), None), _item(item), path) for item in patch
        ]
        return sequence([*(item for item in items if item is not None), *rest.values()], target)


def _key(result: Node, key: Node, was: Node | None, value: Node) -> Node:
    """A value that is merged into stays under its own key, one that is replaced comes with the patch's."""
    if isinstance(value, MappingNode) and isinstance(was, MappingNode):
        name = key_text(key)
        return next(old for old, _value in pairs_of(result) if key_text(old) == name)
    return key


def _item(item: Node) -> Node:
    """An item that is matched by its key is merged, also where it asks to replace."""
    return without(item, _DIRECTIVE) if text_at(item, _DIRECTIVE) == "replace" else item


def _is_marker(item: Node) -> bool:
    """Whether an item of a list says that the list is replaced."""
    return (
        isinstance(item, MappingNode)
        and len(item.value) == 1
        and text_at(item, _DIRECTIVE) == "replace"
    )


def _identity(item: Node, names: list[str]) -> tuple[str | None, ...]:
    values = (value_at(item, name) for name in names)
    return tuple(value.value if isinstance(value, ScalarNode) else None for value in values)
