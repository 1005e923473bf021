"""Short texts of what stands in a route: its matches, its shares, where it redirects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..resource import as_dict, as_list
from ..values import UNKNOWN_MARK, Unknown

if TYPE_CHECKING:
    from .model import Route, Target

#: What is written where a value cannot be known.
HIDDEN: Final = "?"
#: No name of Kubernetes is longer; what is, is no name.
_LONGEST: Final = 253
_SIGNS: Final = {"exact": "=", "prefix": "starts with", "regex": "matches"}


def shown(value: object) -> str:
    """A value as a person would write it; `?` for what no file gives."""
    if isinstance(value, Unknown):
        return _short(value.text) or HIDDEN
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else _short(str(value))


def _short(text: str) -> str:
    text = text.replace(UNKNOWN_MARK, HIDDEN)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def share_text(share: float | None) -> str:
    """A share in percent, `?` where it cannot be known."""
    if share is None:
        return HIDDEN
    if 0 < share < 0.1:
        return "<0.1 %"
    if 99.9 < share < 100:
        return ">99.9 %"
    return f"{round(share, 1):g} %"


def labels_text(target: Target) -> str:
    """What is known of a destination's subset: its labels, or what is amiss."""
    subset = target.subset
    if subset is None:
        return ""
    if subset.state == "found":
        labels = ", ".join(f"{key}={value}" for key, value in subset.labels.items())
        return "set by Harness" if subset.by_harness else labels
    return {"absent": "subset absent", "unseen": "subset not in sight"}.get(subset.state, HIDDEN)


def pods_text(target: Target) -> str:
    """What runs behind a destination, or why that is not known; empty where the subset tells why."""
    if target.workloads:
        return ", ".join(
            pods.object.title + ("" if pods.certain else " (?)") for pods in target.workloads
        )
    if target.external:
        return "external"
    if target.state == "hidden":
        return HIDDEN
    if target.service is None:
        return "" if target.state == "found" else "host not in sight"
    subset = target.subset
    if subset is not None and (subset.state != "found" or subset.by_harness):
        return ""
    return "no workload in sight"


def match_text(match: object) -> str:
    """One entry of `match`: all of its conditions hold at once."""
    if isinstance(match, Unknown):
        return HIDDEN
    return " and ".join(_conditions(as_dict(match))) or "any request"


def _conditions(match: Mapping[str, Any]) -> Iterator[str]:
    for field, word in (("uri", "path"), ("scheme", "scheme"), ("method", "method")):
        yield from _texts(word, match.get(field))
    yield from _texts("authority", match.get("authority"))
    for field, word in (
        ("headers", "header"),
        ("withoutHeaders", "not header"),
        ("queryParams", "query"),
    ):
        if isinstance(match.get(field), Unknown):
            yield f"{word} {HIDDEN}"
        for key, value in as_dict(match.get(field)).items():
            yield from _texts(f"{word} {key}", value, empty=f"{word} {key} is set")
    if match.get("ignoreUriCase") is True:
        yield "path in any case"
    for field, word in (("sniHosts", "SNI"), ("destinationSubnets", "to")):
        if match.get(field):
            yield f"{word} {_list(match[field])}"
    if match.get("port") is not None:
        yield f"port {shown(match['port'])}"
    yield from _senders(match)


def _senders(match: Mapping[str, Any]) -> Iterator[str]:
    labels = as_dict(match.get("sourceLabels"))
    if labels:
        yield "from " + ", ".join(f"{key}={shown(value)}" for key, value in labels.items())
    if match.get("sourceNamespace"):
        yield f"from namespace {shown(match['sourceNamespace'])}"
    if match.get("sourceSubnets"):
        yield f"from {_list(match['sourceSubnets'])}"
    if match.get("gateways"):
        yield f"by {_list(match['gateways'])}"


def _texts(word: str, value: object, *, empty: str = "") -> Iterator[str]:
    if isinstance(value, Unknown):
        yield f"{word} = {shown(value)}"
    elif isinstance(value, dict):
        kinds = [(sign, value[kind]) for kind, sign in _SIGNS.items() if kind in value]
        for sign, text in kinds:
            yield f"{word} {sign} {shown(text)}"
        if empty and not kinds:
            yield empty


def _list(value: object) -> str:
    if isinstance(value, Unknown):
        return HIDDEN
    return ", ".join(map(shown, as_list(value)))


def answers(route: Route) -> Iterator[str]:
    """Where a route's requests end, if not at a destination."""
    if route.redirect is not None:
        yield f"redirect {route.redirect}"
    if route.direct_response is not None:
        yield f"direct response {route.direct_response}"
    delegate = route.delegate
    if delegate is not None:
        missing = {"unseen": "not in sight", "hidden": "hidden"}.get(delegate.state, "")
        remark = delegate.remark or missing
        yield f"delegate {delegate.full_name}" + (f" ({remark})" if remark else "")
    if route.hides_destinations:
        yield "? destinations that an expression hides"
    elif not route.leads:
        yield "no destination"


def redirect_text(value: object) -> str | None:
    """Where a `redirect` sends clients, with its code."""
    if isinstance(value, Unknown):
        return HIDDEN
    if not isinstance(value, dict):
        return None
    code = shown(value.get("redirectCode") or 301)
    scheme = shown(value.get("scheme"))
    port = f":{shown(value['port'])}" if value.get("port") else ""
    authority = shown(value.get("authority"))
    target = f"{scheme}://" if scheme else ""
    if scheme or authority or port:
        target += (authority or "(same host)") + port
    return f"{code} to {target}{shown(value.get('uri'))}".rstrip()


def response_text(value: object) -> str | None:
    """The status of a `directResponse`."""
    if isinstance(value, Unknown):
        return HIDDEN
    if not isinstance(value, dict):
        return None
    return shown(value.get("status")) or HIDDEN
