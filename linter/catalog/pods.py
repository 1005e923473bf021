"""Who selects whose pods: Services and workloads, filed by the labels that tie them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from ..resource import Service, known_namespace
from ..syntax import selects
from ..values import Unknown
from ..workload import Workload
from .hosts import namespaces_meet

Label = tuple[str, str]


class Pods:
    """The workloads and Services of a tree.

    A tree may hold thousands of both, so each is filed under one label: a workload under all of its
    labels, a Service under the first label of its selector.
    """

    def __init__(self, workloads: Iterable[Workload], services: Iterable[Service]) -> None:
        self.workloads = list(workloads)
        self.services = list(services)
        self._services_of: dict[tuple[str | None, tuple[Label, ...]], list[Service]] = {}

    @cached_property
    def _labelled(self) -> dict[Label, list[Workload]]:
        filed: dict[Label, list[Workload]] = defaultdict(list)
        for workload in self.workloads:
            for label in _labels(workload.pod_labels):
                filed[label].append(workload)
        return filed

    @cached_property
    def _hidden(self) -> list[Workload]:
        """The workloads some of whose labels an expression hides."""
        return [
            workload
            for workload in self.workloads
            if workload.hides_labels
            or any(isinstance(value, Unknown) for value in workload.pod_labels.values())
        ]

    @cached_property
    def _selecting(self) -> dict[Label, list[Service]]:
        filed: dict[Label, list[Service]] = defaultdict(list)
        for service in self.services:
            for label in list(_labels(service.selector))[:1]:
                filed[label].append(service)
        return filed

    def selected(
        self, selector: Mapping[str, object], namespace: str | None
    ) -> Iterator[tuple[Workload, bool]]:
        """The workloads of a namespace that a selector selects, each with whether that is certain.

        An empty selector selects nothing here.  None as namespace: any.
        """
        labels = list(_labels(selector))
        if labels:
            named = min((self._labelled.get(label, []) for label in labels), key=len)
            candidates = named + [workload for workload in self._hidden if workload not in named]
        else:
            candidates = self.workloads if selector else []
        for workload in candidates:
            if namespaces_meet(known_namespace(workload), namespace):
                answer = selects(selector, workload.pod_labels)
                if answer is not False:
                    yield workload, answer is True
                elif workload.hides_labels:
                    yield workload, False

    def services_of(self, workload: Workload) -> list[Service]:
        """The Services of the workload's namespace whose selector selects its pods for certain.

        Workloads whose pods have the same labels share one list.
        """
        namespace = known_namespace(workload)
        labels = tuple(_labels(workload.pod_labels))
        if (namespace, labels) not in self._services_of:
            self._services_of[namespace, labels] = [
                service
                for label in labels
                for service in self._selecting.get(label, ())
                if namespaces_meet(known_namespace(service), namespace)
                and selects(service.selector, workload.pod_labels)
            ]
        return self._services_of[namespace, labels]


def _labels(labels: Mapping[str, object]) -> Iterator[Label]:
    for key, value in labels.items():
        if not isinstance(value, Unknown):
            yield key, str(value)
