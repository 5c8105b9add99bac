"""What documents of CSAF 2.0 have in common."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from bulletins.exports.data import filled, moment
from bulletins.exports.facts import is_url
from bulletins.exports.ids import Vulnerability
from bulletins.urls import published_id
from secpack import Profile
from secpack.parser.characters import visible


def head(
    profile: Profile, identity: str, history: Iterable[tuple[date, str]], **fields: object
) -> dict[str, Any]:
    """The part ``document``: its id, its changes, oldest first, and other fields."""
    revisions = [
        {"date": moment(day), "number": str(number), "summary": visible(words)}
        for number, (day, words) in enumerate(history, 1)
    ]
    tracking = {
        "current_release_date": revisions[-1]["date"],
        "generator": {"engine": {"name": "secpack-archive"}},
        "id": identity,
        "initial_release_date": revisions[0]["date"],
        "revision_history": revisions,
        "status": "final",
        "version": str(len(revisions)),
    }
    return filled(
        csaf_version="2.0",
        distribution={"tlp": {"label": "WHITE", "url": "https://www.first.org/tlp/"}},
        lang="en",
        publisher=publisher(profile),
        tracking=tracking,
        **fields,
    )


def publisher(profile: Profile) -> dict[str, Any]:
    """The publisher; reading the profile has checked that all of this is there."""
    assert profile.csaf
    name = visible((profile.team if profile.team.strip() else profile.issuer).strip())
    return filled(
        category="vendor",
        name=name,
        namespace=profile.csaf.namespace,
        contact_details=visible(profile.csaf.contact.strip()),
    )


def external(summary: str, url: str) -> dict[str, str]:
    """A reference to something that is no part of the document."""
    return {"category": "external", "summary": summary, "url": url}


def vulnerability(each: Vulnerability, profile: Profile) -> dict[str, Any]:
    """The ids of a vulnerability, when it was published, and where."""
    urls = [(id_, published_id(scheme, id_, profile)) for id_, scheme in each.ids.items()]
    others = [(id_, scheme) for id_, scheme in each.ids.items() if scheme != "CVE"]
    return filled(
        cve=each.cve,
        ids=[{"system_name": scheme, "text": id_} for id_, scheme in others],
        references=[external(id_, url) for id_, url in urls if is_url(url)],
        release_date=moment(each.released) if each.released else "",
    )
