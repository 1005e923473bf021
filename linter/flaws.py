"""What Istio refuses of the parts that a ServiceEntry and a Sidecar have in common.

Workload selectors, ports, sockets.  A flaw says where it is, what is wrong there, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .protocols import PROTOCOLS, protocol_of
from .resource import Port, ServiceEntry
from .source import Place
from .syntax import dns_label_problem, socket_problem
from .values import is_text
from .words import nearest, one_of
from .workload import Sidecar

#: A place, what is wrong there, and how to mend it: the last two are whole sentences.
Flaw = tuple[Place, str, str]

#: What the address of a Unix domain socket begins with.
UNIX: Final = "unix://"
_PROTOCOL_NAMES: Final = sorted(word.upper() for word in PROTOCOLS)


def selector_flaws(resource: ServiceEntry | Sidecar) -> Iterator[Flaw]:
    """What is wrong with the labels of a workload selector."""
    for key, value in resource.selector.items():
        if not key or "*" in key or (is_text(value) and "*" in value):
            place = resource.at("spec", "workloadSelector", "labels", key, key=True)
            text = "A workload selector takes neither an empty key nor a wildcard."
            yield place, text, "Write a label in full, as the pods have it."


def selects_all(resource: ServiceEntry | Sidecar, mend: str) -> Iterator[Flaw]:
    """A workload selector that is there and names no label."""
    selector = resource.spec.get("workloadSelector")
    if isinstance(selector, dict) and not selector.get("labels"):
        place = resource.at("spec", "workloadSelector", key=True)
        text = "The workload selector has no labels and stands for all pods of the namespace."
        yield place, text, mend


def port_name_flaws(port: Port) -> Iterator[Flaw]:
    """What is wrong with the syntax of a port's name."""
    name = port.name
    if is_text(name) and (problem := dns_label_problem(name)):
        mend = "Use letters, digits and inner dashes only, 63 at most."
        text = f'The port name "{name}" {problem}.'
        yield port.at("name"), text, mend if name else "Give the port a name."


def port_protocol_flaws(port: Port) -> Iterator[Flaw]:
    """A protocol that Istio does not know."""
    protocol = port.protocol
    if is_text(protocol) and protocol and protocol_of(protocol) is None:
        close = nearest(protocol, _PROTOCOL_NAMES)
        mend = f'Did you mean "{close}"?' if close else f"Write {one_of(_PROTOCOL_NAMES)}."
        yield port.at("protocol"), f'"{protocol}" is no protocol that Istio knows.', mend


def socket_flaws(place: Place, socket: str) -> Iterator[Flaw]:
    """What is wrong with the address of a Unix domain socket."""
    if problem := socket_problem(socket):
        mend = "Write unix:// and an absolute path, as in unix:///var/run/app.sock."
        yield place, f'"{socket}" {problem}.', mend


def host_mend(host: str) -> str:
    """How to mend a host name that `wildcard_host_problem` finds wrong."""
    if not host:
        return "Write a host name."
    if "/" in host or ":" in host:
        return "Write the name alone, without scheme, port and path."
    return "Write a host name; a wildcard may stand for its first part only."
