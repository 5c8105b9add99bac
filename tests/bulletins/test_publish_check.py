"""The publish check: each thing that must not happen to what was public."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bulletins.publish import check
from bulletins.publish.check import PublicSite, check_publish, read_public_site
from secpack import SecpackError
from secpack.model.findings import Severity

ENTRY = "<entry><id>{id}</id><title>{title}</title><updated>{updated}</updated></entry>"
FEED = '<feed xmlns="http://www.w3.org/2005/Atom"><id>{id}</id><updated>{updated}</updated>{rest}</feed>'


def signature(file: str) -> dict[str, str | None]:
    return {
        "file": file,
        "sha256": f"of {file}",
        "signer": "ines",
        "digest": "SHA256",
        "created": "2020-02-03T04:05:06Z",
    }


def document(number: int) -> dict[str, Any]:
    file = f"qsb/{number:03d}/qsb-{number:03d}-2020.txt"
    return {
        "id": f"QSB-{number:03d}",
        "file": file,
        "url": f"qsb/{number:03d}/",
        "sha256": str(number),
        "published": f"2020-01-{number:02d}",
        "updated": f"2020-02-{number:02d}",
        "changed": f"2020-02-{number:02d}T01:02:03Z",
        "revisions": [{"date": f"2020-01-{number:02d}", "text": "First published"}],
        "signatures": [signature(f"{file}.sig.ines"), signature(f"{file}.sig.tomek")],
    }


def a_canary() -> dict[str, Any]:
    file = "canary/001/canary-001-2020.txt"
    letter = "canary/001/canary-001-2020-letter-ines.txt"
    return document(1) | {
        "id": "canary-001",
        "file": file,
        "url": "canary/001/",
        "signatures": [signature(f"{file}.sig.ines")],
        "letters": [
            {"file": letter, "sha256": "l", "signatures": [signature(f"{letter}.sig.ines")]}
        ],
    }


@dataclass
class Public:
    """A site of three bulletins, a canary with a letter, an attachment and a key, to change."""

    bulletins: list[dict[str, Any]] = field(default_factory=lambda: [*map(document, (1, 2, 3))])
    canary: dict[str, Any] = field(default_factory=a_canary)
    attachment: dict[str, Any] = field(
        default_factory=lambda: {
            "file": "qsb/files/risk.dot",
            "sha256": "d",
            "signatures": [signature("qsb/files/risk.dot.sig.ines")],
        }
    )
    keys: list[dict[str, str]] = field(
        default_factory=lambda: [{"fingerprint": "AB" * 20, "file": "keys/team/ines.asc"}]
    )
    trusted: dict[str, str] = field(
        default_factory=lambda: {"anchor-AA": "0001-01-01 to 9999-12-31", "signer-ines": "AB" * 20}
    )
    pages: list[str] = field(
        default_factory=lambda: [
            "index.html",
            "xsa/1/index.html",
            "osv/x_QSB-002.txt",
            "theme/style.css",
            "a.html.gz",
        ]
    )
    feed: str = "tag:quern.example.org,2016:qsb"
    prefix: str = "tag:quern.example.org,2016:"
    feed_updated: str = "2020-02-03T00:00:00Z"
    osv: dict[str, str] = field(
        default_factory=lambda: {"modified": "2020-02-03T00:00:00Z", "summary": "Words"}
    )
    tracking: dict[str, str] = field(
        default_factory=lambda: {"current_release_date": "2020-02-03T00:00:00Z", "version": "9"}
    )

    more: dict[str, dict[str, str]] = field(default_factory=dict)

    def site(self) -> PublicSite:
        documents = [*self.bulletins, self.canary]
        data = {
            "bulletins": self.bulletins,
            "canaries": [self.canary],
            "attachments": [self.attachment],
            "keys": self.keys,
            "trusted": self.trusted,
        }
        files = {"data/archive.json": json.dumps(data), **dict.fromkeys(self.pages, "page")}
        for each in (*documents, *self.canary["letters"], self.attachment):
            files[each["file"]] = "text"
            files |= {s["file"]: s["sha256"] for s in each["signatures"]}
        files |= {d["url"] + "index.html": "page" for d in documents}
        files |= {key["file"]: "key" for key in self.keys}
        # The newest in the feed, the others in its archive document.
        files["feeds/qsb.atom.xml"] = self._feed(self.bulletins[2:])
        files["feeds/qsb-1.atom.xml"] = self._feed(self.bulletins[:2])
        files["osv/x_QSB-001.json"] = json.dumps(self.osv)
        files["csaf/2020/qsb-001.json"] = json.dumps({"document": {"tracking": self.tracking}})
        files |= {path: json.dumps(record) for path, record in self.more.items()}
        files["osv/all.json"] = files["csaf/feed-tlp-white.json"] = "[]"
        return read_public_site(files, lambda path: files[path].encode())

    def _feed(self, bulletins: list[dict[str, Any]]) -> str:
        entries = [
            ENTRY.format(
                id=self.prefix + b["id"].lower(),
                title=b.get("title", "A title"),
                updated=f"{b['updated']}T00:00:00Z",
            )
            for b in bulletins
        ]
        return FEED.format(id=self.feed, updated=self.feed_updated, rest="".join(entries))


def change_letter(new: Public) -> None:
    new.canary["letters"][0]["sha256"] = "other"


def take_key_back(new: Public) -> None:
    new.keys = [{"fingerprint": "CD" * 20, "file": "keys/team/ines.asc"}]


def take_bulletin_back(new: Public) -> None:
    del new.bulletins[1]
    new.pages.remove("osv/x_QSB-002.txt")


def take_canary_back(new: Public) -> None:
    new.canary |= {
        "id": "canary-002",
        "file": "canary/002/canary-002-2020.txt",
        "url": "canary/002/",
        "letters": [],
        "signatures": [],
    }


REFUSALS: list[tuple[str, Callable[[Public], Any], list[tuple[str, str]]]] = [
    (
        "a bulletin is gone",
        take_bulletin_back,
        [("publish-document-gone", "qsb/002/qsb-002-2020.txt")],
    ),
    (
        "a canary is gone",
        take_canary_back,
        [("publish-document-gone", "canary/001/canary-001-2020.txt")],
    ),
    (
        "a signature is gone",
        lambda new: new.bulletins[1]["signatures"].pop(),
        [("publish-signature-gone", "qsb/002/qsb-002-2020.txt.sig.tomek")],
    ),
    (
        "an attachment's signature is gone",
        lambda new: new.attachment["signatures"].pop(),
        [("publish-signature-gone", "qsb/files/risk.dot.sig.ines")],
    ),
    (
        "a signature is another document's",
        lambda new: new.bulletins[1]["signatures"][1].update(file="qsb/003/a.txt.sig.tomek"),
        [("publish-signature-gone", "qsb/002/qsb-002-2020.txt.sig.tomek")],
    ),
    (
        "a weaker signature",
        lambda new: new.bulletins[1]["signatures"][1].update(digest="SHA1"),
        [("publish-signature-weaker", "qsb/002/qsb-002-2020.txt.sig.tomek")],
    ),
    (
        "an older signature",
        lambda new: new.canary["signatures"][0].update(created="2020-02-03T04:05:05Z"),
        [("publish-signature-weaker", "canary/001/canary-001-2020.txt.sig.ines")],
    ),
    (
        "a signature of which nothing is known",
        lambda new: new.attachment["signatures"][0].update(digest=None, created=None),
        [("publish-signature-weaker", "qsb/files/risk.dot.sig.ines")],
    ),
    (
        "a key is gone, its file is not",
        take_key_back,
        [("publish-key-gone", "keys/team/ines.asc")],
    ),
    (
        "a key is gone",
        lambda new: new.keys.clear(),
        [("publish-key-gone", "keys/team/ines.asc")],
    ),
    (
        "a key has moved",
        lambda new: new.keys[0].update(file="keys/team/retired/ines.asc"),
        [("publish-url-gone", "keys/team/ines.asc")],
    ),
    (
        "another anchor and another key of a signer",
        lambda new: new.trusted.update({"anchor-BB": "an anchor", "signer-ines": "CD" * 20}),
        [
            ("publish-trust-changed", "keys/#anchor-BB"),
            ("publish-trust-changed", "keys/#signer-ines"),
        ],
    ),
    (
        "other periods, and another depth",
        lambda new: new.trusted.update(
            {
                "anchor-AA": "an anchor until 2020-01-01",
                "signer-ines": "AB" * 20 + "; bulletins",
                "depth": "4",
            }
        ),
        [
            ("publish-trust-changed", "keys/#anchor-AA"),
            ("publish-trust-changed", "keys/#depth"),
            ("publish-trust-changed", "keys/#signer-ines"),
        ],
    ),
    (
        "an anchor is gone",
        lambda new: new.trusted.pop("anchor-AA"),
        [("publish-trust-changed", "keys/#anchor-AA")],
    ),
    (
        "an address is gone",
        lambda new: new.pages.remove("xsa/1/index.html"),
        [("publish-url-gone", "xsa/1/index.html")],
    ),
    (
        "a date of publication has changed",
        lambda new: new.bulletins[1].update(published="2020-01-07"),
        [("publish-date-changed", "qsb/002/qsb-002-2020.txt")],
    ),
    (
        "a text differs, and is no version",
        lambda new: new.bulletins[1].update(sha256="other", changed=None),
        [("publish-original-changed", "qsb/002/qsb-002-2020.txt")],
    ),
    (
        "an older version",
        lambda new: new.bulletins[1].update(sha256="other", changed="2020-02-01T00:00:00Z"),
        [("publish-version-older", "qsb/002/qsb-002-2020.txt")],
    ),
    (
        "another text at the same time",
        lambda new: new.bulletins[1].update(sha256="other"),
        [("publish-version-older", "qsb/002/qsb-002-2020.txt")],
    ),
    (
        "a letter differs",
        change_letter,
        [("publish-original-changed", "canary/001/canary-001-2020-letter-ines.txt")],
    ),
    (
        "an attachment differs",
        lambda new: new.attachment.update(sha256="other"),
        [("publish-original-changed", "qsb/files/risk.dot")],
    ),
    (
        "a feed has another id",
        lambda new: setattr(new, "feed", "tag:other.example.org,2016:qsb"),
        [
            ("publish-feed-id", "feeds/qsb-1.atom.xml"),
            ("publish-feed-id", "feeds/qsb.atom.xml"),
        ],
    ),
    (
        "entries have other ids",
        lambda new: setattr(new, "prefix", "tag:other.example.org,2016:"),
        [("publish-feed-id", "feeds/qsb.atom.xml")],
    ),
    (
        "a text was revised earlier than it was",
        lambda new: new.bulletins[1].update(changed="2020-02-01T00:00:00Z"),
        [("publish-updated-backwards", "qsb/002/qsb-002-2020.txt")],
    ),
    (
        "a feed was updated earlier than it was",
        lambda new: setattr(new, "feed_updated", "2020-02-02T00:00:00Z"),
        [
            ("publish-updated-backwards", "feeds/qsb-1.atom.xml"),
            ("publish-updated-backwards", "feeds/qsb.atom.xml"),
        ],
    ),
    (
        "an entry says something else",
        lambda new: new.bulletins[1].update(title="Other words"),
        [("publish-record-unmoved", "feeds/qsb-1.atom.xml")],
    ),
    (
        "an entry is dated earlier",
        lambda new: new.bulletins[1].update(updated="2020-02-01"),
        [("publish-record-unmoved", "feeds/qsb-1.atom.xml")],
    ),
    (
        "OSV says something else",
        lambda new: new.osv.update(summary="Other words"),
        [("publish-record-unmoved", "osv/x_QSB-001.json")],
    ),
    (
        "OSV is dated earlier",
        lambda new: new.osv.update(summary="Other words", modified="2020-02-02T00:00:00Z"),
        [("publish-record-unmoved", "osv/x_QSB-001.json")],
    ),
    (
        "a new record is not newer than all that are public",
        lambda new: setattr(new, "more", {"osv/x_QSB-004.json": new.osv}),
        [("publish-record-unmoved", "osv/x_QSB-004.json")],
    ),
    (
        "CSAF has another time and the same version",
        lambda new: new.tracking.update(current_release_date="2020-02-04T00:00:00Z"),
        [("publish-record-unmoved", "csaf/2020/qsb-001.json")],
    ),
    (
        "CSAF has another version and the same time",
        lambda new: new.tracking.update(version="11"),
        [("publish-record-unmoved", "csaf/2020/qsb-001.json")],
    ),
]


@pytest.mark.parametrize(
    ("change", "expected"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_it_refuses(change: Callable[[Public], Any], expected: list[tuple[str, str]]) -> None:
    new = Public()
    change(new)
    findings = check_publish(new.site(), Public().site())
    assert [(f.code, f.file) for f in findings] == sorted(expected, key=lambda row: row[::-1])
    assert all(f.severity is Severity.ERROR and f.message for f in findings)


def test_every_refusal_is_a_case() -> None:
    codes = re.findall(r'_finding\("([a-z-]+)"', inspect.getsource(check))
    expected = {code for _, _, refused in REFUSALS for code, _ in refused}
    assert expected == {f"publish-{code}" for code in codes}


def test_what_it_lets_pass() -> None:
    new = Public()
    new.bulletins.append(document(4))
    later = {"sha256": "other", "changed": "2020-02-07T00:00:00Z"}
    new.bulletins[0] |= later | {"updated": "2020-02-07", "published": "2020-02-06"}
    new.bulletins[1] |= {"title": "Other words", "updated": "2020-02-07"}
    new.osv |= {"summary": "Other words", "modified": "2020-02-03T00:00:01Z"}
    new.tracking |= {"version": "11", "current_release_date": "2020-02-03T00:00:01Z"}
    new.more = {"osv/x_QSB-004.json": {"modified": "2020-02-03T00:00:01Z"}}
    new.pages.remove("theme/style.css")
    new.pages.remove("a.html.gz")
    new.canary["signatures"][0]["file"] = "canary/001/canary-001-2020.txt.sign.ines"
    new.keys.append({"fingerprint": "CD" * 20, "file": "keys/team/tomek.asc"})
    assert check_publish(new.site(), Public().site()) == []


def test_how_to_keep_the_url_of_a_key() -> None:
    new = Public()
    new.keys[0]["file"] = "keys/team/retired/ines.asc"
    (finding,) = check_publish(new.site(), Public().site())
    line = '"keys/team/ines.asc" = "keys/team/retired/ines.asc"'
    assert finding.message.endswith(f"add under [redirects] in the profile: {line}")


def test_entries_may_move_to_an_archive_document() -> None:
    new = Public()
    new.bulletins.append(document(4))
    old = Public()
    files = new.site().feeds
    assert len(files["feeds/qsb.atom.xml"].entries) == 2
    assert check_publish(new.site(), old.site()) == []


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b'{"bulletins": 3}', b'{"bulletins": [{}], "canaries": [], "keys": []}', b"\xff"],
)
def test_a_site_that_cannot_be_read_is_not_compared(data: bytes) -> None:
    with pytest.raises(SecpackError, match=r"data/archive\.json: cannot be read"):
        read_public_site({}, lambda _: data)
