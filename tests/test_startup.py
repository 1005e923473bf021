"""What a run imports: a hook starts the program anew for every commit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

#: Each takes as long to import as a small file takes to lint, or longer.
SLOW = (
    "_ruamel_yaml",
    "fractions",
    "gotpl",
    "greenery",
    "importlib.metadata",
    "jsonschema",
    "jsonschema_rs",
    "pathspec",
    "pluggy",
    "re2",
    "rich",
    "ruamel.yaml",
)
MANIFEST = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts:
    - shop
  http:
    - route:
        - destination:
            host: shop
            subset: stable
          weight: 90
        - destination:
            host: shop
            subset: canary
          weight: 10
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: shop
spec:
  host: shop
  subsets:
    - name: stable
      labels:
        version: stable
    - name: canary
      labels:
        version: canary
"""


def imported(*arguments: str) -> set[str]:
    """The modules that a command line imports; it must succeed."""
    program = (
        "import sys; before = set(sys.modules); from tsplit_lint.cli import main;"
        "code = main(sys.argv[1:]);"
        "print(*set(sys.modules) - before, sep='\\n', file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines())


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "shop.yaml"
    path.write_text(MANIFEST, encoding="utf-8")
    return str(path)


def test_a_usual_file_is_linted_without_slow_imports(file: str) -> None:
    assert imported("--no-config", file).isdisjoint(SLOW)


def test_a_rule_is_imported_only_for_files_with_a_word_that_it_needs(file: str) -> None:
    rule = "tsplit_lint.rules.routing.mirror"
    assert rule not in imported("--no-config", file)
    Path(file).write_text(MANIFEST.replace("    - route:", "    - mirror: {host: a}\n      route:"))
    assert rule in imported("--no-config", file)


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_engine_is_not_imported_to_tell_of_the_program(option: str) -> None:
    found = imported(option)
    assert "tsplit_lint.commands.lint" in found
    assert found.isdisjoint(("tsplit_lint.engine", "tsplit_lint.registry", *SLOW))
