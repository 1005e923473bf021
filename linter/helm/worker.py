"""A process that renders charts with Helm's own engine: one JSON request a line in, one answer a line out.

It is a process of its own because nothing can bound or interrupt that engine from within: a template
that never ends, or that needs all memory, ends this process and not the run.
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
from collections.abc import Mapping
from typing import Any

#: Address space in bytes, where the system can bound it.
_MEMORY = 4 * 1024**3


def main() -> None:
    """Answer until the input ends."""
    _bound_memory()
    import helm_python

    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            with helm_python.Chart.load_archive(_archive(request["files"])) as chart:
                answer: dict[str, Any] = {
                    "outputs": chart.render(
                        request["values"], name=request["name"], namespace=request["namespace"]
                    )
                }
        except helm_python.HelmError as error:
            answer = {"error": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _bound_memory() -> None:
    try:
        import resource

        _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, hard))
    except (ImportError, OSError, ValueError):
        return


def _archive(files: Mapping[str, str]) -> bytes:
    """Files as a chart archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as archive:
        for name, text in files.items():
            data = text.encode("utf-8", errors="surrogateescape")
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


if __name__ == "__main__":
    main()
