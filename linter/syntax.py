"""The syntax of fields: what Istio and Kubernetes take as a host, a port, a duration, a label.

Every `…_problem` function gives None for a good value, else a phrase that fits after the value:
`"a b" has a character that no host name has`.  A text that another tool fills in before the deployment
(`${name}`, `SERVICE_HOST`) is taken for good.  Sources: Istio's validation package (host names,
ports, durations, regular expressions), Kubernetes, "Object Names and IDs" and "Labels and Selectors".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

from .values import HIDDEN, Unknown, is_integer, is_text
from .words import listed

if TYPE_CHECKING:
    from fractions import Fraction

_LABEL: Final = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?\Z")
_WILDCARD_LABEL: Final = re.compile(r"(?:\*|(?:\*-?)?[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)\Z")
_LONGEST_LABEL: Final = 63
_LONGEST_HOST: Final = 255
# The patterns of what few files have are strings: `re` compiles one when a file has it.
_DURATION: Final = r"[-+]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+\Z"
_DURATION_PART: Final = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
#: Nanoseconds of one unit.
_UNITS: Final = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_LONGEST_REGEX: Final = 1024
_LABEL_NAME: Final = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?\Z")
_HEADER_NAME: Final = r"[-a-zA-Z0-9!#$%&'*+.^_`|~]+\Z"
_PSEUDO_HEADERS: Final = frozenset((":authority", ":method", ":path", ":scheme", ":status"))
_CLAIM: Final = r"(?i)@request\.auth\.claims(?:\..|\[.+\]\Z)"
#: What a header's value may hold: text, `%%`, and commands such as `%REQ(x-id)%` or
#: `%DYNAMIC_METADATA(["a", "b"])%`.
_HEADER_VALUE: Final = r"""(?xs)
    (?: [^%]
      | %[^%(]*%
      | %[^%(]*\(\ *
        (?: \[\ *" | [^\[\ ] ) (?:[^\\)"]|\\.)*      # a list of quoted texts, or a bare text
        (?: "\ *,\ *" (?:[^\\)"]|\\.)* )*
        (?: \) | "\ *\]\ *\) ) \ *%
    )*\Z
    """
_CONTROL: Final = r"[\x00-\x08\x0a-\x1f\x7f]"
#: The name that Istio gives to a port of a service behind an AUTO_PASSTHROUGH gateway.
_GENERATED_SNI: Final = r"outbound_[^_]*[0-9][^_]*_[^_]*_[^_]*[a-zA-Z]"
#: A word that another tool replaces before the deployment, such as `SERVICE_HOST` or `%HOST%`, and one that
#: asks whoever installs a chart to replace it, such as `override_me` or `your_value_here`.
_PLACEHOLDER: Final = re.compile(
    r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![A-Za-z0-9_])|%[A-Za-z_]\w*%|@[A-Za-z_]\w*@"
    r"|(?i:(?<![a-z0-9])(?:(?:change|override|replace)[-_]?(?:me|this)|your[-_]\w+[-_]here"
    r"|no[-_]default[-_]value|defined[-_]in[-_][a-z_-]+)(?![a-z0-9]))"
)

#: The methods of HTTP, as Istio's CORS policy knows them.
HTTP_METHODS: Final = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE")
)


def is_placeholder(text: str) -> bool:
    """Whether a word (or a part of it) stands for a value that another tool writes: `NEW_WEIGHT`."""
    return _PLACEHOLDER.search(text) is not None


def _is_hidden(text: str) -> bool:
    """Whether a text, or the key of a mapping, is filled in by another tool."""
    return text == "?" or HIDDEN.search(text) is not None or is_placeholder(text)


def dns_label_problem(text: str) -> str | None:
    """What is wrong with a name of one part, such as a subset, a namespace or a port's name."""
    if not text:
        return "is empty"
    if _is_hidden(text):
        return None
    if len(text) > _LONGEST_LABEL:
        return f"has more than {_LONGEST_LABEL} characters"
    if not _LABEL.match(text):
        return "may hold letters, digits and inner dashes only"
    return None


def host_problem(text: str) -> str | None:
    """What is wrong with a host name (one without a wildcard)."""
    if "*" in text:
        return "has a wildcard, which is not allowed here"
    return wildcard_host_problem(text)


@lru_cache(maxsize=10_000)
def wildcard_host_problem(text: str) -> str | None:
    """What is wrong with a host name that may begin with a wildcard (`*`, `*.shop.com`).

    The last part of a name must not be a number, so an IPv4 address is none.
    """
    if not text:
        return "is empty"
    if len(text) > _LONGEST_HOST:
        return f"has more than {_LONGEST_HOST} characters"
    if _is_hidden(text):
        return None
    labels = text.removesuffix(".").split(".")
    for index, label in enumerate(labels):
        if not label:
            return "has an empty part between its dots"
        if len(label) > _LONGEST_LABEL:
            return f"has a part of more than {_LONGEST_LABEL} characters"
        if "*" in label and index > 0:
            return "has a wildcard that is not at its beginning"
        if not (_WILDCARD_LABEL if index == 0 else _LABEL).match(label):
            return "may hold letters, digits, dots and inner dashes only"
    if len(labels) > 1 and labels[-1].isdigit():
        return (
            "is an IP address, not a host name" if is_ip(text) else "ends in a part of digits only"
        )
    return None


def hosts_meet(one: str, other: str) -> bool:
    """Whether a name fits both hosts, each of which may begin with a wildcard."""
    return host_within(one, other) or host_within(other, one)


def host_within(inner: str, outer: str) -> bool:
    """Whether every name that fits the host `inner` fits `outer` too."""
    if not outer.startswith("*"):
        return inner == outer
    return inner.removeprefix("*").endswith(outer[1:]) and (
        not inner.startswith("*") or len(inner) >= len(outer)
    )


def is_generated_sni(text: str) -> bool:
    """Whether a host is the name that Istio gives to a service's port (`outbound_.80_._.a.b`)."""
    return re.match(_GENERATED_SNI, text) is not None


def sidecar_host_problem(host: str) -> str | None:
    """What is wrong with an egress host of a Sidecar, which is `namespace/name`."""
    namespace, slash, name = host.partition("/")
    if not slash:
        return "is not `namespace/name`, as in ./* or shop/api.example.com"
    if not namespace or not name:
        return "has nothing before its slash" if name else "has nothing after its slash"
    owner = namespace.removeprefix("~")
    if owner not in ("", "*", ".") and (problem := dns_label_problem(owner)):
        return f'names a namespace "{owner}" that {problem}'
    if name == "*":
        return None
    if "." not in name:
        return "has a short name after its slash, where the full name is wanted"
    if name.startswith("*") and not name.startswith("*."):
        return "has a wildcard for a part of a name, where only *. at the beginning may stand"
    return wildcard_host_problem(name)


def is_ip(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def socket_problem(text: str) -> str | None:
    """What is wrong with the address of a Unix domain socket (`unix:///path`, `unix://@name`)."""
    path = text.removeprefix("unix://")
    if path.startswith("@") or (path.startswith("/") and not path.endswith("/")):
        return None
    return "names no absolute path of a socket"


def is_subnet(text: str) -> bool:
    """Whether the text is an IP address or a range of them (`10.0.0.0/8`)."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    _address, slash, length = text.partition("/")
    return length.isdigit() if slash else True


def port_problem(number: int) -> str | None:
    """What is wrong with a port's number."""
    return None if 1 <= number <= 65535 else "is no port number (1 to 65535)"


@lru_cache(maxsize=1000)
def duration_in_ms(text: str) -> Fraction | None:
    """A duration such as `1.5s` in milliseconds; None if it is not written as one."""
    from fractions import Fraction

    if text == "0":
        return Fraction(0)
    if not re.match(_DURATION, text):
        return None
    parts = re.findall(_DURATION_PART, text)
    total = sum(
        (Fraction(number.rstrip(".")) * _UNITS[unit] for number, unit in parts), Fraction(0)
    )
    return (-total if text.startswith("-") else total) / _UNITS["ms"]


def duration_problem(text: str, *, zero: bool = False) -> str | None:
    """What is wrong with a duration: Istio wants whole milliseconds, one or more (or 0 with `zero`)."""
    length = duration_in_ms(text)
    if length is None:
        return 'is no duration (a number with its unit: "2s", "500ms", "1m30s")'
    if length == 0 and zero:
        return None
    if length < 1:
        return "is shorter than 1ms, the shortest that Istio takes"
    if length.denominator != 1:
        return "is not a whole number of milliseconds"
    return None


@lru_cache(maxsize=1000)
def regex_problem(text: str) -> str | None:
    """What is wrong with a regular expression: Envoy reads RE2, which has no look-around."""
    if not text:
        return "is empty"
    if len(text.encode()) > _LONGEST_REGEX:
        return f"has more than {_LONGEST_REGEX} bytes"
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        if isinstance(reason, bytes):
            reason = reason.decode(errors="replace")
        return f"is no RE2 expression ({reason})"
    return None


def label_problem(key: str, value: object) -> str | None:
    """What is wrong with one label."""
    if _is_hidden(key):
        return None
    prefix, slash, name = key.rpartition("/")
    if not name or len(name) > _LONGEST_LABEL or not _LABEL_NAME.match(name):
        return f'the key "{key}" is no label key'
    if slash and host_problem(prefix) is not None:
        return f'the key "{key}" has a prefix that is no DNS name'
    if is_text(value) and value and (len(value) > _LONGEST_LABEL or not _LABEL_NAME.match(value)):
        return f'the value "{value}" of "{key}" is no label value'
    return None


def locality_problem(text: str) -> str | None:
    """What is wrong with a locality: `region`, `region/zone` or `region/zone/subzone`, `*` at its end."""
    if "" in text.split("/", 2):
        return "has an empty part"
    if text.count("*") > 1 or ("*" in text and not text.endswith("*")):
        return "has a wildcard that is not at its end"
    return None


def locality_covers(first: str, second: str) -> bool:
    """Whether Istio takes a locality as covered by one that stands before it.

    It compares whole parts; a wildcard covers only what comes after it.
    """
    one, other = first.split("/", 2), second.split("/", 2)
    if one[0] == "*" or len(other) == 1:
        return one[0] in ("*", other[0])
    if one[0] != other[0]:
        return False
    if len(one) == 1 or one[1] == "*" or len(other) == 2:
        return len(one) == 1 or one[1] in ("*", other[1])
    if one[1] != other[1]:
        return False
    return len(one) == 2 or one[2] in ("*", other[2])


def header_name_problem(name: str) -> str | None:
    """What is wrong with the name of an HTTP header in a match.

    Pseudo headers such as `:path` are fine, and so are claims (`@request.auth.claims.group`).
    """
    if not name:
        return "is empty"
    if _is_hidden(name) or name in _PSEUDO_HEADERS or re.match(_CLAIM, name):
        return None
    return None if re.match(_HEADER_NAME, name) else "has a character that no header name has"


def header_value_problem(value: str) -> str | None:
    """What is wrong with the value that a header is set to: Envoy reads `%…%` in it as a command."""
    if re.search(_CONTROL, value):
        return "has a control character"
    if not re.match(_HEADER_VALUE, value):
        return "has a `%` that begins no command (a plain one is written `%%`)"
    return None


def text_match_problem(
    match: Mapping[str, object], *, empty_prefix: bool = False
) -> tuple[str, str] | None:
    """What is wrong with a text to match (`exact`, `prefix` or `regex`): the field, and a phrase.

    The field is empty where it is about the whole.  `empty_prefix`: a prefix may be empty.
    """
    given = [kind for kind in ("exact", "prefix", "regex") if match.get(kind) is not None]
    if len(given) > 1:
        return "", f"has {listed(given)}, of which only one may stand"
    prefix, regex = match.get("prefix"), match.get("regex")
    if prefix == "" and not empty_prefix:
        return "prefix", "is empty"
    problem = regex_problem(regex) if is_text(regex) else None
    return None if problem is None else ("regex", problem)


def selects(selector: Mapping[str, object], labels: Mapping[str, object]) -> bool | None:
    """Whether labels have all that a selector asks for; None when an expression hides the answer.

    An empty selector selects everything: where it stands for nothing, the caller knows.
    """
    hidden = False
    for key, wanted in selector.items():
        if key not in labels:
            return False
        found = labels[key]
        if isinstance(wanted, Unknown) or isinstance(found, Unknown):
            hidden = True
        elif str(wanted) != str(found):
            return False
    return None if hidden else True


def named_port(value: object) -> str | int | None:
    """A port as a workload or a Service names it: its number or its name; None for anything else."""
    return value if is_integer(value) or (is_text(value) and value) else None
