"""Helm's built-in objects that have methods: `.Files` and `.Capabilities.APIVersions`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from .encode import to_yaml


class _Asked(Mapping[str, bytes]):
    """What templates can ask files for (source: helm, pkg/engine/files.go)."""

    def __gotemplate_lookup__(self, field: str) -> Any:
        methods = {
            "Get": self.get_text,
            "GetBytes": self.get_bytes,
            "Glob": self.glob,
            "Lines": self.lines,
            "AsConfig": self.as_config,
            "AsSecrets": self.as_secrets,
        }
        return methods.get(field) or self[field]

    def get_text(self, name: str) -> str:
        """The text of a file, or "" if there is none."""
        return self.get(name, b"").decode(errors="replace")

    def get_bytes(self, name: str) -> bytes:
        """The content of a file, or nothing."""
        return self.get(name, b"")

    def glob(self, pattern: str) -> ChosenFiles:
        """The files whose path matches; `*` stays within a folder, `**` does not."""
        matcher = _glob(pattern)
        return ChosenFiles({name: self[name] for name in self if matcher.match(name)})

    def lines(self, name: str) -> list[str]:
        """The lines of a file."""
        text = self.get_text(name)
        return text.removesuffix("\n").split("\n") if text else []

    def as_config(self) -> str:
        """File name → text, as YAML."""
        return to_yaml({name.rpartition("/")[2]: self.get_text(name) for name in self})

    def as_secrets(self) -> str:
        """File name → base64, as YAML."""
        from base64 import b64encode

        return to_yaml({name.rpartition("/")[2]: b64encode(self[name]).decode() for name in self})


class Files(_Asked):
    """Helm's `.Files`: the chart's other files."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def __getitem__(self, key: str) -> bytes:
        return self._files[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


class ChosenFiles(dict[str, bytes], _Asked):
    """Some of them; a dict, for the engine to take none of them for nothing."""


@lru_cache(maxsize=64)
def _glob(pattern: str) -> re.Pattern[str]:
    output = ""
    for part in re.findall(r"\*\*|\*|\?|\{[^{}]*\}|[^*?{]+|\{", pattern):
        if part == "**":
            output += ".*"
        elif part == "*":
            output += "[^/]*"
        elif part == "?":
            output += "[^/]"
        elif part.startswith("{") and part.endswith("}"):
            output += "(?:" + "|".join(map(re.escape, part[1:-1].split(","))) + ")"
        else:
            output += re.escape(part)
    return re.compile(output + r"\Z")


class KubeVersion:
    """Helm's `.Capabilities.KubeVersion`, which is written as its version."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = fields

    def __gotemplate_lookup__(self, field: str) -> str:
        # The older name of Version still serves.
        return self.fields["Version" if field == "GitVersion" else field]

    def __str__(self) -> str:
        return self.fields["Version"]


class ApiVersions:
    """Helm's `.Capabilities.APIVersions`: no cluster is asked.

    What Helm takes for granted is served, and all kinds that a mesh is configured with: without Istio
    nobody would lint.
    """

    def Has(self, version: str) -> bool:  # noqa: N802 - the name that templates call
        """Whether a `group/version` or `group/version/Kind` is served."""
        return version in API_VERSIONS or any(
            f"{version}/".startswith(f"{known}/") for known in MESH_VERSIONS
        )

    def __iter__(self) -> Iterator[str]:
        return iter(API_VERSIONS)


#: The versions of Istio's own kinds and of the Gateway API.
MESH_VERSIONS: Final = (
    *(
        f"{group}/{version}"
        for group in ("networking.istio.io", "security.istio.io", "telemetry.istio.io")
        for version in ("v1", "v1beta1", "v1alpha3", "v1alpha1")
    ),
    "extensions.istio.io/v1alpha1",
    "gateway.networking.k8s.io/v1",
    "gateway.networking.k8s.io/v1beta1",
)
_KNOWN: Final = """
v1
admissionregistration.k8s.io v1 v1alpha1 v1beta1
internal.apiserver.k8s.io v1alpha1
apps v1 v1beta1 v1beta2
authentication.k8s.io v1 v1alpha1 v1beta1
authorization.k8s.io v1 v1beta1
autoscaling v1 v2
batch v1 v1beta1
certificates.k8s.io v1 v1beta1 v1alpha1
coordination.k8s.io v1alpha2 v1beta1 v1
discovery.k8s.io v1 v1beta1
events.k8s.io v1 v1beta1
extensions v1beta1
flowcontrol.apiserver.k8s.io v1 v1beta1 v1beta2 v1beta3
networking.k8s.io v1 v1beta1
node.k8s.io v1 v1alpha1 v1beta1
policy v1 v1beta1
rbac.authorization.k8s.io v1 v1beta1 v1alpha1
resource.k8s.io v1 v1beta2 v1beta1 v1alpha3
scheduling.k8s.io v1alpha2 v1beta1 v1
storage.k8s.io v1beta1 v1 v1alpha1
storagemigration.k8s.io v1beta1
apiextensions.k8s.io v1beta1 v1
"""
#: The versions that `helm template` knows without a cluster (Helm 4.2).
API_VERSIONS: Final = tuple(
    "/".join(part for part in (group if versions else "", version) if part)
    for group, *versions in (line.split() for line in _KNOWN.split("\n") if line)
    for version in (versions or [group])
)
