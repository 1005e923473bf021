"""Harness: workflows as one model, where they shift traffic, and what Harness does to manifests."""
