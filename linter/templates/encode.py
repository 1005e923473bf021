"""`toYaml` as Helm writes it: through JSON, keys sorted, and quotes around what YAML 1.1 reads as a boolean.

Source: sigs.k8s.io/yaml, go-yaml (resolve.go, emitterc.go).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from ..values import plain_scalar

#: Where Helm folds long texts; not that it matters, but in a text that is a document of its own.
_WIDTH: Final = 80
_TEXT: Final = "tag:yaml.org,2002:str"
_SHORT_BOOLEAN: Final = re.compile(r"[yYnN]\Z")


def to_yaml(value: Any) -> str:
    """YAML in block style, without a line break at its end."""
    return _dump(value, is_pretty=False)


def to_pretty_yaml(value: Any) -> str:
    """The same, with the items of lists indented."""
    return _dump(value, is_pretty=True)


def _dump(value: Any, *, is_pretty: bool) -> str:
    import yaml

    text: str = yaml.dump(
        value,
        Dumper=_dumper(is_pretty),
        allow_unicode=True,
        default_flow_style=False,
        indent=2,
        sort_keys=True,
        width=_WIDTH,
    )
    # PyYAML ends a lone scalar with a document end, which Helm does not.
    return text.removesuffix("\n").removesuffix("\n...")


@lru_cache(maxsize=2)
def _dumper(is_pretty: bool) -> type[Any]:
    from yaml import SafeDumper, ScalarNode

    class Dumper(SafeDumper):  # type: ignore[misc]
        def ignore_aliases(self, data: Any) -> bool:
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
            return super().increase_indent(flow, indentless and not is_pretty)

    def text(dumper: Any, value: str) -> Any:
        is_plain = dumper.resolve(ScalarNode, value, (True, False)) == _TEXT
        is_plain = is_plain and (not value or isinstance(plain_scalar(value), str))
        style = "|" if "\n" in value else None if is_plain else '"'
        return dumper.represent_scalar(_TEXT, value, style=style)

    Dumper.add_representer(str, text)
    boolean = "tag:yaml.org,2002:bool"
    Dumper.add_implicit_resolver(boolean, _SHORT_BOOLEAN, list("yYnN"))
    return Dumper
