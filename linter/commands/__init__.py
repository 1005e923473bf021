"""The commands, one file each; a file is imported only for its own command."""

from __future__ import annotations

from typing import Final

#: Each command with what it does; `lint` may be left out.
COMMANDS: Final = {
    "lint": "lint files and folders (the default: the word may be left out)",
    "rules": "list the rules",
    "explain": "print the page of a rule: what it checks, why, and how to mend it",
    "graph": "draw who routes to whom: hosts, routes, subsets, workloads",
    "trace": "tell which route takes a request, and where it goes",
    "plan": "show a workflow or pipeline step by step: shares, pods, hazards, rollback",
    "config": "show the effective settings and where each came from",
    "completion": "print the completion script for a shell",
}
