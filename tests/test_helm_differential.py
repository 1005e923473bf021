"""Both engines write the same documents: ours, and Helm's own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from charts import CHARTS, archive, chart, write_chart
from hypothesis import given, settings
from hypothesis import strategies as st

from tsplit_lint import Config
from tsplit_lint.helm.release import numbers_as_in_json
from tsplit_lint.load import Loader
from tsplit_lint.nodes import plain_data
from tsplit_lint.source import split_documents
from tsplit_lint.templates import Chart, Renderer
from tsplit_lint.values import UNKNOWN_MARK

helm = pytest.importorskip("helm_python", reason="Helm's own engine is not installed")


def documents(text: str) -> list[Any]:
    parts = [part for _offset, part in split_documents(text, helm=True)]
    return [data for part in parts if (data := plain_data(part)) is not None]


def by_helm(folder: Path, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Template → documents, as Helm renders the chart that lies in the folder."""
    with helm.Chart.load(str(folder)) as loaded:
        outputs = loaded.render(dict(values), name="release-name", namespace="default")
    shown = {name: text for name, text in outputs.items() if not name.endswith(".txt")}
    return {name: found for name, text in shown.items() if (found := documents(text))}


def by_us(
    folder: Path, values: Mapping[str, Any], engine: str = "built-in"
) -> dict[str, list[Any]]:
    """The same from the linter, which sees files: each rendering of each of them."""
    settings: dict[str, Any] = {}
    if values:
        given = folder.parent / "given.yaml"
        given.write_text(json.dumps(values))
        settings["values"] = (given,)
    files = sorted(
        str(path)
        for path in folder.glob("**/templates/**/*")
        if path.suffix in (".yaml", ".json") and not path.name.startswith(".")
    )
    loaded = Loader(Config(root=folder, helm_engine=engine, **settings), {}).load(files)
    found = {}
    for file in loaded.files:
        assert [problem for problem in file.problems if problem.kind != "value-missing"] == []
        text = file.text if file.rendered is None else file.rendered.text
        name = file.path.rpartition("templates/")[2]
        if parts := documents(text):
            found[f"{file.variant.instance}/templates/{name}"] = parts
    return found


def same(folder: Path, values: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    theirs = by_helm(folder, values)
    assert by_us(folder, values) == theirs
    assert by_us(folder, values, "helm") == theirs


@pytest.mark.parametrize("name", CHARTS)
def test_our_charts(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_chart(tmp_path / "c", CHARTS[name])
    same(tmp_path / "c", {}, monkeypatch)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("subcharts", {"web": {"weight": 50, "m": {"z": 1}}, "global": {"deep": {"a": 9}}}),
        ("subcharts", {"web": None, "own": None}),
        ("subcharts", {"web": {"global": {"mesh": "given"}, "m": None}}),
        ("subcharts", {"extra": {"e": 1000000}, "cart": {}}),
        ("conditions", {"off": {"enabled": True}, "tags": {"back": True, "front": False}}),
        ("conditions", {"tags": {"front": False}}),
        ("conditions", {"on": {"enabled": "false"}, "none": {"x": False}}),
        ("nested", {"one": {"two": {"enabled": False}, "other": {"enabled": True}}}),
        ("nested", {"one": {"two": {"w": None, "x": {"y": 1}}}, "global": {"i": 9}}),
        ("aliases", {"red": {"enabled": True}, "blue": {"v": 5}, "web": {"w": 9}}),
        ("imports", {"own": 7, "web": {"exports": {"data": {"port": 81}}}}),
        ("imports", {"lifted": {"b": 3}, "web": {"inner": {"x": {"c": 1}}}}),
        ("nulls", {"a": 1, "b": None, "web": {"v": None, "m": {"y": None}}}),
        ("nulls", {"b": {"c": None}, "c": None, "web": {"m": None}}),
        ("library", {"name": "Other"}),
        ("texts", {"map": {"b": 2, "c": None, "z": "{{ .x }}"}, "hosts": ["z"]}),
        ("numbers", {"num": 2000000, "l": [1.5], "m": {"a": 1e21}}),
        ("changes", {"mode": "given", "web": {"w": 3}}),
        ("mesh", {"split": {"enabled": False}}),
        ("mesh", {"split": {"stable": 50, "canary": 40}, "hosts": []}),
    ],
)
def test_our_charts_with_given_values(
    name: str, values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_chart(tmp_path / "c", CHARTS[name])
    same(tmp_path / "c", values, monkeypatch)


#: Folders with charts of other repositories: set the variable to compare the engines on them too.
OTHERS = os.environ.get("TSPLIT_LINT_CHARTS", "")


@pytest.mark.skipif(not OTHERS, reason="TSPLIT_LINT_CHARTS names no folder with charts")
def test_charts_of_other_repositories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    charts = sorted({path.parent for path in Path(OTHERS).glob("**/Chart.yaml")})
    roots = [chart for chart in charts if not any(above in charts for above in chart.parents)]
    assert roots
    for number, root in enumerate(roots):
        folder = tmp_path / str(number) / root.name
        shutil.copytree(root, folder)
        monkeypatch.chdir(folder.parent)
        theirs, again = by_helm(folder, {}), by_helm(folder, {})
        fixed = [
            name for name in theirs if theirs[name] == again.get(name)
        ]  # the others are random
        ours = by_us(folder, {})
        assert {name: ours.get(name) for name in fixed} == {name: theirs[name] for name in fixed}
        assert ours.keys() <= theirs.keys()


_SHOWN = "values: {{ .Values | toJson }}\nchart: {{ .Chart.Name }} {{ .Template.Name }}\n"
ARCHIVED = {
    "Chart.yaml": chart("shop", "name: web, version: 1.0.0", "name: common, version: 1.0.0"),
    "values.yaml": "web: {w: 80}\n",
    "templates/a.yaml": 'w: {{ .Values.web.w }}{{ .Values.web.v }}\nname: {{ include "common.name" . }}\n',
}


def test_subcharts_in_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web = {"Chart.yaml": chart("web"), "values.yaml": "w: 1\nv: 2\n", "templates/b.yaml": "b: 1\n"}
    inner = {
        "charts/names/Chart.yaml": chart("names", more="type: library\n"),
        "charts/names/templates/_n.tpl": '{{ define "common.name" }}{{ .Release.Name }}-x{{ end }}',
    }
    common = {"Chart.yaml": chart("common", more="type: library\n"), **inner}
    write_chart(
        tmp_path / "c",
        {
            **ARCHIVED,
            "charts/web-1.0.0.tgz": archive(web, "web"),
            "charts/common-1.0.0.tgz": archive(common, "common"),
        },
    )
    monkeypatch.chdir(tmp_path)
    theirs = by_helm(tmp_path / "c", {})
    assert theirs["shop/charts/web/templates/b.yaml"] == [{"b": 1}]
    assert by_us(tmp_path / "c", {}) == by_us(tmp_path / "c", {}, "helm") == theirs


BESIDE = {
    "Chart.yaml": chart(
        "shop",
        "name: web, version: 1.0.0, repository: 'file://../web', alias: blue, import-values: [data]",
        "name: web, version: 1.0.0, repository: 'file://../web', alias: green, condition: green.enabled",
        "name: cart, version: ~1.0, repository: 'file://../cart', tags: [back]",
        "name: common, version: 1.0.0, repository: 'file://../common'",
    ),
    "values.yaml": "blue: {w: 80}\ngreen: {enabled: true}\ntags: {back: false}\nglobal: {zone: z}\n",
    "templates/a.yaml": 'p: {{ .Values.port }}\nname: {{ include "common.name" . }}\n',
}
BESIDE_WEB = {
    "Chart.yaml": chart("web"),
    "values.yaml": "w: 1\nexports: {data: {port: 80}}\n",
    "templates/b.yaml": _SHOWN + 'name: {{ include "common.name" . }}\n',
    "charts/db/Chart.yaml": chart("db"),
    "charts/db/templates/d.yaml": _SHOWN,
}


@pytest.mark.parametrize(
    "values",
    [{}, {"green": {"enabled": False, "w": 5}, "tags": {"back": True}, "blue": {"w": None}}],
)
def test_dependencies_in_folders_beside_the_chart(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `helm dependency build` would pack them."""
    cart = {"Chart.yaml": chart("cart"), "templates/c.yaml": _SHOWN}
    common = {
        "Chart.yaml": chart("common", more="type: library\n"),
        "templates/_n.tpl": '{{ define "common.name" }}{{ .Release.Name }}-x{{ end }}',
    }
    charts = {"web": BESIDE_WEB, "cart": cart, "common": common}
    write_chart(tmp_path / "c", BESIDE)
    for name, files in charts.items():
        write_chart(tmp_path / name, files)
    monkeypatch.chdir(tmp_path)
    ours = by_us(tmp_path / "c", values)
    assert by_us(tmp_path / "c", values, "helm") == ours
    for name, files in charts.items():
        write_chart(tmp_path / "c", {f"charts/{name}-1.0.0.tgz": archive(files, name)})
    assert by_helm(tmp_path / "c", values) == ours == by_us(tmp_path / "c", values)
    assert len(ours) == (4 if values else 5)
    for name, files in charts.items():
        write_chart(tmp_path / f"c/charts/{name}", files)
        (tmp_path / f"c/charts/{name}-1.0.0.tgz").unlink()
    assert by_helm(tmp_path / "c", values) == ours == by_us(tmp_path / "c", values)


# --- small templates ----------------------------------------------------------------------------
VALUES = {
    "word": "shop",
    "upper": "Shop-A",
    "text": "one\ntwo: 2\n",
    "blank": "",
    "number": 90,
    "big": 1000000,
    "half": 2.5,
    "yes": True,
    "no": False,
    "list": ["b", "a", "c"],
    "numbers": [3, 1, 2],
    "empty": [],
    "map": {"k": "v", "n": 5, "deep": {"z": [1, {"y": "x"}]}},
    "nothing": {},
    "routes": [{"host": "a", "weight": 90}, {"host": "b", "weight": 10}],
}
TEXTS = st.sampled_from(
    [
        "$.Values.word",
        "$.Values.upper",
        "$.Values.text",
        "$.Values.blank",
        '"lit"',
        '"a b"',
        '"é☸"',
        "$.Release.Name",
        "$.Chart.Name",
        "`raw`",
        '(include "h" $)',
        "($.Values.word | upper)",
    ]
)
NUMBERS = st.sampled_from(
    [
        "$.Values.number",
        "$.Values.big",
        "$.Values.half",
        "5",
        "-3",
        "(int $.Values.number)",
        "(len $.Values.list)",
        "(add 1 2)",
        "0",
        "1.5",
        "(sub 100 $.Values.number)",
    ]
)
LISTS = st.sampled_from(
    [
        "$.Values.list",
        "$.Values.numbers",
        "$.Values.empty",
        "(list 1 2 3)",
        "$.Values.routes",
        '(splitList "," "x,y")',
        "(until 3)",
        "(keys $.Values.map | sortAlpha)",
    ]
)
MAPS = st.sampled_from(
    [
        "$.Values.map",
        "$.Values.nothing",
        '(dict "a" 1 "b" "c")',
        "$.Values.map.deep",
        '(merge (dict "m" 1) $.Values.map)',
    ]
)
BOOLS = st.sampled_from(
    [
        "$.Values.yes",
        "$.Values.no",
        "true",
        "false",
        "(not $.Values.yes)",
        '(eq $.Values.word "shop")',
        "(gt (int $.Values.number) 50)",
        "(and $.Values.yes $.Values.no)",
        "(or $.Values.blank $.Values.word)",
        "(empty $.Values.empty)",
        '(hasKey $.Values.map "k")',
        '(contains "ho" $.Values.word)',
        '(has "a" $.Values.list)',
        "$.Values.nothing",
        "(eq (int $.Values.number) 90)",
        '(ne $.Values.word "x")',
        '(hasPrefix "sh" $.Values.word)',
    ]
)
ANYTHING = st.one_of(TEXTS, NUMBERS, LISTS, MAPS, BOOLS)
SHOWN = st.one_of(
    st.tuples(
        TEXTS,
        st.sampled_from(
            [
                "",
                "| quote",
                "| squote",
                "| upper",
                "| lower",
                "| title",
                "| trunc 3",
                "| trunc -2",
                "| nindent 2 | quote",
                '| replace "o" "0"',
                "| trim",
                "| b64enc",
                "| sha256sum",
                "| len",
                '| default "d"',
                "| indent 1 | quote",
                '| trimSuffix "p"',
                "| repeat 2",
                "| toJson",
                '| splitList "o" | toJson',
                "| kebabcase",
                "| camelcase",
                "| snakecase",
                "| initials",
                "| substr 0 2",
                "| nospace",
                "| abbrev 5",
                '| regexReplaceAll "[a-z]" "x"',
                "| toString",
                "| adler32sum",
                '| cat "x"',
                "| swapcase",
                "| untitle",
                '| plural "y" "z" | len',
                "| b64enc | b64dec",
                "| kindOf",
                "| typeOf",
                '| hasSuffix "p"',
                "| title | quote",
            ]
        ),
    ),
    st.tuples(
        NUMBERS,
        st.sampled_from(
            [
                "",
                "| int",
                "| int64",
                "| float64",
                "| quote",
                "| add 1",
                "| mul 2",
                "| toString",
                "| toJson",
                "| default 7",
                "| ceil",
                "| floor",
                '| printf "%v"',
                "| max 4",
                "| min 4",
                '| int | printf "%03d"',
                "| sub 100",
                "| div 1000",
                "| mod 7",
                "| toYaml",
                "| squote",
                "| round 1",
                "| addf 1.5",
                "| int | toString | len",
            ]
        ),
    ),
    st.tuples(
        LISTS,
        st.sampled_from(
            [
                "| toJson",
                '| join ","',
                "| len",
                "| first",
                "| last",
                "| append 1 | rest | toJson",
                "| reverse | toJson",
                "| uniq | toJson",
                "",
                "| toYaml | nindent 2",
                "| append 1 | initial | toJson",
                "| compact | toJson",
                "| sortAlpha | toJson",
                '| has "a"',
                "| empty",
                "| kindOf",
                '| append "z" | toJson',
                "| quote",
                "| toStrings | toJson",
                "| prepend 0 | toJson",
            ]
        ),
    ),
    st.tuples(
        MAPS,
        st.sampled_from(
            [
                "| toJson",
                "| toYaml | nindent 2",
                "| keys | sortAlpha | toJson",
                "| len",
                "",
                "| kindOf",
                "| empty",
                "| toPrettyJson | nindent 2",
                "| values | len",
                "| deepCopy | toJson",
            ]
        ),
    ),
    st.tuples(
        BOOLS,
        st.sampled_from(
            [
                "",
                "| quote",
                "| not",
                '| ternary "a" "b"',
                "| toJson",
                "| default 1",
                "| toString",
                "| empty",
            ]
        ),
    ),
)


def _shown(pair: tuple[str, str]) -> str:
    value, pipes = pair
    return f"{{{{ {value} {pipes} }}}}"


LINES = st.one_of(
    SHOWN.map(_shown).map(lambda text: f"k: {text}\n"),
    SHOWN.map(_shown).map(lambda text: f"- {text}\n"),
    st.sampled_from(
        ["# comment\n", "---\n", "a: b\n", "  x: é\n", "\n", "{{/* c */}}\n", "{{- /* c */ -}}\n"]
    ),
    st.sampled_from(
        [
            '{{ include "h" . }}\n',
            '{{ include "args" (list 1 "b") | nindent 2 }}\n',
            '{{ template "h" $ }}\n',
            '{{ tpl "{{ .Values.word }}!" $ }}\n',
            "{{ $v := 5 }}v: {{ $v }}\n",
            '{{ printf "%s-%d" $.Values.word 5 }}\n',
            '{{ required "no" $.Values.word }}\n',
            '{{ index $.Values.list 1 }} {{ index $.Values.map "deep" "z" 1 "y" }}\n',
            '{{ dig "deep" "none" "d" $.Values.map }}\n',
            '{{ get $.Values.map "k" }}{{ get $.Values.map "q" }}\n',
            '{{ pick $.Values.map "k" | toJson }} {{ omit $.Values.map "deep" | toJson }}\n',
            "{{ coalesce $.Values.blank $.Values.word }}\n",
            '{{ fromYaml "a: [1]" | toJson }}\n',
            "{{ slice $.Values.list 1 2 | toJson }}\n",
            "{{ $.Values.text | nindent 4 }}\n",
            '{{ semverCompare ">=1.2-0" "1.3.0" }}\n',
            '{{ list "a" "b" | has "a" }}\n',
            '{{ concat $.Values.list (list "z") | toJson }}\n',
            '{{ $.Values.word | regexMatch "^s" }}\n',
        ]
    ),
)


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, max_size=3).map("".join)
    trims = st.sampled_from([("{{ ", " }}"), ("{{- ", " }}"), ("{{- ", " -}}"), ("{{ ", " -}}")])

    def block(parts: tuple[tuple[str, str], str, str, str, str]) -> str:
        (left, right), keyword, value, one, other = parts
        has_else = f"{left}else{right}\n{other}" if other else ""
        return f"{left}{keyword} {value}{right}\n{one}{has_else}{left}end{right}\n"

    heads = st.one_of(
        st.tuples(st.just("if"), ANYTHING),
        st.tuples(st.just("with"), ANYTHING),
        st.tuples(st.just("range"), st.one_of(LISTS, MAPS)),
        st.tuples(st.just("range $i, $v :="), st.one_of(LISTS, MAPS)),
    )
    return st.tuples(trims, heads, body, st.one_of(st.just(""), body)).map(
        lambda parts: block((parts[0], *parts[1], *parts[2:]))
    )


TEMPLATES = st.lists(
    st.recursive(st.deferred(lambda: LINES), _blocks, max_leaves=8), min_size=1, max_size=6
).map("".join)
HELPERS = (
    '{{- define "h" -}}\nh-{{ .Values.word | default "x" }}\n{{- end -}}\n'
    '{{- define "args" }}\n{{- range . }}\n- {{ . }}\n{{- end }}\n{{- end -}}\n'
)


@lru_cache(maxsize=1)
def our_renderer() -> Renderer:
    return Renderer(Chart("shop", "1.0.0", helpers={"shop/templates/_h.tpl": HELPERS}))


def helms(template: str) -> str | None:
    """What Helm writes for a template; None where it refuses."""
    files = {
        "Chart.yaml": chart("shop"),
        "values.yaml": json.dumps(VALUES),
        "templates/_h.tpl": HELPERS,
        "templates/a.yaml": template,
    }
    try:
        with helm.Chart.load_archive(archive(files, "shop")) as loaded:
            outputs = loaded.render({}, name="release-name", namespace="default")
    except helm.HelmError:
        return None
    return str(outputs["shop/templates/a.yaml"])


@settings(max_examples=int(os.environ.get("N", "300")))
@given(TEMPLATES)
def test_small_templates(template: str) -> None:
    theirs = helms(template)
    if theirs is None:
        return
    ours = our_renderer().render(template, numbers_as_in_json(VALUES), "templates/a.yaml")
    # What is nothing to Helm is unknown to us.
    text = ours.text.replace(UNKNOWN_MARK, "")
    if text != theirs:
        assert documents(text) == documents(theirs)
