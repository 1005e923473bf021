"""TS010: an apiVersion or a field that Istio has deprecated, removed, or not brought yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from tsplit_lint import (
    Catalog,
    Finding,
    Resource,
    Rule,
    Severity,
    Unknown,
    is_integer,
    path_text,
)

Path = tuple[str | int, ...]

_ISTIO: Final = "networking.istio.io"
#: The first Istio that serves a version of the networking API.
_SERVED_SINCE: Final = {"v1": (1, 22), "v1beta1": (1, 5)}
#: API groups that Istio has dropped: since when, and what took their place.
_REMOVED: Final = {
    "authentication.istio.io": ((1, 6), "PeerAuthentication and RequestAuthentication"),
    "rbac.istio.io": ((1, 6), "AuthorizationPolicy"),
    "config.istio.io": ((1, 8), "Telemetry and WasmPlugin"),
}
#: Where traffic policies stand in a DestinationRule; `*` is any entry of a list.
_POLICIES: Final = (
    ("trafficPolicy",),
    ("trafficPolicy", "portLevelSettings", "*"),
    ("subsets", "*", "trafficPolicy"),
    ("subsets", "*", "trafficPolicy", "portLevelSettings", "*"),
)


class _Field(NamedTuple):
    """A deprecated field: where it stands, since when, what Istio does with it."""

    path: tuple[str, ...]
    since: tuple[int, int]
    outcome: str
    mend: str
    word: str = ""  #: only this value is deprecated
    codes: tuple[str, ...] = ()  #: what istioctl calls it
    zero: bool = False  #: a zero is no absent field


_STILL_READ: Final = "Istio still reads it, and a later version may stop doing so"
_IN_POLICIES: Final = (
    _Field(
        ("outlierDetection", "consecutiveErrors"),
        (1, 5),
        "Istio warns and does not read it: it takes no host out because of this number",
        "Use consecutive5xxErrors or consecutiveGatewayErrors.",
        codes=("IST0133",),
    ),
    _Field(
        ("loadBalancer", "consistentHash", "minimumRingSize"),
        (1, 15),
        "Istio reads it only where neither ringHash nor maglev stands",
        "Use ringHash.minimumRingSize.",
        codes=("IST0133",),
    ),
    _Field(("loadBalancer", "warmupDurationSecs"), (1, 25), _STILL_READ, "Use warmup.duration."),
    _Field(
        ("loadBalancer", "simple"),
        (1, 14),
        "Istio takes it as LEAST_REQUEST",
        "Write LEAST_REQUEST.",
        word="LEAST_CONN",
    ),
)
_IN_ROUTES: Final = (
    _Field(
        ("fault", "delay", "percent"),
        (1, 1),
        "Istio reads it only where percentage does not stand",
        "Use percentage.value.",
        codes=("IST0002",),
    ),
    *(
        _Field(
            (name,),
            (1, 5),
            "Istio reads it only where mirrorPercentage does not stand",
            "Use mirrorPercentage.value.",
            codes=("IST0133",),
            zero=True,
        )
        for name in ("mirrorPercent", "mirror_percent")
    ),
    _Field(
        ("corsPolicy", "allowOrigin"),
        (1, 6),
        "Istio reads it only where allowOrigins does not stand",
        "Use allowOrigins, each entry with exact, prefix or regex.",
    ),
)
_IN_SIDECARS: Final = (
    _Field(
        ("egressProxy",),
        (1, 16),
        _STILL_READ,
        "Route to an egress gateway with a VirtualService.",
        codes=("IST0002",),
    ),
)
#: The parts of a `spec` that have deprecated fields, by kind.
_PARTS: Final = {
    "VirtualService": ((("http", "*"), _IN_ROUTES),),
    "DestinationRule": tuple((policy, _IN_POLICIES) for policy in _POLICIES),
    "Sidecar": ((("outboundTrafficPolicy",), _IN_SIDECARS),),
}


class DeprecatedApi(Rule[Resource]):
    """An object uses no API that Istio has deprecated, removed, or not brought yet.

    What it checks:
        The fields that Istio's own validation warns of or that its API marks as deprecated:
        `fault.delay.percent`, `mirrorPercent`, `corsPolicy.allowOrigin`, `consecutiveErrors`,
        `consistentHash.minimumRingSize`, `warmupDurationSecs`, `simple: LEAST_CONN`, and a Sidecar's
        `egressProxy`.  The API groups that are gone: `authentication.istio.io`, `rbac.istio.io` and
        `config.istio.io`.  With `--istio-version`, an apiVersion that this Istio does not serve yet:
        `networking.istio.io/v1` before 1.22.  The versions v1beta1 and v1alpha3 are still served and
        are fine.

    Why it matters:
        Some of these fields have no effect any more, others may lose it with the next upgrade.  An
        apiVersion that is not served makes the deployment fail.

    Bad:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          trafficPolicy:
            loadBalancer:
              simple: LEAST_CONN  # <-
            outlierDetection:
              consecutiveErrors: 5  # <-
        ```

    Good:
        ```yaml
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata:
          name: shop
        spec:
          host: shop
          trafficPolicy:
            loadBalancer:
              simple: LEAST_REQUEST
            outlierDetection:
              consecutive5xxErrors: 5
        ```

    How to fix:
        Use what took its place; the message names it.

    Sources:
        - Istio reference, "Virtual Service", "Destination Rule", "Sidecar": deprecated fields
        - Istio 1.22 announcement: networking APIs promoted to v1
        - Istio 1.6 and 1.8 change notes: removed APIs
        - istioctl analyze, IST0002 and IST0133
    """

    id = "TS010"
    name = "deprecated-api"
    severity = Severity.INFO
    aliases = ("IST0002", "IST0133")

    def check(self, resource: Resource, catalog: Catalog) -> Iterator[Finding]:
        """Look at the apiVersion, then at the fields."""
        yield from self._of_group(resource, catalog)
        if resource.group != _ISTIO:
            return
        yield from self._of_version(resource, catalog)
        for part, fields in _PARTS.get(resource.kind or "", ()):
            for place, data in _values(resource.spec, part, ("spec",)):
                for field in fields:
                    if not catalog.istio_before(*field.since):
                        yield from self._of_field(resource, field, data, place)

    def _of_group(self, resource: Resource, catalog: Catalog) -> Iterator[Finding]:
        if resource.group not in _REMOVED:
            return
        since, successor = _REMOVED[resource.group]
        if not catalog.istio_before(*since):
            yield self.finding(
                resource.at("apiVersion"),
                f"{resource.title} belongs to {resource.group}, which Istio removed in version "
                f"{_dotted(since)}. The API server knows no such kind, or nothing reads the object.",
                aliases=(),
                help=f"Use {successor} instead.",
            )

    def _of_version(self, resource: Resource, catalog: Catalog) -> Iterator[Finding]:
        version = resource.api_version.rpartition("/")[2]
        since = _SERVED_SINCE.get(version)
        if since is not None and catalog.istio_before(*since):
            older = "v1beta1" if version == "v1" and not catalog.istio_before(1, 5) else "v1alpha3"
            yield self.finding(
                resource.at("apiVersion"),
                f"{resource.title} is written for {_ISTIO}/{version}, which Istio serves from version "
                f"{_dotted(since)} on. The API server of the configured Istio does not know it.",
                aliases=(),
                help=f"Write {_ISTIO}/{older}.",
            )

    def _of_field(
        self, resource: Resource, field: _Field, data: object, place: Path
    ) -> Iterator[Finding]:
        for path, value in _values(data, field.path, place):
            if _is_deprecated(field, value):
                what = f"{path_text(path)}: {field.word}" if field.word else path_text(path)
                yield self.finding(
                    resource.at(*path, key=not field.word),
                    f"{what} of {resource.title} is deprecated. {field.outcome}.",
                    aliases=field.codes,
                    help=field.mend,
                )


def _is_deprecated(field: _Field, value: object) -> bool:
    if field.word:
        return value == field.word
    return bool(value) or (field.zero and is_integer(value)) or value == {}


def _values(data: object, pattern: tuple[str, ...], path: Path) -> list[tuple[Path, object]]:
    """The values that a pattern leads to, each with its path; hidden ones are left out."""
    found = [(path, data)]
    for step in pattern:
        found = [
            ((*above, key), below) for above, value in found for key, below in _below(value, step)
        ]
        if not found:
            break
    return [(place, value) for place, value in found if not isinstance(value, Unknown)]


def _below(value: object, step: str) -> Iterable[tuple[str | int, Any]]:
    """What one step of a pattern leads to; `*` leads to every entry of a list."""
    if step == "*" and isinstance(value, list):
        return enumerate(value)
    return ((step, value[step]),) if isinstance(value, dict) and step in value else ()


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
