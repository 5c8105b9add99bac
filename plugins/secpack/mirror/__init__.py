"""Copies of a site: checksums, verification, and what publishing must not take away."""
