"""Publication: as pelicanconf.py, and nothing is left to chance.

PUBLIC, where the site is public, KEEP, how many older versions stay, SIGN_WITH, who signs, and
FORCE, whether a rollback asks nobody, come from the environment.
"""

import os
import runpy
from pathlib import Path

HERE = Path(__file__).resolve().parent
globals().update(runpy.run_path(str(HERE / "pelicanconf.py")))

STRICT = True
PUBLIC_PATH = os.environ.get("PUBLIC") or str(HERE / "public")
SIGN_WITH = os.environ.get("SIGN_WITH", "")
KEEP = os.environ.get("KEEP") or "3"
FORCE = bool(os.environ.get("FORCE"))
