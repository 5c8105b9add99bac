"""Stock Pelican: its theme ``simple``, an index, one feed of the newest hundred texts."""

SITENAME = "Archive"
SITEURL = "https://archive.example.org"
PATH = "content"
OUTPUT_PATH = "site"
THEME = "simple"
TIMEZONE = "UTC"
DEFAULT_PAGINATION = False
DIRECT_TEMPLATES = ["index"]
FEED_ALL_ATOM = "feed.xml"
FEED_MAX_ITEMS = 100
CATEGORY_FEED_ATOM = None
TRANSLATION_FEED_ATOM = None
AUTHOR_FEED_ATOM = None
AUTHOR_FEED_RSS = None
ARCHIVES_SAVE_AS = AUTHOR_SAVE_AS = AUTHORS_SAVE_AS = ""
CATEGORY_SAVE_AS = CATEGORIES_SAVE_AS = TAG_SAVE_AS = TAGS_SAVE_AS = ""
