"""Static policy linter for traffic splitting on Istio and Harness.

The public API: what a rule or a plugin needs, and `lint` for programs.  Names are imported on first
use, so that `import tsplit_lint` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .version import VERSION as __version__

if TYPE_CHECKING:
    from .catalog.choice import chosen_clients as chosen_clients
    from .catalog.choice import rival_rules as rival_rules
    from .catalog.company import Ledger as Ledger
    from .catalog.company import Together as Together
    from .catalog.core import Catalog as Catalog
    from .catalog.endpoints import contradicting_label as contradicting_label
    from .catalog.endpoints import endpoint_labels as endpoint_labels
    from .catalog.endpoints import selects_nothing as selects_nothing
    from .catalog.gateways import GENERATED_GATEWAY as GENERATED_GATEWAY
    from .catalog.gateways import HTTP_PROTOCOLS as HTTP_PROTOCOLS
    from .catalog.gateways import ROUTE_KINDS as ROUTE_KINDS
    from .catalog.gateways import TLS_PROTOCOLS as TLS_PROTOCOLS
    from .catalog.gateways import GatewayReference as GatewayReference
    from .catalog.gateways import Listener as Listener
    from .catalog.gateways import ServedHosts as ServedHosts
    from .catalog.gateways import gateway_host_problem as gateway_host_problem
    from .catalog.gateways import gateway_key as gateway_key
    from .catalog.gateways import gateway_references as gateway_references
    from .catalog.gateways import hides_selector as hides_selector
    from .catalog.gateways import is_mesh_host as is_mesh_host
    from .catalog.gateways import listeners as listeners
    from .catalog.gateways import names_hidden_gateway as names_hidden_gateway
    from .catalog.gateways import pods_shared as pods_shared
    from .catalog.gateways import uses_mesh as uses_mesh
    from .catalog.hosts import EXTERNAL as EXTERNAL
    from .catalog.hosts import Host as Host
    from .catalog.hosts import namespaces_meet as namespaces_meet
    from .catalog.lookup import Lookup as Lookup
    from .catalog.mesh import USE_WAYPOINT as USE_WAYPOINT
    from .catalog.mesh import WaypointName as WaypointName
    from .catalog.mesh import injects as injects
    from .catalog.mesh import is_ambient as is_ambient
    from .catalog.mesh import uses_waypoint as uses_waypoint
    from .catalog.mesh import wants_sidecar as wants_sidecar
    from .catalog.references import is_delivery_pair as is_delivery_pair
    from .catalog.rivals import Claim as Claim
    from .catalog.rivals import Rivals as Rivals
    from .catalog.rivals import Seat as Seat
    from .catalog.rivals import share_audience as share_audience
    from .catalog.slips import one_slip_away as one_slip_away
    from .catalog.subsets import defined_subsets as defined_subsets
    from .config import Config as Config
    from .config import Override as Override
    from .delegates import Delegation as Delegation
    from .delegates import delegation as delegation
    from .delegates import is_delegate as is_delegate
    from .delegates import is_exported as is_exported
    from .delegates import match_conflicts as match_conflicts
    from .document import MANAGED as MANAGED
    from .document import Document as Document
    from .document import path_text as path_text
    from .document_error import DocumentError as DocumentError
    from .engine import Report as Report
    from .engine import lint as lint
    from .finding import Finding as Finding
    from .finding import Fix as Fix
    from .finding import Related as Related
    from .finding import Severity as Severity
    from .finding import Span as Span
    from .flaws import Flaw as Flaw
    from .flaws import host_mend as host_mend
    from .flaws import port_name_flaws as port_name_flaws
    from .flaws import port_protocol_flaws as port_protocol_flaws
    from .flaws import selector_flaws as selector_flaws
    from .flaws import selects_all as selects_all
    from .flaws import socket_flaws as socket_flaws
    from .harness.effects import State as State
    from .harness.effects import runs_anything as runs_anything
    from .harness.manifest import PRIMARY_SERVICE as PRIMARY_SERVICE
    from .harness.manifest import STAGE_SERVICE as STAGE_SERVICE
    from .harness.manifest import each_beyond_the_first as each_beyond_the_first
    from .harness.manifest import has_harness_marks as has_harness_marks
    from .harness.manifest import in_full_sight as in_full_sight
    from .harness.manifest import kept_destination as kept_destination
    from .harness.manifest import managed_in as managed_in
    from .harness.manifest import meant_as_managed as meant_as_managed
    from .harness.manifest import says_no as says_no
    from .harness.manifest import uses_blue_green as uses_blue_green
    from .harness.manifests_of import Deployer as Deployer
    from .harness.manifests_of import Manifests as Manifests
    from .harness.manifests_of import all_rollouts as all_rollouts
    from .harness.manifests_of import deployers as deployers
    from .harness.manifests_of import failing_split as failing_split
    from .harness.manifests_of import manifests_of as manifests_of
    from .harness.model import Phase as Phase
    from .harness.model import Rollout as Rollout
    from .harness.model import Section as Section
    from .harness.model import Step as Step
    from .harness.model import is_progressive as is_progressive
    from .harness.model import shown as shown
    from .harness.routing import RoutedDestination as RoutedDestination
    from .harness.routing import RoutedRoute as RoutedRoute
    from .harness.routing import TrafficRouting as TrafficRouting
    from .harness.routing import traffic_routings as traffic_routings
    from .harness.shift import EarlyDelete as EarlyDelete
    from .harness.shift import LateShift as LateShift
    from .harness.shift import Shift as Shift
    from .harness.shift import applied_files as applied_files
    from .harness.shift import early_deletes as early_deletes
    from .harness.shift import late_shifts as late_shifts
    from .harness.shift import same_routes as same_routes
    from .harness.shift import shift_of as shift_of
    from .harness.shift import traffic_shifts as traffic_shifts
    from .harness.split import SplitDestination as SplitDestination
    from .harness.split import TrafficSplit as TrafficSplit
    from .harness.split import early_splits as early_splits
    from .harness.split import traffic_splits as traffic_splits
    from .harness.stage import early_pipeline_deletes as early_pipeline_deletes
    from .harness.steps import explain_setting as explain_setting
    from .harness.steps import misfits_about as misfits_about
    from .harness.steps import unknown_keys as unknown_keys
    from .harness.steps import written_as as written_as
    from .hooks import hookimpl as hookimpl
    from .matching.shadows import Shadow as Shadow
    from .matching.shadows import shadows as shadows
    from .peers import codes_of_match as codes_of_match
    from .peers import codes_of_rivals as codes_of_rivals
    from .peers import codes_of_route as codes_of_route
    from .peers import codes_of_servers as codes_of_servers
    from .peers import codes_of_shared_host as codes_of_shared_host
    from .peers import codes_without_host as codes_without_host
    from .peers import codes_without_pods as codes_without_pods
    from .peers import codes_without_subset as codes_without_subset
    from .policies import POLICY_PARTS as POLICY_PARTS
    from .policies import Policy as Policy
    from .policies import is_present as is_present
    from .policies import says_nothing as says_nothing
    from .policies import traffic_policies as traffic_policies
    from .protocols import TCP_PROTOCOLS as TCP_PROTOCOLS
    from .protocols import protocol_of as protocol_of
    from .protocols import service_protocol as service_protocol
    from .resolution import resolution_flaws as resolution_flaws
    from .resource import Destination as Destination
    from .resource import DestinationRule as DestinationRule
    from .resource import Gateway as Gateway
    from .resource import Port as Port
    from .resource import Resource as Resource
    from .resource import Route as Route
    from .resource import Server as Server
    from .resource import Service as Service
    from .resource import ServiceEntry as ServiceEntry
    from .resource import Subset as Subset
    from .resource import View as View
    from .resource import VirtualService as VirtualService
    from .resource import as_dict as as_dict
    from .resource import as_list as as_list
    from .resource import known_namespace as known_namespace
    from .rollout import Hazard as Hazard
    from .rollout import Moment as Moment
    from .rollout import Walk as Walk
    from .rollout import hazards_of as hazards_of
    from .rollout import rollback_hazards as rollback_hazards
    from .rollout import rolls_back as rolls_back
    from .rollout import targets as targets
    from .rollout import walk as walk
    from .rollout import walk_back as walk_back
    from .rule import Rule as Rule
    from .schema import Misfit as Misfit
    from .schema import home_of as home_of
    from .schema import known_fields as known_fields
    from .schema import misfits as misfits
    from .scope import Scope as Scope
    from .shape import explain_misfit as explain_misfit
    from .shares import is_canary as is_canary
    from .shares import live_share as live_share
    from .shares import mirror_percentage as mirror_percentage
    from .sidecar_listeners import egress_port_flaws as egress_port_flaws
    from .sidecar_listeners import ingress_flaws as ingress_flaws
    from .source import Place as Place
    from .source import Problem as Problem
    from .source import SourceFile as SourceFile
    from .suppress import Suppression as Suppression
    from .syntax import HTTP_METHODS as HTTP_METHODS
    from .syntax import dns_label_problem as dns_label_problem
    from .syntax import duration_in_ms as duration_in_ms
    from .syntax import duration_problem as duration_problem
    from .syntax import header_name_problem as header_name_problem
    from .syntax import header_value_problem as header_value_problem
    from .syntax import host_problem as host_problem
    from .syntax import host_within as host_within
    from .syntax import hosts_meet as hosts_meet
    from .syntax import is_generated_sni as is_generated_sni
    from .syntax import is_ip as is_ip
    from .syntax import is_placeholder as is_placeholder
    from .syntax import is_subnet as is_subnet
    from .syntax import label_problem as label_problem
    from .syntax import locality_covers as locality_covers
    from .syntax import locality_problem as locality_problem
    from .syntax import port_problem as port_problem
    from .syntax import regex_problem as regex_problem
    from .syntax import selects as selects
    from .syntax import sidecar_host_problem as sidecar_host_problem
    from .syntax import socket_problem as socket_problem
    from .syntax import text_match_problem as text_match_problem
    from .syntax import wildcard_host_problem as wildcard_host_problem
    from .values import Unknown as Unknown
    from .values import is_integer as is_integer
    from .values import is_known as is_known
    from .values import is_text as is_text
    from .words import listed as listed
    from .words import nearest as nearest
    from .words import one_of as one_of
    from .workload import Namespace as Namespace
    from .workload import RequestAuthentication as RequestAuthentication
    from .workload import Sidecar as Sidecar
    from .workload import Workload as Workload
    from .workload import WorkloadEntry as WorkloadEntry
    from .workload import WorkloadGroup as WorkloadGroup

_HOMES = {
    "harness.manifests_of": (
        "Deployer",
        "Manifests",
        "all_rollouts",
        "deployers",
        "failing_split",
        "manifests_of",
    ),
    "catalog.core": ("Catalog",),
    "catalog.lookup": ("Lookup",),
    "catalog.subsets": ("defined_subsets",),
    "catalog.company": ("Ledger", "Together"),
    "config": ("Config", "Override"),
    "delegates": (
        "Delegation",
        "delegation",
        "is_delegate",
        "is_exported",
        "match_conflicts",
    ),
    "document": ("MANAGED", "Document", "path_text"),
    "document_error": ("DocumentError",),
    "engine": ("Report", "lint"),
    "finding": ("Finding", "Fix", "Related", "Severity", "Span"),
    "flaws": (
        "Flaw",
        "host_mend",
        "port_name_flaws",
        "port_protocol_flaws",
        "selector_flaws",
        "selects_all",
        "socket_flaws",
    ),
    "catalog.gateways": (
        "GENERATED_GATEWAY",
        "GatewayReference",
        "HTTP_PROTOCOLS",
        "Listener",
        "ROUTE_KINDS",
        "ServedHosts",
        "TLS_PROTOCOLS",
        "gateway_host_problem",
        "gateway_key",
        "gateway_references",
        "hides_selector",
        "is_mesh_host",
        "listeners",
        "names_hidden_gateway",
        "pods_shared",
        "uses_mesh",
    ),
    "harness.model": (
        "is_progressive",
        "Phase",
        "Rollout",
        "Section",
        "Step",
        "shown",
    ),
    "harness.manifest": (
        "PRIMARY_SERVICE",
        "STAGE_SERVICE",
        "each_beyond_the_first",
        "has_harness_marks",
        "in_full_sight",
        "kept_destination",
        "managed_in",
        "meant_as_managed",
        "says_no",
        "uses_blue_green",
    ),
    "harness.routing": ("RoutedDestination", "RoutedRoute", "TrafficRouting", "traffic_routings"),
    "harness.shift": (
        "EarlyDelete",
        "LateShift",
        "Shift",
        "early_deletes",
        "late_shifts",
        "same_routes",
        "shift_of",
        "traffic_shifts",
        "applied_files",
    ),
    "harness.stage": ("early_pipeline_deletes",),
    "harness.steps": ("explain_setting", "misfits_about", "unknown_keys", "written_as"),
    "harness.split": ("SplitDestination", "TrafficSplit", "early_splits", "traffic_splits"),
    "catalog.hosts": ("EXTERNAL", "Host", "namespaces_meet"),
    "matching.shadows": ("Shadow", "shadows"),
    "catalog.mesh": (
        "USE_WAYPOINT",
        "WaypointName",
        "injects",
        "is_ambient",
        "uses_waypoint",
        "wants_sidecar",
    ),
    "protocols": ("TCP_PROTOCOLS", "protocol_of", "service_protocol"),
    "peers": (
        "codes_of_rivals",
        "codes_of_match",
        "codes_of_route",
        "codes_of_servers",
        "codes_of_shared_host",
        "codes_without_host",
        "codes_without_pods",
        "codes_without_subset",
    ),
    "policies": ("POLICY_PARTS", "Policy", "is_present", "says_nothing", "traffic_policies"),
    "catalog.choice": ("chosen_clients", "rival_rules"),
    "catalog.endpoints": ("contradicting_label", "endpoint_labels", "selects_nothing"),
    "catalog.references": ("is_delivery_pair",),
    "resolution": ("resolution_flaws",),
    "resource": (
        "Destination",
        "DestinationRule",
        "Gateway",
        "Port",
        "Resource",
        "Route",
        "Server",
        "Service",
        "ServiceEntry",
        "Subset",
        "View",
        "VirtualService",
        "as_dict",
        "as_list",
        "known_namespace",
    ),
    "hooks": ("hookimpl",),
    "catalog.slips": ("one_slip_away",),
    "catalog.rivals": ("Claim", "Rivals", "Seat", "share_audience"),
    "harness.effects": (
        "State",
        "runs_anything",
    ),
    "rollout": (
        "Hazard",
        "Moment",
        "Walk",
        "hazards_of",
        "rollback_hazards",
        "targets",
        "walk",
        "walk_back",
        "rolls_back",
    ),
    "rule": ("Rule",),
    "schema": ("Misfit", "home_of", "known_fields", "misfits"),
    "scope": ("Scope",),
    "shape": ("explain_misfit",),
    "shares": ("is_canary", "live_share", "mirror_percentage"),
    "sidecar_listeners": ("egress_port_flaws", "ingress_flaws"),
    "source": ("Place", "Problem", "SourceFile"),
    "suppress": ("Suppression",),
    "syntax": (
        "HTTP_METHODS",
        "dns_label_problem",
        "duration_in_ms",
        "duration_problem",
        "header_name_problem",
        "header_value_problem",
        "host_problem",
        "host_within",
        "hosts_meet",
        "is_generated_sni",
        "is_ip",
        "is_placeholder",
        "is_subnet",
        "label_problem",
        "locality_covers",
        "locality_problem",
        "port_problem",
        "regex_problem",
        "selects",
        "sidecar_host_problem",
        "socket_problem",
        "text_match_problem",
        "wildcard_host_problem",
    ),
    "words": ("listed", "nearest", "one_of"),
    "workload": (
        "Namespace",
        "RequestAuthentication",
        "Sidecar",
        "Workload",
        "WorkloadEntry",
        "WorkloadGroup",
    ),
    "values": ("Unknown", "is_integer", "is_known", "is_text"),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_MODULE_OF]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    # Found but once: the rules import the same names a thousand times over.
    value = globals()[name] = getattr(import_module(f".{module}", __name__), name)
    return value
