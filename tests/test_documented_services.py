"""Whole services as the documents of Harness describe them: the right ones are silent, each wrong twin is
found once, at its line.

Each stands in its FirstGen tree, the last one beside a pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

import pytest

from conftest import Tree
from tsplit_lint import Severity

APP = "Setup/Applications/Shop"

MANAGED = "${k8s.virtualServiceName}"


def service_files(name: str, files: Mapping[str, str]) -> dict[str, str]:
    """A service in the FirstGen layout, with its manifests."""
    root = f"{APP}/Services/{name}"
    found = {
        f"{APP}/Index.yaml": "harnessApiVersion: '1.0'\ntype: APPLICATION\n",
        f"{root}/Index.yaml": "harnessApiVersion: '1.0'\ntype: SERVICE\ndeploymentType: KUBERNETES\n",
        f"{root}/Manifests/Index.yaml": (
            "harnessApiVersion: '1.0'\ntype: APPLICATION_MANIFEST\nstoreType: Local\n"
        ),
    }
    return found | {f"{root}/Manifests/Files/{path}": dedent(text) for path, text in files.items()}


def steps_yaml(*steps: str) -> str:
    return "".join(f"    {line}\n" for step in steps for line in step.splitlines())


def step(kind: str, name: str, *properties: str) -> str:
    lines = [f"- type: {kind}", f"  name: {name}"]
    if properties:
        lines += ["  properties:", *(f"    {line}" for line in properties)]
    return "\n".join(lines)


CANARY_DEPLOY = step(
    "K8S_CANARY_DEPLOY", "Canary Deployment", "instanceUnitType: COUNT", "instances: '1'"
)
ROLLOUT = step("K8S_DEPLOYMENT_ROLLING", "Rollout Deployment")
DELETE = step(
    "K8S_DELETE", "Canary Delete", "instanceUnitType: COUNT", "resources: ${k8s.canaryWorkload}"
)
ROLLBACK = step("K8S_DEPLOYMENT_ROLLING_ROLLBACK", "Rollback Deployment")
APPROVAL = step("APPROVAL", "Approval", "approvalStateType: USER_GROUP")
VERIFY = step("PROMETHEUS", "Error rate")
APPLY = step("K8S_APPLY", "Apply", "filePaths: templates/virtual-service.yaml")


def split(canary: int, name: str = MANAGED) -> str:
    return step(
        "K8S_TRAFFIC_SPLIT",
        f"Traffic Split {canary}",
        f"virtualServiceName: {name}",
        "istioDestinationWeights:",
        "- destination: ${k8s.stableDestination}",
        f"  weight: '{100 - canary}'",
        "- destination: ${k8s.canaryDestination}",
        f"  weight: '{canary}'",
    )


def section(name: str, *steps: str) -> str:
    text = f"  - type: K8S_PHASE_STEP\n    name: {name}\n"
    if steps:
        text += "    steps:\n" + steps_yaml(*steps)
    return text + "    stepsInParallel: false\n"


def phase(name: str, *sections: str, service: str, undoes: str = "") -> str:
    return (
        "- type: KUBERNETES\n"
        "  computeProviderName: k8s-prod\n"
        "  daemonSet: false\n"
        "  infraDefinitionName: prod-ns\n"
        f"  name: {name}\n"
        + (f"  phaseNameForRollback: {undoes}\n" if undoes else "")
        + "  phaseSteps:\n"
        + "".join(sections)
        + "  provisionNodes: false\n"
        f"  serviceName: {service}\n"
        "  statefulSet: false\n"
    )


def workflow(*phases: str, rollback: tuple[str, ...] = (), kind: str = "CANARY") -> str:
    text = (
        "harnessApiVersion: '1.0'\n"
        f"type: {kind}\n"
        "concurrencyStrategy: INFRA\n"
        "envName: prod\n"
        "failureStrategies:\n"
        "- executionScope: WORKFLOW\n"
        "  failureTypes:\n"
        "  - APPLICATION_ERROR\n"
        "  repairActionCode: ROLLBACK_WORKFLOW\n"
        "  retryCount: 0\n"
        "phases:\n" + "".join(phases)
    )
    if rollback:
        text += "rollbackPhases:\n" + "".join(rollback)
    return text + "templatized: false\n"


def show(tree: Tree, files: Mapping[str, str]) -> list[str]:
    """All findings, as `file rule: the line it points at`.

    The Gateway of the document takes every host, and an information says so: it is not about the rollout.
    """
    tree.write(files)
    return [
        f"{tree.name(finding.file).rpartition('/')[2]} {finding.rule}: "
        + files[tree.name(finding.file)].splitlines()[finding.span.line - 1].strip()
        for finding in tree.lint()
        if (finding.rule, finding.severity) != ("TS509", Severity.INFO)
    ]


# -- the Istio document: managed objects and a Traffic Split --------------------------------------

SHOP_VALUES = "name: shop\nreplicas: 3\nimage: ${artifact.metadata.image}\n"

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{.Values.name}}-deployment
spec:
  replicas: {{int .Values.replicas}}
  selector:
    matchLabels:
      app: {{.Values.name}}
  template:
    metadata:
      labels:
        app: {{.Values.name}}
    spec:
      containers:
      - name: {{.Values.name}}
        image: {{.Values.image}}
        ports:
        - containerPort: 8080
"""

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: {{.Values.name}}-svc
spec:
  ports:
  - name: http
    port: 80
    targetPort: 8080
    protocol: TCP
  selector:
    app: {{.Values.name}}
"""

SHOP = {
    "values.yaml": SHOP_VALUES,
    "templates/deployment.yaml": DEPLOYMENT,
    "templates/service.yaml": SERVICE,
    "templates/destination-rule.yaml": """\
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          annotations:
            harness.io/managed: "true"
          name: {{.Values.name}}-destinationrule
        spec:
          host: {{.Values.name}}-svc
          trafficPolicy:
            loadBalancer:
              simple: RANDOM
        """,
    "templates/virtual-service.yaml": """\
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          annotations:
            harness.io/managed: "true"
          name: {{.Values.name}}-virtualservice
        spec:
          gateways:
          - {{.Values.name}}-gateway
          hosts:
          - test.com
          http:
          - route:
            - destination:
                host: {{.Values.name}}-svc
        """,
    "templates/gateway.yaml": """\
        apiVersion: networking.istio.io/v1alpha3
        kind: Gateway
        metadata:
          name: {{.Values.name}}-gateway
        spec:
          selector:
            istio: ingressgateway
          servers:
          - port:
              number: 80
              name: http
              protocol: HTTP
            hosts:
            - "*"
        """,
}

SHOP_ROLLBACK = (
    phase(
        "Rollback Canary",
        section("Deploy", split(0)),
        section("Wrap Up", DELETE),
        service="shop",
        undoes="Canary",
    ),
    phase(
        "Rollback Primary",
        section("Deploy", ROLLBACK),
        section("Wrap Up"),
        service="shop",
        undoes="Primary",
    ),
)


def istio(
    verify: tuple[str, ...] = (split(10), APPROVAL, split(50), VERIFY),
    canary_end: tuple[str, ...] = (),
    primary_end: tuple[str, ...] = (DELETE,),
    manifests: Mapping[str, str] = SHOP,
) -> dict[str, str]:
    """The service of the document, and a canary workflow with Traffic Splits."""
    text = workflow(
        phase(
            "Canary",
            section("Deploy", CANARY_DEPLOY),
            section("Verify", *verify),
            section("Wrap Up", *canary_end),
            service="shop",
        ),
        phase(
            "Primary",
            section("Deploy", ROLLOUT),
            section("Verify"),
            section("Wrap Up", *primary_end),
            service="shop",
        ),
        rollback=SHOP_ROLLBACK,
    )
    return {f"{APP}/Workflows/Canary shop.yaml": text, **service_files("shop", manifests)}


def changed(name: str, old: str, new: str, files: Mapping[str, str] = SHOP) -> dict[str, str]:
    """The manifests with one text replaced."""
    assert old in files[name]
    return {**files, name: files[name].replace(old, new)}


def test_the_istio_document(tree: Tree) -> None:
    assert show(tree, istio()) == []


VIRTUAL_SERVICE = "templates/virtual-service.yaml"
DESTINATION_RULE = "templates/destination-rule.yaml"
UNQUOTED = ('harness.io/managed: "true"', "harness.io/managed: true")
SECOND_ROUTE = (
    "          http:\n",
    "          http:\n"
    "          - match:\n"
    "            - uri:\n"
    "                prefix: /old\n"
    "            route:\n"
    "            - destination:\n"
    "                host: {{.Values.name}}-svc\n",
)


@pytest.mark.parametrize(
    ("files", "finding"),
    [
        (
            istio(canary_end=(DELETE,), primary_end=()),
            "Canary shop.yaml TS601: - type: K8S_DELETE",
        ),
        (
            istio(primary_end=(DELETE, split(5))),
            "Canary shop.yaml TS604: - type: K8S_TRAFFIC_SPLIT",
        ),
        (
            istio(verify=(split(10, "shop-virtual"),)),
            "Canary shop.yaml TS611: virtualServiceName: shop-virtual",
        ),
        (
            istio(manifests=changed(VIRTUAL_SERVICE, *UNQUOTED)),
            "virtual-service.yaml TS101: harness.io/managed: true",
        ),
        (
            istio(
                manifests=changed(
                    DESTINATION_RULE,
                    '            harness.io/managed: "true"\n',
                    '            owner: "shop"\n',
                    changed(VIRTUAL_SERVICE, '"true"', '"false"'),
                )
            ),
            'virtual-service.yaml TS104: harness.io/managed: "false"',
        ),
        (
            istio(manifests=changed(VIRTUAL_SERVICE, *SECOND_ROUTE)),
            "virtual-service.yaml TS105: - match:",
        ),
        (
            istio(
                manifests=changed(
                    "templates/deployment.yaml", "kind: Deployment", "kind: DaemonSet"
                )
            ),
            "Canary shop.yaml TS125: - type: K8S_CANARY_DEPLOY",
        ),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)
def test_a_wrong_twin_of_the_istio_document(
    tree: Tree, files: dict[str, str], finding: str
) -> None:
    assert show(tree, files) == [finding]


# -- TCP: an Apply step shifts traffic ------------------------------------------------------------

ECHO = {
    "values.yaml": (
        "name: tcp-echo\n"
        "replicas: 2\n"
        "image: istio/tcp-echo-server:1.2\n"
        "canaryWeight: ${canaryTrafficWeight.variables.canary}\n"
        "stableWeight: ${canaryTrafficWeight.variables.stable}\n"
    ),
    "templates/deployment.yaml": DEPLOYMENT,
    "templates/service.yaml": """\
        apiVersion: v1
        kind: Service
        metadata:
          name: {{.Values.name}}-svc
        spec:
          ports:
          - name: tcp
            port: 9000
            targetPort: 8080
          selector:
            app: {{.Values.name}}
        """,
    "templates/destination-rule.yaml": """\
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: {{.Values.name}}-destination
        spec:
          host: {{.Values.name}}-svc
          subsets:
          - name: stable
            labels:
              harness.io/track: stable
          - name: canary
            labels:
              harness.io/track: canary
        """,
    "templates/gateway.yaml": """\
        apiVersion: networking.istio.io/v1alpha3
        kind: Gateway
        metadata:
          name: {{.Values.name}}-gateway
        spec:
          selector:
            istio: ingressgateway
          servers:
          - port:
              number: 31400
              name: tcp
              protocol: TCP
            hosts:
            - "*"
        """,
    "templates/virtual-service.yaml": """\
        # harness.io/skip-file-for-deploy
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}-virtual-service
        spec:
          hosts:
          - "*"
          gateways:
          - {{.Values.name}}-gateway
          tcp:
          - match:
            - port: 31400
            route:
            - destination:
                host: {{.Values.name}}-svc
                port:
                  number: 9000
                subset: stable
              weight: {{.Values.stableWeight}}
            - destination:
                host: {{.Values.name}}-svc
                port:
                  number: 9000
                subset: canary
              weight: {{.Values.canaryWeight}}
        """,
}


def tcp(
    canary_end: tuple[str, ...] = (),
    primary_end: tuple[str, ...] = (APPROVAL, APPLY, DELETE),
    rollback: tuple[str, ...] = (APPLY,),
    apply: str = APPLY,
    manifests: Mapping[str, str] = ECHO,
) -> dict[str, str]:
    """The TCP service: phases of 10/90 and 20/80, then the rollout.

    The rollback phases give stable all traffic back, as a right workflow does.
    """
    text = workflow(
        phase(
            "Canary",
            section("Deploy", CANARY_DEPLOY),
            section("Traffic Split 10/90", APPROVAL, apply),
            section("Verify"),
            section("Wrap Up", *canary_end),
            service="tcp-echo",
        ),
        phase("Split 20/80", section("Deploy", APPROVAL, APPLY), service="tcp-echo"),
        phase(
            "Primary",
            section("Deploy", ROLLOUT),
            section("Verify"),
            section("Wrap Up", *primary_end),
            service="tcp-echo",
        ),
        rollback=(
            phase(
                "Rollback Primary",
                section("Deploy", ROLLBACK),
                service="tcp-echo",
                undoes="Primary",
            ),
            phase(
                "Rollback Split",
                section("Deploy", *rollback),
                service="tcp-echo",
                undoes="Split 20/80",
            ),
            phase(
                "Rollback Canary",
                section("Deploy", *rollback),
                section("Wrap Up"),
                service="tcp-echo",
                undoes="Canary",
            ),
        ),
    )
    return {f"{APP}/Workflows/Canary TCP.yaml": text, **service_files("tcp-echo", manifests)}


def test_the_tcp_document(tree: Tree) -> None:
    assert show(tree, tcp()) == []


OTHER_APPLY = APPLY.replace("templates/", "")
UNMARKED = ("        # harness.io/skip-file-for-deploy\n", "")
BELOW = (
    "        # harness.io/skip-file-for-deploy\n",
    "        ---\n        # harness.io/skip-file-for-deploy\n",
)


@pytest.mark.parametrize(
    ("files", "findings"),
    [
        (
            tcp(canary_end=(DELETE,), primary_end=(APPROVAL, APPLY)),
            ["Canary TCP.yaml TS601: - type: K8S_DELETE"],
        ),
        (tcp(primary_end=(APPROVAL, DELETE)), ["Canary TCP.yaml TS623: - type: K8S_DELETE"]),
        (tcp(rollback=()), ["Canary TCP.yaml TS625: - type: K8S_APPLY"]),
        (
            tcp(apply=OTHER_APPLY),
            ["Canary TCP.yaml TS627: filePaths: virtual-service.yaml"],
        ),
        (
            tcp(apply=split(10, "tcp-echo-virtual-service")),
            ["Canary TCP.yaml TS619: virtualServiceName: tcp-echo-virtual-service"],
        ),
        (
            tcp(manifests=changed(VIRTUAL_SERVICE, *UNMARKED, files=ECHO)),
            ["Canary TCP.yaml TS122: filePaths: templates/virtual-service.yaml"],
        ),
        (
            tcp(manifests=changed(DESTINATION_RULE, "harness.io/track:", "version:", files=ECHO)),
            ["destination-rule.yaml TS124: labels:"] * 2,
        ),
    ],
    ids=[
        "delete too early",
        "no reset before the delete",
        "no reset in the rollback",
        "path without its folder",
        "Traffic Split of a tcp route",
        "not skipped",
        "own labels",
    ],
)
def test_a_wrong_twin_of_the_tcp_document(
    tree: Tree, files: dict[str, str], findings: list[str]
) -> None:
    assert show(tree, files) == findings


# -- the workflow that Harness generates ----------------------------------------------------------


def generated(verify: tuple[str, ...] = (), primary_end: tuple[str, ...] = ()) -> dict[str, str]:
    """The canary workflow as Harness makes it, for a service that is not split."""
    text = workflow(
        phase(
            "Canary",
            section("Deploy", CANARY_DEPLOY),
            section("Verify", *verify),
            section("Wrap Up", DELETE),
            service="shop",
        ),
        phase(
            "Primary",
            section("Deploy", ROLLOUT),
            section("Verify"),
            section("Wrap Up", *primary_end),
            service="shop",
        ),
        rollback=(
            phase(
                "Rollback Canary",
                section("Deploy"),
                section("Wrap Up"),
                service="shop",
                undoes="Canary",
            ),
            phase(
                "Rollback Primary",
                section("Deploy", ROLLBACK),
                section("Wrap Up"),
                service="shop",
                undoes="Primary",
            ),
        ),
    )
    plain = {name: SHOP[name] for name in ("values.yaml", "templates/deployment.yaml")}
    plain["templates/service.yaml"] = SERVICE
    return {f"{APP}/Workflows/Canary.yaml": text, **service_files("shop", plain)}


def test_the_workflow_that_harness_generates(tree: Tree) -> None:
    assert show(tree, generated()) == []
    assert show(tree, generated(verify=(VERIFY, APPROVAL))) == []


def test_the_generated_workflow_with_a_traffic_split(tree: Tree) -> None:
    text = generated(verify=(split(10),))
    files = text | service_files("shop", SHOP)
    assert "Canary.yaml TS601: - type: K8S_DELETE" in show(tree, files)


# -- blue/green -----------------------------------------------------------------------------------

COLOURS = {
    "values.yaml": SHOP_VALUES,
    "templates/deployment.yaml": DEPLOYMENT,
    "templates/service.yaml": SERVICE.replace(
        "  name: {{.Values.name}}-svc\n",
        '  name: {{.Values.name}}-svc\n  annotations:\n    harness.io/primary-service: "true"\n',
    ),
    "templates/service-stage.yaml": SERVICE.replace(
        "  name: {{.Values.name}}-svc\n",
        "  name: {{.Values.name}}-svc-stage\n"
        "  annotations:\n"
        '    harness.io/stage-service: "true"\n',
    ),
    "templates/gateway.yaml": SHOP["templates/gateway.yaml"],
    "templates/destination-rule.yaml": """\
        apiVersion: networking.istio.io/v1alpha3
        kind: DestinationRule
        metadata:
          name: {{.Values.name}}-destinationrule
        spec:
          host: {{.Values.name}}-svc
          subsets:
          - name: blue
            labels:
              harness.io/color: blue
          - name: green
            labels:
              harness.io/color: green
        """,
    "templates/virtual-service.yaml": """\
        apiVersion: networking.istio.io/v1alpha3
        kind: VirtualService
        metadata:
          name: {{.Values.name}}-virtualservice
        spec:
          gateways:
          - {{.Values.name}}-gateway
          hosts:
          - test.com
          http:
          - route:
            - destination:
                host: {{.Values.name}}-svc
                subset: blue
        """,
}


def colour_split(one: str = "blue", other: str = "green") -> str:
    return step(
        "K8S_TRAFFIC_SPLIT",
        "Traffic Split",
        "virtualServiceName: shop-virtualservice",
        "istioDestinationWeights:",
        f'- destination: "host: shop-svc\\nsubset: {one}"',
        "  weight: '80'",
        f'- destination: "host: shop-svc\\nsubset: {other}"',
        "  weight: '20'",
    )


SWAP = step(
    "KUBERNETES_SWAP_SERVICE_SELECTORS",
    "Swap Primary with Stage",
    "service1: ${k8s.primaryServiceName}",
    "service2: ${k8s.stageServiceName}",
)


def blue_green(verify: str = "", kind: str = "BLUE_GREEN") -> dict[str, str]:
    """A Blue/Green workflow that splits traffic between subsets of its own."""
    text = workflow(
        phase(
            "Phase 1",
            section("Deploy", step("K8S_BLUE_GREEN_DEPLOY", "Stage Deployment")),
            section("Verify", verify or colour_split()),
            section("Route Update", SWAP),
            section("Wrap Up"),
            service="shop",
        ),
        kind=kind,
    )
    return {f"{APP}/Workflows/Blue green.yaml": text, **service_files("shop", COLOURS)}


def test_blue_green(tree: Tree) -> None:
    assert show(tree, blue_green()) == []


@pytest.mark.parametrize(
    ("files", "finding"),
    [
        (
            blue_green(split(10, "shop-virtualservice")),
            "Blue green.yaml TS617: - destination: ${k8s.stableDestination}",
        ),
        (
            blue_green(colour_split(other="red")),
            'Blue green.yaml TS618: - destination: "host: shop-svc\\nsubset: red"',
        ),
        (blue_green(kind="CANARY"), "Blue green.yaml TS607: - type: K8S_BLUE_GREEN_DEPLOY"),
    ],
    ids=["canary destinations", "subset", "type"],
)
def test_a_wrong_twin_of_blue_green(tree: Tree, files: dict[str, str], finding: str) -> None:
    assert show(tree, files) == [finding]


# -- NextGen --------------------------------------------------------------------------------------

PIPELINE = """\
pipeline:
  name: Shop
  identifier: Shop
  projectIdentifier: shop
  orgIdentifier: default
  tags: {}
  stages:
  - stage:
      name: Deploy
      identifier: Deploy
      description: ""
      type: Deployment
      spec:
        deploymentType: Kubernetes
        service:
          serviceRef: shop
        environment:
          environmentRef: prod
          deployToAll: false
          infrastructureDefinitions:
          - identifier: prod
        execution:
          steps:
          - stepGroup:
              name: Canary Deployment
              identifier: canaryDepoyment
              steps:
              - step:
                  name: Canary Deployment
                  identifier: canaryDeployment
                  type: K8sCanaryDeploy
                  timeout: 10m
                  spec:
                    instanceSelection:
                      type: Count
                      spec:
                        count: 1
                    skipDryRun: false
ROUTING              - step:
                  name: Canary Delete
                  identifier: canaryDelete
                  type: K8sCanaryDelete
                  timeout: 10m
                  spec: {}
          - stepGroup:
              name: Primary Deployment
              identifier: primaryDepoyment
              steps:
              - step:
                  name: Rolling Deployment
                  identifier: rollingDeployment
                  type: K8sRollingDeploy
                  timeout: 10m
                  spec:
                    skipDryRun: false
          rollbackSteps:
          - step:
              name: Canary Delete
              identifier: rollbackCanaryDelete
              type: K8sCanaryDelete
              timeout: 10m
              spec: {}
          - step:
              name: Rolling Rollback
              identifier: rollingRollback
              type: K8sRollingRollback
              timeout: 10m
              spec: {}
      failureStrategies:
      - onFailure:
          errors:
          - AllErrors
          action:
            type: StageRollback
"""

ROUTING = """\
              - step:
                  name: Traffic 10
                  identifier: traffic10
                  type: K8sTrafficRouting
                  timeout: 10m
                  spec:
                    type: config
                    trafficRouting:
                      provider: istio
                      spec:
                        name: shop-traffic
                        hosts:
                        - shop-svc
                        gateways:
                        - shop-gateway
                        routes:
                        - route:
                            type: http
                            name: main
                            destinations:
                            - destination:
                                host: stable
                                weight: 90
                            - destination:
                                host: canary
                                weight: 10
"""


def pipeline(routing: str = "") -> dict[str, str]:
    """A canary pipeline beside the manifests of its service."""
    names = ("values.yaml", "templates/deployment.yaml", "templates/service.yaml")
    return {
        ".harness/shop.yaml": PIPELINE.replace("ROUTING", routing),
        **{f"shop/{name}": SHOP[name] for name in names},
    }


def test_a_canary_pipeline_that_shifts_no_traffic(tree: Tree) -> None:
    assert show(tree, pipeline()) == []


def test_the_pipeline_with_traffic_routing(tree: Tree) -> None:
    assert "shop.yaml TS701: type: K8sCanaryDelete" in show(tree, pipeline(ROUTING))
