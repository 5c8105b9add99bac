"""Publication: absolute addresses (SITEURL from the environment), nothing left to chance."""

import os

from pelicanconf import *  # noqa: F403 - a Pelican settings file is a namespace

SITEURL = PUBLIC_URL = os.environ.get("SITEURL", "").rstrip("/")
STRICT = True
