"""Runs it all: files → documents → resources → scopes → catalogue → rules → findings."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from .catalog import Catalog
from .config import Config
from .files import Walk
from .finding import Finding, Severity
from .harness import read_rollout
from .harness.model import Rollout
from .load import Loader, read_stream
from .overrides import FileSettings, selected
from .registry import RuleInfo, all_rules
from .resource import Resource
from .rule import Rule
from .scope import Scope
from .source import SourceFile
from .suppress import Suppressions


@dataclass
class Report:
    """The outcome of a run."""

    findings: list[Finding] = field(default_factory=list)
    files: int = 0
    documents: int = 0
    resources: int = 0
    rollouts: int = 0
    suppressed: int = 0
    notes: list[str] = field(default_factory=list)
    sources: dict[str, SourceFile] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    worst: Severity | None = None

    def count(self, severity: Severity) -> int:
        """How many findings have a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def fails(self, threshold: Severity) -> bool:
        """Whether a finding is at or above the threshold, be it too mild to be shown."""
        return self.worst is not None and self.worst >= threshold


def lint(
    paths: Iterable[str | Path],
    config: Config | None = None,
    *,
    texts: Mapping[str, bytes] | None = None,
) -> Report:
    """Lint files and folders; raises NoSuchPath for a path that does not exist.

    `texts` are linted too: the bytes of files that are not on disk, or not yet, by their names.
    """
    config = config or Config()
    texts = dict(texts or {})
    walk = Walk(config.root, config.exclude)
    files = [*texts, *walk.find(paths, without=texts)]
    for path in walk.streams:
        try:
            texts[path] = read_stream(path)
        except OSError as error:
            walk.unreadable.append(f"{path}: {error.strerror or error}")
            files.remove(path)
    report = lint_files(files, config, context=list(walk.find(config.context)), texts=texts)
    report.unreadable[:0] = walk.unreadable
    return report


def lint_files(
    paths: Sequence[str],
    config: Config,
    *,
    context: Sequence[str] = (),
    texts: Mapping[str, bytes] | None = None,
) -> Report:
    """Lint the given files; `texts` holds the bytes of those that are not on disk."""
    settings = FileSettings(config)
    loader = Loader(config, texts or {})
    loaded = loader.load(paths, context)
    rollouts = list(_rollouts(loaded.files))
    catalog = Catalog(
        loaded.scopes,
        loaded.files,
        config.cluster_domain,
        config.root_namespace,
        settings.complete,
    )
    report = Report(
        files=sum(not file.context for file in loaded.files),
        documents=sum(len(file.documents) for file in loaded.files if not file.context),
        resources=sum(
            not resource.file.context for scope in loaded.scopes for resource in scope.resources
        ),
        rollouts=sum(not rollout.file.context for rollout in rollouts),
        sources={file.path: file for file in loaded.files},
        unreadable=loaded.unreadable,
    )
    every, report.notes = all_rules()
    rules = selected(config, every)
    active = {rule.id for rule in rules}

    def ran(rule: RuleInfo, file: str) -> bool:
        return (
            rule.id in active
            and not settings.ignores(rule.id, rule.name, file)
            and (settings.complete(file) or not rule.complete_only)
        )

    def run(subjects: Mapping[str, Sequence[Any]]) -> Iterator[Finding]:
        for finding in _run_rules(rules, subjects, catalog, report):
            if not settings.ignores(finding.rule, finding.name, finding.file):
                yield finding

    suppressions = Suppressions(loaded.files, every, ran)
    kept = list(suppressions.apply(run(_subjects(loaded.files, loaded.scopes, rollouts))))
    kept += suppressions.apply(run({"Suppression": suppressions.faulty()}))
    report.suppressed = suppressions.count
    leveled = [_leveled(finding, settings) for finding in kept]
    report.worst = max((finding.severity for finding in leveled), default=None)
    report.findings = sorted(
        (finding for finding in leveled if finding.severity >= config.min_severity),
        key=attrgetter("order"),
    )
    return report


def _rollouts(files: Iterable[SourceFile]) -> Iterator[Rollout]:
    for file in files:
        for document in file.documents:
            if document.loaded and document.kind is None and file.role == "manifest":
                rollout = read_rollout(document)
                if rollout is not None:
                    yield rollout


def _subjects(
    files: Sequence[SourceFile], scopes: Sequence[Scope], rollouts: Sequence[Rollout]
) -> dict[str, list[Any]]:
    """What there is to visit, by the name of its type; context files are left out."""
    subjects: dict[str, list[Any]] = defaultdict(list)
    for file in files:
        if file.context:
            continue
        subjects["SourceFile"].append(file)
        subjects["Document"] += [document for document in file.documents if document.loaded]
    for scope in scopes:
        own = [resource for resource in scope.resources if not resource.file.context]
        if own or not scope.resources:  # nothing composed: its other documents may still be twins
            subjects["Scope"].append(scope)
        for resource in own:
            for klass in type(resource).__mro__:
                if issubclass(klass, Resource):
                    subjects[klass.__name__].append(resource)
    subjects["Rollout"] = [rollout for rollout in rollouts if not rollout.file.context]
    return subjects


def _run_rules(
    rules: Sequence[RuleInfo],
    subjects: Mapping[str, Sequence[Any]],
    catalog: Catalog,
    report: Report,
) -> Iterator[Finding]:
    for info in rules:
        present = [subjects[name] for name in info.subjects if subjects.get(name)]
        if not present:
            continue
        rule = info.load()()
        for group in present:
            yield from _visit(rule, group, catalog, report)


def _visit(
    rule: Rule[Any], group: Iterable[Any], catalog: Catalog, report: Report
) -> Iterator[Finding]:
    sources = report.sources
    for subject in group:
        try:
            for finding in rule.check(subject, catalog):
                if not sources[finding.file].context:
                    yield finding
        except Exception as error:
            if os.environ.get("TSPLIT_LINT_DEBUG"):
                raise
            note = f"rule {rule.id} failed ({type(error).__name__}: {error}) and was left out"
            if note not in report.notes:
                report.notes.append(note)
            return


def _leveled(finding: Finding, settings: FileSettings) -> Finding:
    level = settings.level(finding)
    return finding if level is None else replace(finding, severity=level)
