"""Development: the demo pack, unless SECPACK names another.

SECPACK, PROFILE, XSA, XSA_JSON, OUTPUT, SITEURL, THEME, SEARCH, AS_OF, TAGS and GZIP come
from the environment, where the Makefile puts them.
"""

import os
from pathlib import Path

from bulletins.settings import DEFAULTS, safe_striptags

HERE = Path(__file__).resolve().parent
CONTENT = HERE / "content"

_demo = not os.environ.get("SECPACK")
SECPACK = os.environ.get("SECPACK") or str(CONTENT / "secpack")
PROFILE_FILE = os.environ.get("PROFILE") or str(CONTENT / ("demo.toml" if _demo else "qubes.toml"))
XSA_FILE = os.environ.get("XSA") or (str(CONTENT / "xsa.yml") if _demo else None)
XSA_JSON_FILE = os.environ.get("XSA_JSON") or (str(CONTENT / "xsa.json") if _demo else None)
SEARCH_INDEX = bool(os.environ.get("SEARCH"))
AS_OF = os.environ.get("AS_OF") or None
TAGS = os.environ.get("TAGS", "")
GZIP = bool(os.environ.get("GZIP"))

globals().update(DEFAULTS)

PATH = str(CONTENT)
OUTPUT_PATH = os.environ.get("OUTPUT") or str(HERE / "output")
PLUGINS = ["bulletins"]

# Links between pages are relative; feeds, and what names a page to others, need the site's URL.
SITEURL = os.environ.get("SITEURL", "").rstrip("/")

# Our own theme makes pages from data; other themes expect Pelican's articles.
THEME = os.environ.get("THEME") or str(HERE / "theme")
ARCHIVE_THEME = str(HERE / "theme") == THEME
if not ARCHIVE_THEME:
    JINJA_FILTERS = {"striptags": safe_striptags}
    # Their pages lead to lists by category, which is ours by kind, and by author.
    CATEGORY_URL = CATEGORY_SAVE_AS = "{slug}/index.html"
    AUTHOR_URL = AUTHOR_SAVE_AS = "author/{slug}/index.html"
