"""Publication: nothing left to chance.

PUBLIC, where the site is public, and KEEP, how many older versions stay, come from the environment.
"""

import os
from pathlib import Path

from pelicanconf import *  # noqa: F403 - a Pelican settings file is a namespace

STRICT = True
PUBLIC_PATH = os.environ.get("PUBLIC") or str(Path(__file__).resolve().parent / "public")
KEEP = os.environ.get("KEEP") or "3"
