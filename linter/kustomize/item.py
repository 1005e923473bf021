"""An object on its way through a build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml.nodes import Node

from ..nodes import build, key_text
from ..resource import as_dict
from ..values import UNKNOWN_MARK, Unknown
from .nodes import pairs_of
from .words import has_words, with_text_annotations, with_words_as_text

if TYPE_CHECKING:
    from ..document import Document
    from ..resource import Resource
    from ..source import SourceFile


class Identity(NamedTuple):
    """What an object is called at some point of the build."""

    api_version: str
    kind: str
    name: str
    namespace: str

    @property
    def effective_namespace(self) -> str:
        """The namespace, `default` where none is given."""
        return self.namespace or "default"


class Item:
    """One object: as it was read, and as the kustomizations have changed it so far.

    `changes` are the documents that have a part in it.  `identity` is what it is called now,
    `identities` are all its names, the first one as it was read.
    """

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.origin: Document = resource.document
        self.data: dict[str, Any] = resource.data
        self.changes: list[Document] = []
        self._root: Node | None = None
        self.identity = self._identity()
        self.identities = [self.identity]
        if has_words(self.origin.text):
            self.change(with_words_as_text(self.root))

    def finish(self) -> None:
        """Make text of the annotations, as kustomize does when it writes the object."""
        if any(not isinstance(value, str | Unknown) for value in self.annotations.values()):
            self.change(with_text_annotations(self.root))

    def _identity(self) -> Identity:
        metadata = as_dict(self.data.get("metadata"))
        return Identity(
            _text(self.data.get("apiVersion")),
            _text(self.data.get("kind")),
            _text(metadata.get("name")),
            _text(metadata.get("namespace")),
        )

    @property
    def api_version(self) -> str:
        """`apiVersion` as it is now."""
        return self.identity.api_version

    @property
    def kind(self) -> str:
        """`kind` as it is now."""
        return self.identity.kind

    @property
    def name(self) -> str:
        """The name as it is now."""
        return self.identity.name

    @property
    def effective_namespace(self) -> str:
        """The namespace as it is now."""
        return self.identity.effective_namespace

    @property
    def labels(self) -> dict[str, Any]:
        """The labels as they are now."""
        return as_dict(as_dict(self.data.get("metadata")).get("labels"))

    @property
    def annotations(self) -> dict[str, Any]:
        """The annotations as they are now."""
        return as_dict(as_dict(self.data.get("metadata")).get("annotations"))

    @property
    def file(self) -> SourceFile:
        """The file that holds it."""
        return self.origin.file

    @property
    def is_changed(self) -> bool:
        """Whether it differs from what its file says."""
        return self._root is not None

    @property
    def root(self) -> Node:
        """Its node tree."""
        if self._root is not None:
            return self._root
        node = self.origin.find(self.resource.base)[1]
        assert node is not None  # noqa: S101 an object has been read from it
        return node

    def change(self, root: Node, *documents: Document) -> None:
        """Put another tree in its place, which `documents` have a part in."""
        if root is self.root:
            return
        for document in documents:
            if document is not self.origin and document not in self.changes:
                self.changes.append(document)
        # The mark of hidden values and merge keys are looked for in any case.
        text = UNKNOWN_MARK + "<<" + "".join(d.text for d in (self.origin, *self.changes))
        before = {key_text(key): value for key, value in pairs_of(self.root)}
        data: dict[str, Any] = {}
        for key, value in pairs_of(root):
            name = key_text(key)
            was = self.data.get(name)
            # What the deployment decides on stays unknown, whatever a patch makes of it.
            keep = before.get(name) is value or isinstance(was, Unknown)
            data[name] = was if keep and name in self.data else build(value, text)[0]
        self.data, self._root = data, root
        self.identity = self._identity()
        if self.identity != self.identities[-1]:
            self.identities.append(self.identity)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
