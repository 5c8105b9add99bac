"""Replaces what is public, in one step, or leaves it."""
