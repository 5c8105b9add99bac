"""Frozen data: blocks of texts, findings, the archive."""
