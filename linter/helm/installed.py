"""Whether Helm's own engine is installed: the extra `tsplit-lint[helm]`."""

from __future__ import annotations

from importlib.util import find_spec


def is_installed() -> bool:
    """Whether Helm's own engine is there."""
    return find_spec("helm_python") is not None


def engine_name(wanted: str) -> str:
    """The engine that renders charts, given the setting `helm-engine`."""
    return "helm" if wanted != "built-in" and is_installed() else "built-in"


def version() -> str:
    """The version of the package that holds it."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return version_of("helm-python-sdk")
    except PackageNotFoundError:
        return "unknown"
