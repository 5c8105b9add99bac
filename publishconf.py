"""Publication: absolute addresses (SITEURL from the environment), nothing left to chance."""

import os

from pelicanconf import *  # noqa: F403 - a Pelican settings file is a namespace

SITEURL = os.environ.get("SITEURL", "").rstrip("/")
RELATIVE_URLS = not SITEURL
STRICT = True
