"""The walk, held against a simulator that plays every course a rollout may take.

The simulator knows nothing of the walk: it plays plain values through each choice of hidden weights, of
conditions, of orders, and of what a script or a manifest may do.  A hazard that the walk calls certain must
be there in every course; where there is but one course, the walk must find exactly its hazards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import Any, Literal

import pipelines as ng
import workflows as fg
from hypothesis import given, settings
from hypothesis import strategies as st

from tsplit_lint import Catalog, Rollout, SourceFile, rollback_hazards, walk, walk_back
from tsplit_lint.document import Document
from tsplit_lint.harness import read_rollouts

#: Who sets the shares: the VirtualService that Harness manages, one that is not in sight (FirstGen), or the
#: routes of K8sTrafficRouting (NextGen).
Routes = Literal["managed", "elsewhere", "routing"]

HIDDEN = (0, 30)
MANIFEST = 25


@dataclass(frozen=True)
class Op:
    """A step: what it does, with which share (a number, or the name of a hidden one), on which condition."""

    does: str
    share: int | str = 0
    when: str = ""
    name: str = ""


@dataclass(frozen=True)
class Plan:
    """A rollout: blocks of steps (more than one in a block run side by side), and its rollback."""

    routes: Routes
    blocks: tuple[tuple[Op, ...], ...]
    rollback: tuple[tuple[Op, ...], ...]
    cut: int


@dataclass(frozen=True)
class Now:
    """The values at a moment of one course."""

    share: int
    pods: bool
    tried: bool = False
    rolled: bool = False

    @property
    def lost(self) -> bool:
        return self.share > 0 and not self.pods


# -- the simulator --------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """One choice of all that the files leave open for the whole run."""

    routes: Routes
    hidden: dict[str, int]
    holds: frozenset[str]

    def deployed(self, now: Now, zero: bool) -> Iterator[Now]:
        """After manifests were applied; `zero`: where it is managed, Harness writes 100 and 0."""
        if self.routes == "routing":
            yield now
        elif self.routes == "managed" and zero:
            yield replace(now, share=0)
        elif now.share == 0:
            yield now
        else:
            yield from (replace(now, share=share) for share in {0, now.share, MANIFEST})

    def play(self, op: Op, now: Now) -> Iterator[Now]:
        """Each value that one step may lead to."""
        if op.when and op.when not in self.holds:
            yield now
        elif op.does == "deploy":
            for then in self.deployed(replace(now, pods=True, tried=True), zero=True):
                yield replace(then, share=self.value(op.share)) if op.share != "" else then
        elif op.does == "split":
            yield replace(now, share=self.value(op.share))
        elif op.does == "delete":
            yield replace(now, pods=False)
        elif op.does == "roll":
            yield from self.deployed(replace(now, rolled=True), zero=now.tried)
        elif op.does == "undo-roll":
            yield from self.deployed(replace(now, rolled=False), zero=False)
        elif op.does == "script":
            for share, pods in product({0, 40, now.share}, (True, False)):
                yield replace(now, share=share, pods=pods)
        else:
            yield now

    def value(self, share: int | str) -> int:
        return self.hidden[share] if isinstance(share, str) else share

    def play_all(self, ops: Iterable[Op], nows: set[Now]) -> set[Now]:
        for op in ops:
            nows = {then for now in nows for then in self.play(op, now)}
        return nows

    def block(self, block: tuple[Op, ...], nows: set[Now]) -> set[Now]:
        """After steps side by side, whatever their order."""
        return {now for order in permutations(block) for now in self.play_all(order, nows)}


def worlds(plan: Plan) -> Iterator[World]:
    ops = [op for block in (*plan.blocks, *plan.rollback) for op in block]
    names = sorted({op.share for op in ops if isinstance(op.share, str) and op.share})
    conditions = sorted({op.when for op in ops if op.when})
    for values in product(HIDDEN, repeat=len(names)):
        for flags in product((True, False), repeat=len(conditions)):
            holds = frozenset(c for c, flag in zip(conditions, flags, strict=True) if flag)
            yield World(plan.routes, dict(zip(names, values, strict=True)), holds)


def beginnings(plan: Plan) -> set[Now]:
    """Nothing of the canary is there, where this very rollout deploys and deletes it."""
    does = {op.does for block in plan.blocks for op in block}
    return {Now(0, pods) for pods in ((False,) if {"deploy", "delete"} <= does else (True, False))}


def after_each(
    plan: Plan, world: World, blocks: Iterable[tuple[Op, ...]], nows: set[Now]
) -> list[set[Now]]:
    """What may be before the first block, and after each."""
    found = [nows]
    for block in blocks:
        found.append(world.block(block, found[-1]))
    return found


def before_failure(plan: Plan, world: World, number: int, failed: Op) -> set[Now]:
    """What may be when a step fails: those beside it ran, or did not."""
    nows = after_each(plan, world, plan.blocks[:number], beginnings(plan))[-1]
    others = [op for op in plan.blocks[number] if op is not failed]
    choices = product((True, False), repeat=len(others))
    chosen = [[op for op, runs in zip(others, c, strict=True) if runs] for c in choices]
    return {now for ops in chosen for now in world.block(tuple(ops), nows)}


def has_one_course(plan: Plan) -> bool:
    ops = [op for block in (*plan.blocks, *plan.rollback) for op in block]
    does = {op.does for op in ops}
    return (
        plan.routes != "elsewhere"
        and all(len(block) == 1 for block in (*plan.blocks, *plan.rollback))
        and not any(op.when or (isinstance(op.share, str) and op.share) for op in ops)
        and "script" not in does
        and plan.blocks[0][0].does == "deploy"
    )


# -- as text --------------------------------------------------------------------------------------


def fg_step(op: Op, routes: Routes) -> str:
    if op.does == "split":
        hidden = isinstance(op.share, str)
        canary = f"${{workflow.variables.{op.share}}}" if hidden else str(op.share)
        stable = "${workflow.variables.rest}" if hidden else str(100 - int(op.share))
        weights = [
            {"destination": fg.STABLE_SUBSET, "weight": stable},
            {"destination": fg.CANARY_SUBSET, "weight": canary},
        ]
        service = fg.MANAGED if routes == "managed" else "shop"
        return fg.step(
            "K8S_TRAFFIC_SPLIT",
            op.name,
            virtualServiceName=service,
            istioDestinationWeights=weights,
        )
    if op.does == "delete":
        return fg.step("K8S_DELETE", op.name, resources=fg.CANARY)
    if op.does == "script":
        return fg.step("SHELL_SCRIPT", op.name, scriptString="./shift.sh")
    kinds = {
        "deploy": "K8S_CANARY_DEPLOY",
        "roll": "K8S_DEPLOYMENT_ROLLING",
        "undo-roll": "K8S_DEPLOYMENT_ROLLING_ROLLBACK",
        "ask": "APPROVAL",
    }
    return fg.step(kinds[op.does], op.name)


def fg_section(number: int, block: tuple[Op, ...], routes: Routes) -> str:
    entries = "".join(
        f"  - {{scope: SPECIFIC_STEPS, steps: [{op.name}], assertionExpression: '{op.when}'}}\n"
        for op in block
        if op.when
    )
    steps = [fg_step(op, routes) for op in block]
    extra = f"stepSkipStrategies:\n{entries}" if entries else ""
    return fg.section(f"Part {number}", *steps, parallel=len(block) > 1, extra=extra)


def as_workflow(plan: Plan) -> str:
    sections = [fg_section(n, block, plan.routes) for n, block in enumerate(plan.blocks)]
    phases = [fg.phase("One", *sections[: plan.cut]), fg.phase("Two", *sections[plan.cut :])]
    undo = [fg_section(n, block, plan.routes) for n, block in enumerate(plan.rollback)]
    back = fg.phase("Undo", *undo).replace(
        "  phaseSteps:\n", "  phaseNameForRollback: One\n  phaseSteps:\n"
    )
    return fg.workflow(*phases, rollback=(back,) if undo else ())


def ng_step(op: Op) -> str:
    extra = f"when: {{condition: <+pipeline.variables.{op.when}>}}\n" if op.when else ""
    hidden = isinstance(op.share, str)
    canary: Any = f"<+pipeline.variables.{op.share}>" if hidden else op.share
    stable: Any = "<+pipeline.variables.rest>" if hidden else 100 - int(op.share)
    if op.does == "split":
        return ng.traffic_routing(canary, stable, name=op.name, extra=extra)
    if op.does == "deploy":
        settings = {} if op.share == "" else {"trafficRouting": ng.routing(canary, stable)}
        return ng.canary_deploy(name=op.name, extra=extra, **settings)
    kinds = {
        "delete": "K8sCanaryDelete",
        "roll": "K8sRollingDeploy",
        "undo-roll": "K8sRollingRollback",
        "ask": "HarnessApproval",
        "script": "ShellScript",
    }
    return ng.step(kinds[op.does], op.name, extra=extra)


def ng_blocks(blocks: Iterable[tuple[Op, ...]]) -> list[str]:
    texts = [[ng_step(op) for op in block] for block in blocks]
    return [ng.parallel(*steps) if len(steps) > 1 else steps[0] for steps in texts]


def as_pipeline(plan: Plan) -> str:
    entries = ng_blocks(plan.blocks)
    grouped = [ng.group("First", *entries[: plan.cut])] if plan.cut else []
    undo = tuple(ng_blocks(plan.rollback))
    return ng.pipeline(ng.stage("Deploy", *grouped, *entries[plan.cut :], rollback=undo))


def as_rollout(plan: Plan) -> Rollout:
    text = as_pipeline(plan) if plan.routes == "routing" else as_workflow(plan)
    (rollout,) = read_rollouts(Document(SourceFile("rollout.yaml", text), 0, text, 0, None))
    assert len(rollout.steps) == sum(map(len, plan.blocks))
    return rollout


# -- random plans ---------------------------------------------------------------------------------

PLAIN = st.sampled_from((0, 10, 50))
SHARES = PLAIN | st.sampled_from(("a", "b"))
WHEN = st.sampled_from(("", "", "", "x", "y"))


def ops(*does: str, plain: bool) -> st.SearchStrategy[Op]:
    shares = PLAIN if plain else SHARES
    when = st.just("") if plain else WHEN

    def make(word: str, share: int | str, brings: bool, condition: str) -> Op:
        if word != "split" and not (word == "deploy" and brings):
            share = ""
        return Op(word, share, condition)

    return st.builds(make, st.sampled_from(does), shares, st.booleans(), when)


@st.composite
def plans(draw: Any, plain: bool) -> Plan:
    routes: Routes = draw(
        st.sampled_from(("managed", "routing") if plain else ("managed", "elsewhere", "routing"))
    )
    forward = ["deploy", "split", "split", "delete", "roll", "ask"]
    back = ["split", "delete", "undo-roll"]
    if not plain:
        forward.append("script")
    width = st.just(1) if plain else st.sampled_from((1, 1, 1, 2, 3))

    def blocks(does: list[str], least: int, most: int) -> tuple[tuple[Op, ...], ...]:
        sizes = draw(st.lists(width, min_size=least, max_size=most))
        return tuple(tuple(draw(ops(*does, plain=plain)) for _ in range(size)) for size in sizes)

    found = blocks(forward, 0, 5)
    ending = draw(
        st.sampled_from((None, ("delete",), ("split", "roll"), ("split", "roll", "delete")))
    )
    if ending is not None:
        share = draw(PLAIN)
        last = ((Op(does, share if does == "split" else ""),) for does in ending)
        found = ((Op("deploy", ""),), *found, *last)
    found = found or ((Op("ask", ""),),)
    undo = blocks(back, 0, 3)
    number = iter(range(100))

    def named(op: Op) -> Op:
        if op.does == "deploy" and routes != "routing":
            op = replace(op, share="")  # FirstGen deploys without routes
        return replace(op, name=f"s{next(number)}")

    found = tuple(tuple(named(op) for op in block) for block in found)
    undo = tuple(tuple(named(op) for op in block) for block in undo)
    return Plan(routes, found, undo, draw(st.integers(1, len(found))))


# -- the comparison -------------------------------------------------------------------------------


def number_of(plan: Plan, name: str) -> int:
    return next(n for n, block in enumerate(plan.blocks) if any(op.name == name for op in block))


def back_number_of(plan: Plan, name: str) -> int:
    return next(n for n, block in enumerate(plan.rollback) if any(op.name == name for op in block))


def conditions_of(plan: Plan) -> set[str]:
    return {op.when for block in (*plan.blocks, *plan.rollback) for op in block if op.when}


@settings(max_examples=200)
@given(plans(plain=False))
def test_what_is_certain_is_true_in_every_course(plan: Plan) -> None:
    walked = walk(as_rollout(plan), Catalog())
    courses = [
        (world.holds, after_each(plan, world, plan.blocks, beginnings(plan)))
        for world in worlds(plan)
    ]
    for hazard in walked.hazards:
        at = number_of(plan, hazard.step.name) + 1
        if hazard.kind == "never-restored":
            at = len(plan.blocks)

        def there(nows: set[Now], kind: str = hazard.kind) -> bool:
            return all(now.share > 0 if kind == "never-restored" else now.lost for now in nows)

        told = [(holds, there(after[at])) for holds, after in courses]
        assert_true(told, conditions_of(plan), hazard.certain)
    for moment in walked.moments:
        at = number_of(plan, moment.step.name) + 1
        known = moment.after
        for _holds, after in courses:
            for now in after[at]:
                assert not isinstance(known.share, int) or known.share == now.share
                assert known.under_test is None or known.under_test == now.pods
                assert known.tried is None or known.tried == now.tried
                assert known.rolled_out is None or known.rolled_out == now.rolled


def assert_true(
    told: list[tuple[frozenset[str], bool]], conditions: set[str], certain: bool
) -> None:
    everywhere = all(there for _holds, there in told)
    if certain:
        assert everywhere
        return
    assert any(
        all(there for holds, there in told if condition in holds) for condition in conditions
    )


@settings(max_examples=150)
@given(plans(plain=False))
def test_what_is_certain_of_a_rollback_is_true_in_every_course(plan: Plan) -> None:
    rollout = as_rollout(plan)
    for number, block in enumerate(plan.blocks):
        for op in block:
            (failed,) = (step for step in rollout.steps if step.name == op.name)
            hazards = walk_back(rollout, Catalog(), failed).hazards
            courses = [
                (
                    world.holds,
                    after_each(plan, world, plan.rollback, before_failure(plan, world, number, op)),
                )
                for world in worlds(plan)
            ]
            for hazard in hazards:
                at = back_number_of(plan, hazard.step.name) + 1
                told = [(holds, all(now.lost for now in after[at])) for holds, after in courses]
                assert_true(told, conditions_of(plan), hazard.certain)


@settings(max_examples=200)
@given(plans(plain=True).filter(has_one_course))
def test_where_there_is_one_course_all_its_hazards_are_found(plan: Plan) -> None:
    walked = walk(as_rollout(plan), Catalog())
    (world,) = worlds(plan)
    course = after_each(plan, world, plan.blocks, beginnings(plan))
    nows = [Now(0, pods=False), *(next(iter(nows)) for nows in course[1:])]
    assert all(len(nows) == 1 for nows in course[1:])
    lost = [
        (plan.blocks[n][0].name, nows[n + 1].share)
        for n in range(len(plan.blocks))
        if nows[n + 1].lost and not nows[n].lost
    ]
    found = [(h.step.name, h.share) for h in walked.hazards if h.kind != "never-restored"]
    assert found == lost
    end = nows[-1]
    stays = end.share > 0 and end.tried and end.rolled and end.pods and not lost
    assert [h.share for h in walked.hazards if h.kind == "never-restored"] == [end.share] * stays
    assert all(hazard.certain for hazard in walked.hazards)
    assert [(m.after.share, m.after.under_test) for m in walked.moments] == [
        (now.share, now.pods) for now in nows[1:]
    ]


@settings(max_examples=200)
@given(plans(plain=True).filter(has_one_course))
def test_where_there_is_one_course_all_hazards_of_its_rollback_are_found(plan: Plan) -> None:
    rollout = as_rollout(plan)
    (world,) = worlds(plan)
    every = set()
    for number, block in enumerate(plan.blocks):
        (failed,) = (step for step in rollout.steps if step.name == block[0].name)
        course = after_each(
            plan, world, plan.rollback, before_failure(plan, world, number, block[0])
        )
        if not all(len({(now.share, now.lost) for now in nows}) == 1 for nows in course):
            return  # nobody knows what an undone rollout leaves in a managed VirtualService
        nows = [next(iter(nows)) for nows in course]
        lost = [
            (plan.rollback[n][0].name, nows[n + 1].share)
            for n in range(len(plan.rollback))
            if nows[n + 1].lost and not nows[n].lost
        ]
        hazards = walk_back(rollout, Catalog(), failed).hazards
        assert [(h.step.name, h.share) for h in hazards] == lost
        assert all(h.certain and h.failed_at is failed for h in hazards)
        every |= {name for name, _share in lost}
    assert {h.step.name for h in rollback_hazards(rollout, Catalog())} == every
