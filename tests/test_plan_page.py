"""The page of `tsplit-lint plan --format html`, in a real browser."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise

import pytest
from browser import (
    Reader,
    assert_readable,
    assert_self_contained,
    colors_of,
    contrast,
    found,
    framed,
    in_browser,
    without_policy,
)
from pipelines import (
    approval,
    canary_delete,
    canary_deploy,
    group,
    inherit,
    parallel,
    pipeline,
    rolling,
    rolling_rollback,
    script,
    stage,
    step_template,
    traffic_routing,
)

from conftest import Browse, Run, Tree
from tsplit_lint.plan.style import STYLE

EVIL = "<script>document.title='broken'</script></svg></title>"
LONG = "a-very-long-name-that-does-not-fit-into-the-screen-of-a-telephone-nor-into-a-column"
ROLLOUTS = pipeline(
    stage(
        "Production",
        group("Canary", canary_deploy(), traffic_routing(20), approval("Ask <b>them</b>")),
        group("Primary", rolling(), inherit(0), canary_delete()),
        rollback=(canary_delete(name="Undo Canary"), rolling_rollback()),
    ),
    stage(
        EVIL,
        group(
            LONG,
            canary_deploy(name=LONG),
            inherit("<+pipeline.variables.canary>", "<+pipeline.variables.stable>", name="Hidden"),
            parallel(script("kubectl apply -f x", name="Smoke test"), approval("Ask")),
        ),
        step_template("Soak"),
        canary_deploy(name="Again"),
        traffic_routing(100),
        canary_delete(name="Too early"),
    ),
    stage("Backend", rolling(name="Just roll out")),
)
RAMP = pipeline(
    stage(
        "Ramp",
        canary_deploy(),
        *(entry for share in range(2, 90, 4) for entry in (traffic_routing(share), approval())),
    )
)
#: What a reader must find, with and without scripts.
SHOWN = (
    "3 rollouts",
    "Production",
    "stage, Kubernetes, service shop",
    "Ask <b>them</b>",
    "give the canary 20%",
    "80%",
    "stable, canary",
    "stable ✗ 100% lost",
    "✗ error TS650",
    "✗ error TS654",
    "Put a step before it that gives stable 100 and the canary 0.",
    "the files do not tell",
    "at the same time as 4",
    "No step splits traffic between two versions.",
    EVIL,
    LONG,
)


@pytest.fixture
def page(tree: Tree, command: Run) -> str:
    tree.write({"pipeline.yaml": ROLLOUTS})
    code, out, _err = command("plan", "pipeline.yaml", "--format", "html", "--select", "TS65")
    assert code == 0
    return out


@pytest.fixture
def failure(tree: Tree, command: Run) -> str:
    tree.write({"pipeline.yaml": ROLLOUTS})
    words = ("plan", "pipeline.yaml", "--format", "html", "--select", "TS65", "--fail-at")
    return command(*words, "ask <b>them</b>")[1]


def pictures(page: str) -> list[str]:
    return re.findall(r'<svg class="picture".*?</svg>', page, re.DOTALL)


def bands(picture: str, style: str) -> list[tuple[float, float]]:
    """The places and heights of the stretches of a kind, those of the pods left out."""
    found = re.findall(
        rf'<rect class="{style}" x="([\d.]+)" y="[\d.]+" width="[\d.]+" height="([\d.]+)"', picture
    )
    return [(float(x), float(height)) for x, height in found if float(height) != 14]


def test_the_page_needs_nothing_else(page: str) -> None:
    assert_self_contained(page)
    assert "script" not in [tag for tag, _ in Reader(page).tags]


def test_the_page_says_it_all(page: str) -> None:
    text = Reader(page).text
    assert [words for words in SHOWN if words not in text] == []


def test_every_step_and_hazard_of_the_json_is_on_the_page(
    tree: Tree, command: Run, page: str
) -> None:
    import json

    words = ("plan", "pipeline.yaml", "--format", "json", "--select", "TS65")
    rollouts = json.loads(command(*words)[1])["rollouts"]
    text = Reader(page).text
    position = 0
    for rollout in rollouts:
        for step in rollout["steps"]:
            name = " ".join(f"{step['number']} {step['name']} {step['action']}".split())
            position = text.index(name, position)
    hazards = [hazard for rollout in rollouts for hazard in rollout["hazards"]]
    assert len(hazards) >= 2
    for hazard in hazards:
        assert hazard["message"] in text
        assert hazard["help"] in text


def test_bands_are_as_high_as_shares(tree: Tree, command: Run) -> None:
    shares = [10, 25, 50, 80]
    tree.write({"p.yaml": pipeline(stage("Ramp", *map(traffic_routing, shares)))})
    (picture,) = pictures(command("plan", "p.yaml", "--format", "html", "--select", "TS650")[1])
    test, stable = bands(picture, "test"), bands(picture, "stable")
    whole = test[0][1] + stable[0][1]
    assert [round(height / whole * 100) for _x, height in test] == shares
    assert [round(height / whole * 100) for _x, height in stable] == [90, 75, 50, 20]
    assert [x for x, _height in test] == sorted(x for x, _height in stable)


def test_a_small_share_can_be_seen(tree: Tree, command: Run) -> None:
    tree.write({"p.yaml": pipeline(stage("Ramp", traffic_routing(1), traffic_routing(99)))})
    (picture,) = pictures(command("plan", "p.yaml", "--format", "html", "--select", "TS650")[1])
    assert [height >= 4 for _x, height in bands(picture, "test")] == [True, True]
    assert [height >= 4 for _x, height in bands(picture, "stable")] == [True, True]


def test_the_picture_in_words(page: str) -> None:
    one, two = pictures(page)
    assert 'role="img"' in one
    told = unescape(re.findall(r"<desc[^>]*>(.*?)</desc>", one)[0])
    assert told.startswith(
        "1 Canary Deployment: stable 100%, canary 0%. 2 Route 20: stable 80%, canary 20%."
    )
    told = unescape(re.findall(r"<desc[^>]*>(.*?)</desc>", two)[0])
    assert "Hidden: shares not known." in told
    assert "Too early: stable 0%, canary 100%, 100% lost, error TS650." in told
    assert 'fill="url(#p2-1-unknown)"' in two
    assert 'fill="url(#p2-1-lost)"' in two
    assert ">✗ 100% lost<" in two
    assert ">?<" in two


def test_ids_are_unique_and_references_lead_somewhere(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    named = re.findall(r'(?:aria-labelledby|aria-describedby)="([^"]+)"', page)
    named += re.findall(r'href="#([^"]+)"', page) + re.findall(r"url\(#([^)]+)\)", page)
    assert named
    assert set(named) <= set(ids)


def test_headings_go_down_one_level_at_a_time(page: str, failure: str) -> None:
    for shown in (page, failure):
        levels = [int(tag[1]) for tag, _ in Reader(shown).tags if re.fullmatch(r"h\d", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_rollback_is_another_part(failure: str) -> None:
    text = Reader(failure).text
    assert "✗ When “Ask <b>them</b>” fails:" in text
    before, rollback = text.split("Until it fails", 1)[1].split(" Rollback ", 1)
    assert "Ask <b>them</b> ✗ fails here" in before
    assert "Rolling Deployment (not run)" in before
    assert "7 Undo Canary" in rollback
    assert "stable ✗ 20% lost" in rollback
    assert "✗ error TS654 The rollback takes the canary away here" in rollback
    assert '<div class="undo">' in failure
    (picture,) = pictures(failure)
    assert 'class="undone"' in picture
    assert "Rolling Deployment" not in unescape(picture)


def test_a_long_rollout_has_several_pictures(tree: Tree, command: Run) -> None:
    tree.write({"p.yaml": RAMP})
    page = command("plan", "p.yaml", "--format", "html")[1]
    drawn = pictures(page)
    assert len(drawn) == 2
    titles = [unescape(re.findall(r"<title[^>]*>(.*?)</title>", each)[0]) for each in drawn]
    assert titles == [
        "Shares of stable and canary, steps 1 to 23",
        "Shares of stable and canary, steps 24 to 45",
    ]
    assert all(float(re.findall(r'viewBox="0 0 (\d+)', each)[0]) <= 1090 for each in drawn)


def test_without_a_rollout(tree: Tree, command: Run) -> None:
    tree.write({"a.yaml": "a: 1\n"})
    page = command("plan", "a.yaml", "--format", "html")[1]
    assert "There is no workflow and no pipeline in what was read." in Reader(page).text
    assert_self_contained(page)


def test_texts_can_be_read_in_light_and_dark() -> None:
    assert_readable(STYLE)
    for colors in colors_of(STYLE):
        # what is drawn stands out from the card
        for drawn in ("test", "old", "c0", "hatch"):
            assert contrast(colors[drawn], colors["card"]) >= 3, drawn


@in_browser
def test_the_same_with_and_without_scripts(page: str, browse: Browse) -> None:
    with_scripts, log = browse(page)
    frame = framed(page, "page.documentElement.outerHTML", 1280, 'sandbox="allow-same-origin"')
    without = found(browse(frame)[0])
    text = Reader(with_scripts).text
    assert [words for words in SHOWN if words not in text] == []
    assert Reader(without).text == text == Reader(page).text
    assert "CONSOLE" not in log


@in_browser
def test_names_run_nothing(page: str, browse: Browse) -> None:
    for shown in (page, without_policy(page)):
        dom, _log = browse(shown)
        assert "<title>Rollout plan</title>" in dom
        assert not {"script", "img", "b>"} & {tag for tag, _ in Reader(dom).tags}


@in_browser
def test_the_policy_stops_scripts(page: str, browse: Browse) -> None:
    stranger = "<script>document.title = 'broken'</script></body>"
    assert "<title>broken</title>" in browse(without_policy(page).replace("</body>", stranger))[0]
    assert "<title>Rollout plan</title>" in browse(page.replace("</body>", stranger))[0]


@in_browser
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_overflows(page: str, failure: str, browse: Browse, width: int) -> None:
    script_text = (
        "{wide: page.documentElement.scrollWidth, inner: view.innerWidth, "
        'beyond: [...page.querySelectorAll("main *")].filter((item) => !item.closest("svg, thead") '
        "&& item.getBoundingClientRect().right > view.innerWidth + 1)"
        ".map((item) => item.outerHTML.slice(0, 80)), "
        'scrolled: [...page.querySelectorAll(".scroll")].map((item) => item.scrollWidth - item.clientWidth)}'
    )
    for shown in (page, failure):
        dom, _log = browse(framed(shown, script_text, width), "--window-size=1400,1000")
        result = found(dom)
        assert result["inner"] == width
        assert result["wide"] <= width
        assert result["beyond"] == []
        if width == 1280:
            assert set(result["scrolled"]) == {0}


@in_browser
def test_texts_of_the_picture_stay_within_it(
    tree: Tree, command: Run, page: str, failure: str, browse: Browse
) -> None:
    script_text = (
        '[...page.querySelectorAll("svg.picture")].flatMap((picture) => { '
        "const box = picture.getBoundingClientRect(); "
        'return [...picture.querySelectorAll("text")].filter((text) => { '
        "const own = text.getBoundingClientRect(); "
        "return own.right > box.right + 1 || own.left < box.left - 1 || own.bottom > box.bottom + 1 "
        "|| own.top < box.top - 1; }).map((text) => text.textContent); })"
    )
    tree.write({"ramp.yaml": RAMP})
    ramp = command("plan", "ramp.yaml", "--format", "html")[1]
    for shown in (page, failure, ramp):
        dom, _log = browse(framed(shown, script_text, 1280), "--window-size=1400,1000")
        assert found(dom) == []


@in_browser
def test_light_and_dark(page: str, browse: Browse) -> None:
    script_text = (
        "[view.getComputedStyle(page.body).backgroundColor, view.getComputedStyle(page.body).color]"
    )
    frame = framed(page, script_text, 800)
    light = found(browse(frame, "--blink-settings=preferredColorScheme=1")[0])
    dark = found(browse(frame, "--blink-settings=preferredColorScheme=0")[0])
    assert light == ["rgb(246, 247, 249)", "rgb(27, 36, 48)"]
    assert dark == ["rgb(16, 21, 28)", "rgb(230, 235, 241)"]
