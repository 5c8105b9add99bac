"""Advisories: tracker data, joined with the texts."""
