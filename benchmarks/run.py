"""Measure whole commands against one another, in turn, so that a slow machine slows both.

    python benchmarks/run.py [--services 1000] [--rounds 5] [--istioctl PATH]

Prints the median ratio and its range for each pair:
- start: `tsplit-lint` on one file against `python -c pass`
- tree: a cold run over a tree of plain services against `bare.py` on it
- fill: Harness services with three templates each that fill in values, against the same three files
  of each service as plain YAML
- blocks: the same with conditions, loops and definitions
- istioctl: the tree of plain services against `istioctl analyze` on it, where istioctl is installed
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tree import STYLES, write_tree

HERE = Path(__file__).parent
#: What the commands end with after their work: istioctl has a code of its own for findings.
FINE = (0, 1, 79)
LINT = [sys.executable, "-m", "tsplit_lint", "--no-config"]


def seconds(command: Sequence[str]) -> float:
    """Processor time of one run of a command, start included, in seconds."""
    before = os.times()
    nowhere = subprocess.DEVNULL
    done = subprocess.run(command, stdout=nowhere, stderr=nowhere, check=False)
    after = os.times()
    if done.returncode not in FINE:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    return (
        after.children_user - before.children_user + after.children_system - before.children_system
    )


def compare(label: str, one: Sequence[str], other: Sequence[str], rounds: int) -> None:
    """Run two commands in turn and print how they compare."""
    seconds(one), seconds(other)
    pairs = [(seconds(one), seconds(other)) for _round in range(rounds)]
    ratios = sorted(a / b for a, b in pairs if b)
    first, second = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(
        f"{label:10} {statistics.median(ratios):6.2f} times"
        f"  ({ratios[0]:.2f} to {ratios[-1]:.2f}; {first:.3f} s against {second:.3f} s)"
    )


def main() -> None:
    """Write the trees and run the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--istioctl", default=shutil.which("istioctl"))
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        trees = {style: Path(folder, style) for style in STYLES}
        for style, out in trees.items():
            write_tree(out, arguments.services, style)
        plain, three = trees["plain"], trees["three"]
        bare = [sys.executable, str(HERE / "bare.py"), str(plain)]
        one = next(plain.glob("*/*/virtual-service.yaml"))
        nothing = [sys.executable, "-c", "pass"]
        compare("start", [*LINT, str(one)], nothing, arguments.rounds * 3)
        compare("tree", [*LINT, str(plain)], bare, arguments.rounds)
        for style in ("fill", "blocks"):
            compare(style, [*LINT, str(trees[style])], [*LINT, str(three)], arguments.rounds)
        if arguments.istioctl:
            peer = [arguments.istioctl, "analyze", "--use-kube=false", "-A"]
            compare("istioctl", [*LINT, str(plain)], [*peer, str(plain)], arguments.rounds)
    print(
        f"measured in {time.monotonic() - started:.0f} s, the median of {arguments.rounds} rounds"
    )


if __name__ == "__main__":
    main()
