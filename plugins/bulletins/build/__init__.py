"""Builds a site, completely or not at all."""
