"""Kustomize: what a tree of bases, overlays, components and patches deploys, built without kustomize."""

from __future__ import annotations

from .built import BuiltDocument as BuiltDocument
from .workshop import Workshop as Workshop
