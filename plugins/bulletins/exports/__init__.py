"""The files that the site has for programs."""
