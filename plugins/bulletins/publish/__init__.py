"""Replaces the public site in one step, or leaves it unchanged."""
