"""A build of a site, whole or not at all."""
