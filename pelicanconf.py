"""Development: relative addresses, and the demo pack unless SECPACK names another.

SECPACK, PROFILE, XSA, XSA_JSON, OUTPUT, SEARCH, AS_OF and GZIP come from the environment, where the
Makefile puts them.
"""

import os
from pathlib import Path

from bulletins.settings import DEFAULTS, html_safe, safe_striptags

HERE = Path(__file__).resolve().parent
CONTENT = HERE / "content"

_demo = not os.environ.get("SECPACK")
SECPACK = os.environ.get("SECPACK") or str(CONTENT / "secpack")
PROFILE_FILE = os.environ.get("PROFILE") or str(CONTENT / ("demo.toml" if _demo else "qubes.toml"))
XSA_FILE = os.environ.get("XSA") or (str(CONTENT / "xsa.yml") if _demo else None)
XSA_JSON_FILE = os.environ.get("XSA_JSON") or (str(CONTENT / "xsa.json") if _demo else None)
SEARCH_INDEX = bool(os.environ.get("SEARCH"))
AS_OF = os.environ.get("AS_OF") or None
GZIP = bool(os.environ.get("GZIP"))

globals().update(DEFAULTS)

PATH = str(CONTENT)
OUTPUT_PATH = os.environ.get("OUTPUT") or str(HERE / "output")
PLUGINS = ["bulletins"]

# Links between pages are relative everywhere; feeds and what names a page to others are not.
SITEURL = PUBLIC_URL = ""

# Our theme gets words and escapes them; other themes expect HTML, which the plugin gives them.
THEME = os.environ.get("THEME") or str(HERE / "theme")
ARCHIVE_THEME = str(HERE / "theme") == THEME
JINJA_ENVIRONMENT = {"trim_blocks": True, "lstrip_blocks": True, "auto_reload": False}
JINJA_FILTERS = {} if ARCHIVE_THEME else {"striptags": safe_striptags}
if ARCHIVE_THEME:
    JINJA_ENVIRONMENT |= {"autoescape": True, "finalize": html_safe}
else:  # Their pages lead to lists by category, which is ours by kind, and by author.
    CATEGORY_URL = CATEGORY_SAVE_AS = "{slug}/index.html"
    AUTHOR_URL = AUTHOR_SAVE_AS = "author/{slug}/index.html"
