"""Tracing: which route takes a request, why the earlier ones do not, and where it goes.

`model` has the result as plain data, `candidates` finds the VirtualServices that serve a host, `take`
asks their routes in order, `serve` follows the route to workloads; `text` and `json_trace` print.
"""
