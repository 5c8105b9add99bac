"""Copies of a site: checksums, published data, and verification."""
