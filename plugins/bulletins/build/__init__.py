"""Builds a site, completely or not at all, unless nothing has changed since the last build."""
