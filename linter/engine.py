"""Runs it all: files → documents → resources → scopes → catalogue → rules → findings."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .catalog.core import Catalog
from .catalog.meshwide import MeshWide
from .config import Config
from .files import Sight, Walk
from .finding import Finding, Severity
from .harness import rollouts_in
from .load import Loaded, Loader, read_stream
from .overrides import FileSettings, selected
from .registry import RuleInfo, all_rules
from .resource import Resource
from .rule import Rule
from .scope import Scope
from .source import SourceFile, Variant
from .suppress import Suppressions
from .told import about_alternatives, once_for_all_values
from .versions import version_of

if TYPE_CHECKING:
    from .harness.model import Rollout
    from .kustomize.told import Retold


#: In longer texts, looking for the words that rules need takes more time than asking all rules.
_SHORT: Final = 100_000


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
    catalog: Catalog = field(default_factory=Catalog)
    unreadable: list[str] = field(default_factory=list)
    worst: Severity | None = None
    variants: Mapping[str, Sequence[Variant]] = field(default_factory=dict)

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
    files, context, texts, unreadable, sight = _find(paths, config, texts)
    report = lint_files(files, config, context=context, texts=texts, sight=sight)
    report.unreadable[:0] = unreadable
    return report


def load_catalog(
    paths: Iterable[str | Path],
    config: Config | None = None,
    *,
    texts: Mapping[str, bytes] | None = None,
) -> tuple[Catalog, list[str]]:
    """The catalogue of files and folders, no rule asked; and what of them could not be read."""
    config = config or Config()
    files, context, texts, unreadable, sight = _find(paths, config, texts)
    loaded, catalog = _load(files, config, FileSettings(config), context, texts, sight)
    return catalog, [*unreadable, *loaded.unreadable]


def _find(
    paths: Iterable[str | Path], config: Config, texts: Mapping[str, bytes] | None
) -> tuple[list[str], list[str], dict[str, bytes], list[str], Sight]:
    """The files to read, those of the context, the bytes of those not on disk, what fails, the sight."""
    texts, paths = dict(texts or {}), list(paths)
    walk = Walk(config.root, config.exclude)
    files = [*texts, *walk.find(paths, without=texts)]
    for path in walk.streams:
        try:
            texts[path] = read_stream(path)
        except OSError as error:
            walk.unreadable.append(f"{path}: {error.strerror or error}")
            files.remove(path)
    context = list(walk.find(config.context))
    sight = Sight(walk, [*paths, *config.context], [*files, *context])
    return files, context, texts, walk.unreadable, sight


def _load(
    paths: Sequence[str],
    config: Config,
    settings: FileSettings,
    context: Sequence[str],
    texts: Mapping[str, bytes],
    sight: Sight | None,
) -> tuple[Loaded, Catalog]:
    loaded = Loader(config, texts).load(paths, context)
    meshwide = MeshWide.of(config, loaded.files)
    catalog = Catalog(
        loaded.scopes,
        loaded.files,
        meshwide.everywhere("cluster_domain"),
        meshwide.everywhere("root_namespace"),
        version_of(config.istio_version),
        settings.complete,
        config.services,
        meshwide,
        sight,
    )
    return loaded, catalog


def lint_files(
    paths: Sequence[str],
    config: Config,
    *,
    context: Sequence[str] = (),
    texts: Mapping[str, bytes] | None = None,
    sight: Sight | None = None,
) -> Report:
    """Lint the given files; `texts` holds the bytes of those that are not on disk.

    `sight` tells whether they are all there are in a folder; without it they are.
    """
    settings = FileSettings(config)
    loaded, catalog = _load(paths, config, settings, context, texts or {}, sight)
    originals = [file for file in loaded.files if not file.is_copy]
    rollouts = list(rollouts_in(originals))
    report = Report(
        files=sum(not file.context for file in originals),
        documents=sum(len(file.documents) for file in originals if not file.context),
        resources=_count(loaded.scopes),
        rollouts=sum(not rollout.file.context for rollout in rollouts),
        sources={file.path: file for file in originals},
        catalog=catalog,
        unreadable=loaded.unreadable,
        variants=_variants(loaded.files),
    )
    every, report.notes = all_rules()
    report.notes += [*loaded.notes, *about_alternatives(catalog)]
    rules = selected(config, every)
    active = {rule.id for rule in rules}

    def ran(rule: RuleInfo, file: str) -> bool:
        return (
            rule.id in active
            and not settings.ignores(rule.id, rule.name, file)
            and (settings.complete(file) or not rule.complete_only)
        )

    def run(subjects: Mapping[str, Sequence[Any]]) -> Iterator[Finding]:
        for finding in _run_rules(asked, subjects, catalog, report, retold):
            if not off(finding):
                yield finding

    def off(finding: Finding) -> bool:
        return settings.ignores(finding.rule, finding.name, finding.file)

    retold = _retold(loaded.scopes)
    asked = rules if retold is not None else _with_words(rules, loaded.files)
    suppressions = Suppressions(loaded.files, every, ran)
    kept = list(suppressions.apply(run(_subjects(loaded.files, loaded.scopes, rollouts))))
    kept += suppressions.apply(run({"Suppression": suppressions.faulty()}))
    report.suppressed = suppressions.count
    kept = [
        finding for finding in _in_charts(kept, config, report, texts or {}) if not off(finding)
    ]
    leveled = [_leveled(finding, settings) for finding in kept]
    report.worst = max((finding.severity for finding in leveled), default=None)
    shown = (finding for finding in leveled if finding.severity >= config.min_severity)
    # A loop of a template writes one mistake several times.
    once = {(*finding.order, finding.span): finding for finding in reversed([*shown])}
    report.findings = sorted(once.values(), key=attrgetter("order"))
    return report


def _count(scopes: Iterable[Scope]) -> int:
    """How many objects are linted; one that several kustomizations build counts once."""
    plain, built = 0, set()
    for scope in scopes:
        found = [r for r in scope.resources if r.kind and not r.file.is_copy]
        documents = (r.document for r in found if r.document.is_linted)
        if scope.built is None:
            plain += sum(1 for _document in documents)
        else:
            built |= {document.source for document in documents}
    return plain + len(built)


def _variants(files: Sequence[SourceFile]) -> dict[str, list[Variant]]:
    """The renderings of the files that have several."""
    several = {file.path for file in files if file.is_copy}
    variants: dict[str, list[Variant]] = defaultdict(list)
    for file in files:
        if file.path in several:
            variants[file.path].append(file.variant)
    return variants


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
        own = [resource for resource in scope.resources if resource.document.is_linted]
        if own or not scope.resources:  # nothing composed: its other documents may still be twins
            subjects["Scope"].append(scope)
        for resource in own:
            for klass in type(resource).__mro__:
                if issubclass(klass, Resource):
                    subjects[klass.__name__].append(resource)
    subjects["Rollout"] = [rollout for rollout in rollouts if not rollout.file.context]
    return subjects


def _with_words(rules: Sequence[RuleInfo], files: Iterable[SourceFile]) -> Sequence[RuleInfo]:
    """The rules that may have something to say about the files, by the words that they need."""
    texts = [text for file in files for text in file.texts]
    if sum(map(len, texts)) > _SHORT:
        return rules
    return [
        rule
        for rule in rules
        if not rule.needs or any(word in text for word in rule.needs for text in texts)
    ]


def _run_rules(
    rules: Sequence[RuleInfo],
    subjects: Mapping[str, Sequence[Any]],
    catalog: Catalog,
    report: Report,
    retold: Retold | None,
) -> Iterator[Finding]:
    for info in rules:
        present = [subjects[name] for name in info.subjects if subjects.get(name)]
        if not present:
            continue
        rule = info.load()()
        for group in present:
            found = once_for_all_values(_visit(rule, group, catalog, report), report.variants)
            if retold is None:
                yield from (finding for _subject, finding in found)
            else:
                yield from retold.once(list(found))


def _retold(scopes: Iterable[Scope]) -> Retold | None:
    """What keeps findings from being told for each overlay; None where nothing is built."""
    if all(scope.built is None for scope in scopes):
        return None
    from .kustomize.told import Retold

    return Retold(scopes)


def _visit(
    rule: Rule[Any], group: Iterable[Any], catalog: Catalog, report: Report
) -> Iterator[tuple[Any, Finding]]:
    sources = report.sources
    for subject in group:
        try:
            for finding in rule.check(subject, catalog):
                if not sources[finding.file].context:
                    yield subject, finding
        except Exception as error:
            if os.environ.get("TSPLIT_LINT_DEBUG"):
                raise
            note = f"rule {rule.id} failed ({type(error).__name__}: {error}) and was left out"
            if note not in report.notes:
                report.notes.append(note)
            return


def _in_charts(
    findings: list[Finding], config: Config, report: Report, texts: Mapping[str, bytes]
) -> list[Finding]:
    """Findings in the output of `helm template`, shown in the files of the chart."""
    streams = [report.sources[path] for path in texts if path in report.sources]
    if not any("# Source: " in file.text for file in streams):
        return findings
    from .helm.stream import HelmOutput

    roots = [os.getcwd(), *map(os.fspath, config.context)]
    for file in streams:
        if HelmOutput.is_one(file.text):
            output = HelmOutput(file, roots, report.sources)
            findings = [output.shown(finding) for finding in findings]
    return findings


def _leveled(finding: Finding, settings: FileSettings) -> Finding:
    level = settings.level(finding)
    return finding if level is None else replace(finding, severity=level)
