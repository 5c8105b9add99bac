"""Pelican's settings for an archive, and this plugin's own.

``SECPACK``, ``PROFILE_FILE``, ``XSA_FILE`` and ``XSA_JSON_FILE`` are paths; ``AS_OF`` is a date,
``TAGS`` are names of tags, and ``NOTES`` are those of a publish, or of a rebuild. ``ARCHIVE`` is
what a publish has read when it builds again. While Pelican runs, ``BULLETINS`` is the ``Build``.
"""

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from markupsafe import Markup

from bulletins.exports.feeds import feeds
from bulletins.html import as_markup
from bulletins.site import Build, Notes, Site
from bulletins.templates import environment
from secpack import Checker, Profile, SecpackError, load, load_advisories, load_profile
from secpack.cache import Cache, open_cache
from secpack.model.archive import Archive
from secpack.parser.characters import visible
from secpack.progress import Progress

_PAGES = ("AUTHOR", "CATEGORY", "TAG")

#: Settings that every archive needs, with any theme; ``pelicanconf.py`` starts with them.
DEFAULTS: dict[str, Any] = {
    "SITENAME": "",
    "TIMEZONE": "UTC",
    "LOCALE": ["C"],
    "DEFAULT_DATE_FORMAT": "%Y-%m-%d",
    "WITH_FUTURE_DATES": True,  # the clock decides nothing
    "ARTICLE_PATHS": [],
    "DIRECT_TEMPLATES": ["index"],
    "RELATIVE_URLS": True,
    # Pelican's default guesses the language of code, which loads all lexers.
    "MARKDOWN": {
        "extensions": ["markdown.extensions.extra", "markdown.extensions.meta"],
        "output_format": "html5",
    },
    "PAGE_URL": "{slug}/index.html",
    "PAGE_SAVE_AS": "{slug}/index.html",
    "PAGE_ORDER_BY": "place",
    "STATIC_PATHS": [],
    # What an archive does not have.
    **dict.fromkeys((f"{page}_SAVE_AS" for page in _PAGES), ""),
    **dict.fromkeys((f"{feed}_FEED_ATOM" for feed in ("CATEGORY", "TRANSLATION", "AUTHOR")), None),
    **dict.fromkeys(("FEED_ALL_ATOM", "AUTHOR_FEED_RSS"), None),
}


def safe_striptags(value: str) -> Markup:
    """Jinja's ``striptags`` for other themes; the text that is left is escaped again."""
    return as_markup(Markup(value).striptags())  # noqa: S704 - parsed, and escaped again


def read_build(settings: dict[str, Any]) -> Build:
    """Read everything that Pelican will publish. Raises SecpackError if that is impossible."""
    is_whole = bool(settings.get("WHOLE_OR_NOT_AT_ALL"))
    if settings.get("STRICT") and not is_whole:
        message = "these settings are for publishing: run make publish, which checks what it writes"
        raise SecpackError(message)
    archive, profile = settings.get("ARCHIVE") or read_archive(settings)
    own_theme = bool(settings.get("ARCHIVE_THEME"))
    templates = environment(settings) if own_theme else None
    url, notes = settings["SITEURL"], settings.get("NOTES", Notes())
    url = url if "://" in url else ""
    is_indexed = own_theme and bool(settings.get("SEARCH_INDEX"))
    site = Site(archive, profile, url, own_theme, is_indexed, notes)
    _check_feeds(settings, site)
    return Build(site, templates, is_whole)


def _check_feeds(settings: dict[str, Any], site: Site) -> None:
    """Refuse settings with which Pelican would overwrite our feeds, as by default."""
    ours = {export.url for export in feeds(site)}
    categories = (site.profile.bulletins.slug, site.profile.canaries.slug)
    for name in ("FEED_ALL_ATOM", "CATEGORY_FEED_ATOM"):
        value = str(settings.get(name))
        if ours & {value.format(slug=slug) for slug in categories}:
            message = f"{name} = {value!r} is the URL of a feed of the archive"
            raise SecpackError(f"{message}: set it to None, or to another URL")


def read_archive(settings: dict[str, Any]) -> tuple[Archive, Profile]:
    """Read the pack, the profile and the tracker data that the settings name.

    Raises SecpackError when one of them cannot be used.
    """
    if not settings.get("SECPACK"):
        raise SecpackError("SECPACK is not set; expected the path of a security pack")
    file = settings.get("PROFILE_FILE")
    profile = load_profile(file and Path(file))
    xsa, xsa_json = (settings.get(name) for name in ("XSA_FILE", "XSA_JSON_FILE"))
    advisories = load_advisories(xsa and Path(xsa), xsa_json and Path(xsa_json))
    pinned = _as_of(settings, profile)
    strict = bool(settings.get("STRICT"))
    cache = Cache(None) if strict else open_cache("verdicts.json")  # never publish cached verdicts
    archive = load(
        settings["SECPACK"],
        profile=profile,
        advisories=advisories,
        as_of=pinned or _today(),
        checker=Checker(cache=cache, progress=Progress("Checking signatures")),
        only_versions=strict,
        tags=str(settings.get("TAGS") or "").split(),
        progress=Progress("Reading texts"),
    )
    for pending in archive.history.pending if strict else ():
        lines = (f"pending: {pending.id}: {visible(pending.reason)}", *pending.waiver.splitlines())
        print(*lines, sep="\n", file=sys.stderr)
    if strict and not profile.trusted:
        raise SecpackError("the profile names no master key or anchor; a published site needs one")
    if strict:
        _check_strictly(archive, pinned=pinned is not None)
    return archive, profile


def _check_strictly(archive: Archive, *, pinned: bool) -> None:
    """Refuse an archive that must not be published. Raises SecpackError with all reasons."""
    errors = [f for f in archive.findings if f.is_error]
    reasons = [f"{f.file}: {f.message} ({f.code})" for f in errors]
    if names := ", ".join(archive.unknown_embargoes):
        message = f"the profile embargoes {names}, but the pack has no such document: "
        reasons.append(message + "correct the id, or remove the embargo")
    if not pinned and (slips := [p for p in archive.publications if p.updated > _today()]):
        listed = ", ".join(f"{p.file.path} on {p.updated}" for p in slips)
        reasons.append(f"revised in the future: {listed}; correct the date")
    if not pinned and archive.late:
        message = "documents dated in the future, which secpack check names"
        reasons.append(f"{message}: set AS_OF to the day that the site is to show")
    if reasons:
        raise SecpackError("\n".join(reasons))


def _as_of(settings: dict[str, Any], profile: Profile) -> date | None:
    """The day after which documents are withheld, if it is given."""
    given = settings.get("AS_OF")
    if not given:
        return profile.as_of
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise SecpackError(f"AS_OF={given}: expected a date such as 2026-08-01") from None


def _today() -> date:
    """Tomorrow in UTC, which has already begun somewhere: later documents are withheld.

    Only this asks a clock. A published pack has no later documents, so its site does not depend on
    the day.
    """
    return datetime.now(UTC).date() + timedelta(days=1)
