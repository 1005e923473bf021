"""Matching: which route takes a request, and which match takes every request of another.

`request` has the request and the conditions of a match, `evaluate` answers for one request,
`contain` for all of them, `shadows` looks for routes that come too late.  Source: Istio's translation
of routes (pilot/pkg/networking/core/route/route.go) and Envoy's route matching.
"""
