"""The page of `tsplit-lint graph --format html`, in a real browser."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from browser import (
    Reader,
    assert_readable,
    assert_self_contained,
    found,
    framed,
    in_browser,
    without_policy,
)

from conftest import Browse, Run, Tree
from tsplit_lint.graph.style import STYLE

MANIFESTS = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews, reviews.example.com]
  gateways: [mesh, public]
  http:
  - name: canary
    match: [{headers: {end-user: {exact: jason}}}]
    route:
    - {destination: {host: reviews, subset: v1}, weight: 90}
    - {destination: {host: reviews, subset: v2}, weight: 9}
    - {destination: {host: reviews, subset: v9}, weight: 1}
    mirror: {host: recorder}
    mirrorPercentage: {value: 25}
  - match: [{uri: {prefix: /old}}]
    redirect: {uri: /new}
  - match: [{uri: {prefix: /hidden}}]
    route:
    - {destination: {host: reviews, subset: v1}, weight: "${stable}"}
    - {destination: {host: "${host}"}, weight: "${canary}"}
  - delegate: {name: rest}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: rest, namespace: shop}
spec:
  http:
  - route: [{destination: {host: reviews, subset: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: evil, namespace: shop}
spec:
  hosts: ["<script>document.title='broken'</script>", "\\"><img src=x onerror=\\"document.title='broken'\\">"]
  http:
  - name: "</svg></details><script>document.title='broken'</script>"
    route:
    - destination: {host: "'\\"<b>a-very-long-host-name-that-does-not-fit-into-a-telephone-screen"}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: shop}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}, ports: [{port: 9080, name: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: reviews}}
  template: {metadata: {labels: {app: reviews, version: v1}}, spec: {}}
"""
#: What a reader must find, with and without scripts.
SHOWN = (
    "reviews, reviews.example.com",
    "gateway public",
    "http[0] “canary” when header end-user = jason",
    "90 %",
    "9 %",
    "1 %",
    "subset absent",
    "version=v1",
    "Deployment reviews-v1",
    "no workload in sight",
    "recorder (mirror)",
    "25 %",
    "redirect 301 to /new",
    "${host}",
    "delegate shop/rest",
    '✗ error TS301 The subset "v9" of host "reviews" is not defined',
    "<script>document.title='broken'</script>",
)


@pytest.fixture
def page(tree: Tree, command: Run) -> str:
    tree.write({"shop/manifests.yaml": MANIFESTS})
    code, out, _err = command("graph", "--format", "html", "--select", "TS301,TS401", ".")
    assert code == 0
    return out


def test_the_page_needs_nothing_else(page: str) -> None:
    assert_self_contained(page)
    assert [tag for tag, _ in Reader(page).tags].count("script") == 1


def test_the_page_says_it_all(page: str) -> None:
    text = Reader(page).text
    assert [words for words in SHOWN if words not in text] == []
    assert "shop/manifests.yaml:13" in text


def test_the_picture_has_the_same(page: str) -> None:
    picture = re.findall(r"<svg class=\"picture\".*?</svg>", page, re.DOTALL)
    texts = [unescape(text) for text in re.findall(r"<text[^>]*>(.*?)</text>", picture[1])]
    for words in (
        "90 %",
        "9 %",
        "1 %",
        "mirror 25 %",
        "?",
        "subset v1",
        "✗ error TS301",
        "subset absent",
    ):
        assert words in texts
    assert "http[3] › http[0]" in texts


def test_findings_of_no_host_stand_at_the_end(tree: Tree, command: Run) -> None:
    rule = MANIFESTS[MANIFESTS.index("apiVersion: networking.istio.io/v1\nkind: DestinationRule") :]
    rule = rule.replace(
        "namespace: shop}", "namespace: shop, annotations: {harness.io/managed: true}}", 1
    )
    tree.write({"rule.yaml": rule})
    _code, page, _err = command("graph", "--format", "html", "--select", "TS101", ".")
    text = Reader(page).text
    assert "1 finding at other places ✗ error TS101 The value `true`" in text
    assert "There is no VirtualService in what was read." in text


def test_many_hosts_of_one_virtual_service(tree: Tree, command: Run) -> None:
    head = MANIFESTS.partition("spec:")[0]
    names = ", ".join(f"host-{number}" for number in range(9))
    tree.write({"a.yaml": f"{head}spec: {{hosts: [{names}], http: [{{redirect: {{uri: /}}}}]}}\n"})
    _code, page, _err = command("graph", "--format", "html", ".")
    assert all(f"host-{number}" in Reader(page).text for number in range(9))
    assert ">and 5 more</text>" in page


def test_bands_are_as_thick_as_shares(tree: Tree, command: Run) -> None:
    weights = {"a": 60, "b": 30, "c": 10}
    routes = ", ".join(
        f"{{destination: {{host: {name}}}, weight: {weight}}}" for name, weight in weights.items()
    )
    head = MANIFESTS.partition("spec:")[0]
    tree.write({"a.yaml": f"{head}spec: {{hosts: [x], http: [{{route: [{routes}]}}]}}\n"})
    _code, page, _err = command("graph", "--format", "html", ".")
    picture = page[page.index('<svg class="picture"') :]
    thick = [float(size) for size in re.findall(r'class="full c\d" d="[^v]*v([\d.]+)', picture)]
    assert [round(size / sum(thick) * 100) for size in thick] == [60, 30, 10]


def test_texts_can_be_read_in_light_and_dark() -> None:
    assert_readable(STYLE)


@in_browser
def test_the_same_with_and_without_scripts(page: str, browse: Browse) -> None:
    with_scripts, log = browse(page)
    # a frame that may run no scripts is read as a browser reads a page where they are switched off
    frame = framed(page, "page.documentElement.outerHTML", 1280, 'sandbox="allow-same-origin"')
    without = found(browse(frame)[0])
    text = Reader(with_scripts).text
    assert [words for words in SHOWN if words not in text] == []
    assert Reader(without).text == text == Reader(page).text
    assert "CONSOLE" not in log
    assert '<form class="filter" hidden' in without
    assert '<form class="filter">' in with_scripts


@in_browser
def test_names_run_nothing(page: str, browse: Browse) -> None:
    for shown in (page, without_policy(page)):
        dom, _log = browse(shown)
        assert "<title>Traffic graph</title>" in dom
        assert [tag for tag, _ in Reader(dom).tags].count("script") == 1
        assert "img" not in [tag for tag, _ in Reader(dom).tags]


@in_browser
def test_the_policy_stops_other_scripts(page: str, browse: Browse) -> None:
    stranger = "<script>document.title = 'broken'</script></body>"
    assert "<title>broken</title>" in browse(without_policy(page).replace("</body>", stranger))[0]
    assert "<title>Traffic graph</title>" in browse(page.replace("</body>", stranger))[0]


@in_browser
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_overflows(page: str, browse: Browse, width: int) -> None:
    script = (
        "{wide: page.documentElement.scrollWidth, inner: view.innerWidth, "
        'picture: page.querySelector("svg.picture").getBoundingClientRect().width, '
        'beyond: [...page.querySelectorAll("main *")].filter((item) => !item.closest("svg, thead") '
        "&& item.getBoundingClientRect().right > view.innerWidth + 1)"
        ".map((item) => item.outerHTML.slice(0, 80))}"
    )
    dom, _log = browse(framed(page, script, width), "--window-size=1400,1000")
    result = found(dom)
    assert result["inner"] == width
    assert result["wide"] <= width
    assert result["beyond"] == []
    assert (result["picture"] > 0) == (width > 760)


@in_browser
def test_texts_stay_within_their_boxes(page: str, browse: Browse) -> None:
    script = (
        '[...page.querySelectorAll("svg.picture g")].flatMap((box) => { '
        'const edge = box.querySelector("rect").getBoundingClientRect().right; '
        'return [...box.querySelectorAll("text")].filter((text) => text.getBoundingClientRect().right > edge)'
        ".map((text) => text.textContent); })"
    )
    dom, _log = browse(framed(page, script, 1280), "--window-size=1400,1000")
    assert found(dom) == []


@in_browser
def test_the_filter(page: str, browse: Browse) -> None:
    typed = """<script>
      const field = document.querySelector("input[type=search]");
      const state = () => [...document.querySelectorAll(".host[data-name]")]
        .filter((host) => host.checkVisibility()).map((host) => host.querySelector("h2").textContent);
      const type = (text) => {
        field.value = text;
        field.dispatchEvent(new Event("input", {bubbles: true}));
      };
      const seen = [state().length];
      type(" REVIEWS.shop.svc "); seen.push(state().length, document.querySelector("output").textContent);
      type("nothing like it"); seen.push(state().length);
      type(""); seen.push(state().length);
      document.querySelector("input[type=checkbox]").click(); seen.push(state().length);
      document.body.insertAdjacentHTML("beforeend", '<pre id="found"></pre>');
      document.getElementById("found").textContent = JSON.stringify(seen);
    </script></body>"""
    dom, log = browse(without_policy(page).replace("</body>", typed))
    assert found(dom) == [2, 1, "1 of 2 shown", 0, 2, 1]
    assert "CONSOLE" not in log


@in_browser
def test_light_and_dark(page: str, browse: Browse) -> None:
    script = (
        "[view.getComputedStyle(page.body).backgroundColor, view.getComputedStyle(page.body).color]"
    )
    light = found(browse(framed(page, script, 800), "--blink-settings=preferredColorScheme=1")[0])
    dark = found(browse(framed(page, script, 800), "--blink-settings=preferredColorScheme=0")[0])
    assert light == ["rgb(246, 247, 249)", "rgb(27, 36, 48)"]
    assert dark == ["rgb(16, 21, 28)", "rgb(230, 235, 241)"]


@in_browser
def test_a_large_tree_is_closed_and_printed_open(
    tree: Tree, command: Run, browse: Browse, tmp_path: Path
) -> None:
    tree.write(
        {
            f"{number:02}.yaml": MANIFESTS.replace("shop}", f"shop-{number:02}}}")
            for number in range(30)
        }
    )
    _code, page, _err = command("graph", "--format", "html", "--select", "TS301", ".")
    assert page.count("<details ") == 60
    assert " open>" not in page
    browse(page, f"--print-to-pdf={tmp_path / 'closed.pdf'}")
    browse(page.replace("<details ", "<details open "), f"--print-to-pdf={tmp_path / 'open.pdf'}")
    sizes = [(tmp_path / name).stat().st_size for name in ("closed.pdf", "open.pdf")]
    assert sizes[0] > 0.9 * sizes[1]
