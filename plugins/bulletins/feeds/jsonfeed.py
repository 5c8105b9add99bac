"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/), with the same documents as Atom."""

from __future__ import annotations

from typing import Any

from bulletins.exports.data import midnight, to_json
from bulletins.feeds.model import Feed, FeedEntry, Page
from bulletins.urls import json_feed_url


def json_document(feed: Feed, page: Page) -> bytes:
    """Return one document of a feed; its ``next_url`` leads to older entries."""
    data = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.root,
        "feed_url": feed.root + json_feed_url(feed.slug, page.number),
        "language": "en",
        "authors": [{"name": feed.author}],
        "items": [_item(entry) for entry in page.entries],
    }
    if page.older:
        data["next_url"] = feed.root + json_feed_url(feed.slug, page.older)
    return to_json(data)


def _item(entry: FeedEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.page,
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.html,
        "date_published": midnight(entry.published),
        "date_modified": midnight(entry.updated),
        "tags": [category.term for category in entry.categories],
        "attachments": [
            {"url": x.href, "mime_type": x.type, "title": x.title, "size_in_bytes": x.length}
            for x in entry.links
            if x.length is not None
        ],
    }
