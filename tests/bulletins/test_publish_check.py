"""The publish check: each thing that must not happen to what was public."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import pytest

from bulletins.publish import check
from bulletins.publish.check import PublicSite, check_publish, read_public_site, unmoved
from secpack import SecpackError
from secpack.model.findings import Severity
from tests.cases import Case, each_case, read_cases

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


RETIRED = "retired, and no longer used"


class Public:
    """A site of three bulletins, a canary with a letter, an attachment and a key, to change."""

    def __init__(self) -> None:
        self.bulletins = [*map(document, (1, 2, 3))]
        self.canary = a_canary()
        risk = "qsb/files/risk.dot"
        signatures = [signature(f"{risk}.sig.ines")]
        self.attachment = {"file": risk, "sha256": "d", "signatures": signatures}
        self.keys = [{"fingerprint": "AB" * 20, "file": "keys/team/ines.asc"}]
        for digits, why in (("EF", "its secret part may have been compromised"), ("01", RETIRED)):
            key = {"fingerprint": digits * 20, "file": f"keys/{digits}.asc"}
            self.keys.append(key | {"revoked": f"2020-01-02: {why}"})
        self.trusted = {"anchor-AA": "0001-01-01 to 9999-12-31", "signer-ines": "AB" * 20}
        self.pages = ["index.html", "xsa/1/index.html", "osv/x_QSB-002.txt"]
        self.pages += ["theme/style.css", "a.html.gz"]
        self.feed = "tag:quern.example.org,2016:qsb"
        self.prefix = "tag:quern.example.org,2016:"
        self.feed_updated = "2020-02-03T00:00:00Z"
        self.osv = {"modified": "2020-02-03T00:00:00Z", "summary": "Words"}
        self.tracking = {"current_release_date": "2020-02-03T00:00:00Z", "version": "9"}
        self.more: dict[str, dict[str, Any]] = {}

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


def changed(lines: list[str]) -> Public:
    """A site in which each line ``PLACE = JSON`` has set something, ``- PLACE`` removed it."""
    new = Public()
    for line in lines:
        place, _, value = line.removeprefix("- ").partition(" = ")
        *above, last = (int(step) if step.isdigit() else step for step in place.split())
        data: Any = vars(new)
        for step in above:
            data = data[step]
        if value:
            data[last] = json.loads(value)
        else:
            del data[last]
    return new


@each_case("refusals")
def test_it_refuses(case: Case, golden: bool) -> None:
    findings = check_publish(changed(case.source.splitlines()).site(), Public().site())
    assert all(f.severity is Severity.ERROR and f.message for f in findings)
    case.check([f"{f.code} {f.file}" for f in findings], golden=golden)


def test_every_refusal_is_a_case() -> None:
    codes = re.findall(r'_finding\("([a-z-]+)"', inspect.getsource(check))
    lines = (line for case in read_cases("refusals") for line in case.expected.splitlines())
    assert {line.split()[0] for line in lines} == {f"publish-{code}" for code in codes}


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


def test_a_statement_of_openvex_is_a_record() -> None:
    """One that changes while only the document moves must move, too; another need not."""
    old, new = Public(), Public()
    for public, notes, time in ((old, "a", "02"), (new, "b", "03")):
        statements = [
            {"@id": f"tag:x:openvex#xsa-{number}", "vulnerability": {}, "status_notes": words}
            | {"last_updated": "2020-02-02T00:00:00Z"}
            for number, words in ((1, notes), (2, "the same"))
        ]
        document = {"statements": statements, "version": int(time)}
        document |= {"last_updated": f"2020-02-{time}T00:00:00Z"}
        public.more = {"vex/openvex.json": document}
    stuck = [(name, path) for name, path, *_ in unmoved(new.site(), old.site())]
    assert stuck == [("vex/openvex.json#xsa-1", "vex/openvex.json")]


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
