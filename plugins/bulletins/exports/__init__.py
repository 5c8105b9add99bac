"""The archive in formats for machines."""
