"""Draw docs/output.svg: what `tsplit-lint examples/bad` shows on a terminal.

python scripts/picture.py
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parent.parent
COMMAND = ["examples/bad", "--select", "TS101,TS201,TS601", "--no-config"]
WIDTH = 100
#: Rich's own frame without the fonts that it would load from the network.
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"


def main() -> None:
    """Run the command in colour and write the picture."""
    done = subprocess.run(
        [sys.executable, "-m", "tsplit_lint", *COMMAND, "--color", "always"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": str(WIDTH), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ tsplit-lint examples/bad", style="bold"))
    console.print()
    console.print(Text.from_ansi(done.stdout), soft_wrap=False)
    svg = console.export_svg(title="tsplit-lint", theme=MONOKAI, unique_id="tsplit-lint")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", FONT).replace(
        "font-family: arial", f"font-family: {FONT}"
    )
    svg = "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"
    (ROOT / "docs" / "output.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
