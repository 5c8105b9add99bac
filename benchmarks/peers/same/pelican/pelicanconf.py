"""Stock Pelican: pages through one template, everything else as static files."""

SITENAME = "Archive"
SITEURL = ""
PATH = "."
OUTPUT_PATH = "site"
THEME = "theme"
TIMEZONE = "UTC"
PAGE_PATHS = ["content"]
ARTICLE_PATHS: list[str] = []
STATIC_PATHS = ["static"]
PATH_METADATA = "static/(?P<path>.*)"
IGNORE_FILES: list[str] = []
DIRECT_TEMPLATES: list[str] = []
FEED_ALL_ATOM = None
