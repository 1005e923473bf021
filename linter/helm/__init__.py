"""Helm charts: what lies on disk, which subcharts are enabled, and what each template is given."""
