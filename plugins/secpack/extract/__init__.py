"""Extracts facts from a Document."""
