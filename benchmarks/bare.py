"""The least that a Python program can do: read a tree and compose its documents of interest.

    python benchmarks/bare.py FOLDER

Reads every manifest and composes VirtualServices, DestinationRules, Gateways, Services and
ServiceEntries with the C loader; the yardstick of `run.py`.
"""

from __future__ import annotations

import os
import re
import sys

from _ruamel_yaml import CParser

KINDS = re.compile(
    rb"^kind: *(VirtualService|DestinationRule|Gateway|Service|ServiceEntry)\s*$", re.MULTILINE
)


class Composer(CParser):  # type: ignore[misc]
    """The C composer alone."""

    resolve = staticmethod(lambda _kind, _value, _implicit: "x")
    descend_resolver = staticmethod(lambda _node, _index: None)
    ascend_resolver = staticmethod(lambda: None)


def main() -> None:
    """Read and compose the tree named on the command line."""
    for folder, _folders, files in os.walk(sys.argv[1]):
        for file in files:
            if file.endswith((".yaml", ".yml", ".json")):
                with open(os.path.join(folder, file), "rb") as stream:
                    text = stream.read()
                if KINDS.search(text):
                    Composer(text).get_single_node()


if __name__ == "__main__":
    main()
