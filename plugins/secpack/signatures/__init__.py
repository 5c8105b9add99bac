"""Signatures and keys: facts first, then judgement."""
