"""Runs it all: files → documents → resources → scopes → catalogue → rules → findings."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .catalog import Catalog
from .config import Config
from .files import Walk
from .finding import Finding, Severity
from .harness import Rollout, read_rollout
from .load import Loader
from .registry import RuleInfo, builtin_rules, selects
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

    def count(self, severity: Severity) -> int:
        """How many findings have a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def fails(self, threshold: Severity) -> bool:
        """Whether a finding is at or above the threshold."""
        return any(finding.severity >= threshold for finding in self.findings)


def lint(paths: Iterable[str | Path], config: Config | None = None) -> Report:
    """Lint files and folders; raises NoSuchPath for a path that does not exist."""
    config = config or Config()
    walk = Walk(config.root, config.exclude)
    return lint_files(list(walk.find(paths)), config, context=list(walk.find(config.context)))


def lint_files(
    paths: Sequence[str],
    config: Config,
    *,
    context: Sequence[str] = (),
    texts: Mapping[str, bytes] | None = None,
) -> Report:
    """Lint the given files; `texts` holds the bytes of those that are not on disk."""
    loader = Loader(config, texts or {})
    loaded = loader.load(paths, context)
    rollouts = list(_rollouts(loaded.files))
    catalog = Catalog(
        loaded.scopes,
        loaded.files,
        config.cluster_domain,
        config.root_namespace,
        lambda _path: config.complete,
    )
    report = Report(
        files=sum(not file.context for file in loaded.files),
        documents=sum(len(file.documents) for file in loaded.files if not file.context),
        resources=sum(
            not resource.file.context for scope in loaded.scopes for resource in scope.resources
        ),
        rollouts=len(rollouts),
        sources={file.path: file for file in loaded.files},
        unreadable=loaded.unreadable,
    )
    rules = active_rules(config)
    raw = _run_rules(rules, loaded.files, loaded.scopes, rollouts, catalog, report)
    suppressions = Suppressions(loaded.files, rules)
    kept = suppressions.apply(raw)
    report.suppressed = suppressions.count
    report.findings = sorted(_leveled(kept, config), key=lambda finding: finding.order)
    return report


def active_rules(config: Config) -> list[RuleInfo]:
    """The rules that the settings select."""
    return [
        rule
        for rule in builtin_rules()
        if any(selects(word, rule.id, rule.name) for word in config.select)
        and not any(selects(word, rule.id, rule.name) for word in config.ignore)
    ]


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
        if own:
            subjects["Scope"].append(scope)
        for resource in own:
            for klass in type(resource).__mro__:
                if issubclass(klass, Resource):
                    subjects[klass.__name__].append(resource)
    subjects["Rollout"] = [rollout for rollout in rollouts if not rollout.file.context]
    return subjects


def _run_rules(
    rules: Sequence[RuleInfo],
    files: Sequence[SourceFile],
    scopes: Sequence[Scope],
    rollouts: Sequence[Rollout],
    catalog: Catalog,
    report: Report,
) -> Iterator[Finding]:
    subjects = _subjects(files, scopes, rollouts)
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


def _leveled(findings: Iterable[Finding], config: Config) -> Iterator[Finding]:
    from dataclasses import replace

    for finding in findings:
        level = next(
            (
                severity
                for word, severity in config.severity.items()
                if selects(word, finding.rule, finding.name)
            ),
            None,
        )
        result = finding if level is None else replace(finding, severity=level)
        if result.severity >= config.min_severity:
            yield result
