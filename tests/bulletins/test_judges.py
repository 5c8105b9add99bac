"""Each judge finds fault with what is broken; otherwise its silence would mean nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from bulletins.exports.calendar import calendar
from bulletins.site import Site as ArchiveSite
from bulletins.urls import ARCHIVE_JSON, json_url
from secpack import load, load_advisories, load_profile
from secpack.model.archive import Archive, Verdict
from secpack.model.findings import Finding, Severity
from tests.bulletins import judges
from tests.bulletins.formats import csaf, data_files, exports, feeds, osv
from tests.bulletins.judges import Place, at, broken
from tests.bulletins.sites import ROOT
from tests.keys import CHECKER

PROFILE = load_profile(ROOT / "content" / "demo.toml")


@pytest.fixture(scope="module")
def archive() -> Archive:
    advisories = load_advisories(ROOT / "content" / "xsa.yml")
    pack = ROOT / "content" / "secpack"
    found = load(pack, profile=PROFILE, advisories=advisories, checker=CHECKER)
    return replace(found, findings=(Finding("QSBs", 0, "number-gap", "missing numbers: 013"),))


# --- JSON Schema ------------------------------------------------------------------------------


def test_the_schema_is_one() -> None:
    assert judges.schema_faults(judges.SCHEMA) == []
    assert judges.schema_faults({"type": "text"})


@pytest.mark.usefixtures("judges")
def test_the_schema_passes_the_strict_mode_of_ajv() -> None:
    assert judges.strict_faults(judges.SCHEMA) == ""
    assert "strict" in judges.strict_faults({"type": "object", "colour": "red"})


def formats(schema: Any) -> set[str]:
    """All formats that a schema names."""
    inner = schema.values() if isinstance(schema, dict) else schema
    found = set().union(*(formats(one) for one in inner if isinstance(one, (dict, list))))
    own = schema.get("format") if isinstance(schema, dict) else None
    return found | {own} if isinstance(own, str) else found


@pytest.mark.parametrize("name", ["ours", "OSV", "OpenVEX"])
def test_every_format_is_judged(name: str) -> None:
    named = formats(judges.SCHEMA if name == "ours" else judges.schema_of(name))
    assert named
    assert named <= {*judges.FORMATS.checkers, "iri"}  # which needs a package that we lack


def objects(schema: Any) -> list[dict[str, Any]]:
    """All schemas within a schema that describe an object."""
    inner = schema.values() if isinstance(schema, dict) else schema
    found = [o for one in inner if isinstance(one, (dict, list)) for o in objects(one)]
    return [schema, *found] if isinstance(schema, dict) and "required" in schema else found


def test_the_schema_is_strict() -> None:
    """Every key is needed, and no other is allowed, once the parts have been put together."""
    described = objects(judges.SCHEMA["$defs"])
    assert len(described) >= 14
    for schema in described:
        assert schema["required"] == sorted(schema["properties"])
    for name, schema in judges.SCHEMA["$defs"].items():
        if "required" in schema and name != "publication" and not name.endswith("Fields"):
            assert schema.get("additionalProperties", schema.get("unevaluatedProperties")) is False
    for name in ("bulletin", "canary"):
        assert judges.SCHEMA["$defs"][name]["unevaluatedProperties"] is False


def test_the_schema_has_the_words_of_the_model() -> None:
    definitions = judges.SCHEMA["$defs"]
    assert definitions["verdict"]["enum"] == [v.value for v in Verdict]
    assert definitions["finding"]["properties"]["severity"]["enum"] == [s.value for s in Severity]


def test_the_archive_is_as_the_schema_says(archive: Archive) -> None:
    written = data_files(archive, PROFILE)
    data = json.loads(written[ARCHIVE_JSON])
    assert judges.data_faults(data) == []
    assert judges.data_faults(data, "archive") == []
    for publication in archive.publications:
        document = json.loads(written[json_url(publication)])
        kind = "bulletinDocument" if publication in archive.bulletins else "canaryDocument"
        assert judges.data_faults(document) == []
        assert judges.data_faults(document, kind) == []
        other = "archive" if kind == "bulletinDocument" else "bulletinDocument"
        assert judges.data_faults(document, other)


@pytest.fixture(scope="module")
def written(archive: Archive) -> bytes:
    """The archive, with no more of each kind than tests look at."""
    data = json.loads(data_files(archive, PROFILE)[ARCHIVE_JSON])
    data["bulletins"][3:-1] = []
    for kind in ("advisories", "attachments", "ids", "keys"):
        data[kind][1:] = []
    for values in (v for each in (*data["bulletins"], *data["canaries"]) for v in each.values()):
        if isinstance(values, list) and isinstance(next(iter(values), None), dict):
            values[1:] = []
    assert judges.data_faults(data, "archive") == []
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), 2),
        (("bulletins", 0, "published"), "2016-02-30"),
        (("bulletins", 0, "updated"), "May 6, 2016"),
        (("bulletins", 0, "sha256"), "ABC"),
        (("bulletins", 0, "url"), "https://example.org/qsb/001/"),
        (("bulletins", 0, "file"), "../qsb-001-2016.txt"),
        (("bulletins", 0, "id"), "QSB-1"),
        (("bulletins", 0, "number"), "1"),
        (("bulletins", 2, "addresses"), [9001]),
        (("bulletins", 0, "cves"), ["CVE-1"]),
        (("bulletins", 0, "colour"), "red"),
        (("bulletins", 0, "format"), 1),
        (("bulletins", 0, "due"), None),
        (("bulletins", 0, "signatures", 0, "verdict"), "fine"),
        (("bulletins", 0, "signatures", 0, "created"), "2016-05-20 14:06:27"),
        (("bulletins", 0, "signatures", 0, "created"), "2016-02-30T14:06:27Z"),
        (("bulletins", 0, "url"), "qsb/0 1/"),
        (("bulletins", 0, "signatures", 0, "certified"), "yes"),
        (("canaries", 0, "due"), ["2020-03-01"]),
        (("canaries", 0, "due"), ["2020-03-01", "2020-03-07", "2020-03-08"]),
        (("canaries", 0, "master_key"), "7961 FFB2"),
        (("canaries", 2, "letters", 0, "sha256"), None),
        (("advisories", 0, "affected"), "no"),
        (("advisories", 0, "qsb"), "12"),
        (("keys", 0, "fingerprint"), "436f"),
        (("findings", 0, "severity"), "grave"),
        (("findings", 0, "line"), -1),
    ],
)
def test_the_schema_refuses(written: bytes, path: Place, value: Any) -> None:
    data = json.loads(written)
    at(data, *path[:-1])[path[-1]] = value
    assert judges.data_faults(data, "archive")
    assert judges.data_faults(data)


@pytest.mark.slow
def test_the_schema_misses_every_key(written: bytes) -> None:
    whole = json.loads(written)
    places: list[tuple[str | int, ...]] = [(), ("bulletins", 0), ("canaries", 2), ("advisories", 0)]
    places += [("keys", 0), ("findings", 0), ("canaries", 2, "letters", 0)]
    places += [("bulletins", 0, "signatures", 0), ("canaries", 0, "statements", 0)]
    places += [("bulletins", -1, "revisions", 0), ("bulletins", 0, "sections", 0)]
    for place in places:
        for key in at(whole, *place):
            data = deepcopy(whole)
            del at(data, *place)[key]
            assert judges.data_faults(data, "archive"), (place, key)


# --- Atom -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda feed: feed.replace(b"<updated>", b"<changed>").replace(b"</updated>", b"</changed>"),
        lambda feed: feed.replace(b"<id>tag:quern.example.org,2016:qsb</id>", b""),
        lambda feed: feed.replace(b"T12:00:00+00:00", b""),
        lambda feed: feed.replace(b'<category term="qsb"', b"<category"),
        lambda feed: feed.replace(b"<link href=", b"<link address="),
    ],
)
def test_atom(archive: Archive, change: Callable[[bytes], bytes]) -> None:
    feed = feeds(archive, PROFILE, "")["feeds/qsb.atom.xml"]
    assert judges.atom_faults(feed) == []
    assert change(feed) != feed
    assert judges.atom_faults(change(feed))


def test_feedparser(archive: Archive) -> None:
    feed = feeds(archive, PROFILE, "")["feeds/qsb.atom.xml"]
    assert judges.feed_faults(feed) == []
    assert judges.feed_faults(feed.replace(b"</title>", b"\x07</title>", 1))
    assert judges.feed_faults(feed.replace(b"</entry>", b"", 1))


@pytest.mark.usefixtures("judges")
def test_two_more_readers(archive: Archive) -> None:
    """Both find fault with what is no feed, or lacks links; one forgives a missing end."""
    feed = feeds(archive, PROFILE, "")["feeds/qsb.atom.xml"]
    odd = {
        "no feed": (b"<page/>", ["feedsmith", "rss-parser"]),
        "no end": (feed.replace(b"</feed>", b"</entry>"), ["rss-parser"]),
        "no links": (feed.replace(b"<link ", b"<a "), ["feedsmith", "rss-parser"]),
    }
    assert judges.reader_faults({"whole": feed}) == []
    faults = judges.reader_faults({name: data for name, (data, _) in odd.items()})
    for name, (_, readers) in odd.items():
        assert [f.split(": ")[1] for f in faults if f.startswith(name)] == readers


# --- iCalendar --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda ics: ics.replace(b"\r\n", b"\n"),
        lambda ics: ics.replace(b"END:VEVENT\r\n", b"", 1),
        lambda ics: ics.replace(b"UID:", b"X-UID:"),
        lambda ics: ics.replace(b"PRODID:", b"X-PRODID:"),
        lambda ics: ics.replace(b"TRANSP:", b"SUMMARY:again\r\nTRANSP:", 1),
        lambda ics: ics.replace(b"DTSTART;VALUE=DATE:2020", b"DTSTART;VALUE=DATE:March", 1),
        lambda ics: ics.replace(b"\r\n ", b""),
        lambda ics: ics.replace(b"SUMMARY:Quern", b"SUMMARY:Qu\nern", 1),
        lambda ics: ics.replace(b"SUMMARY:", b"SUMMARY:\xc3\r\n \xa9"),
        lambda ics: ics[: ics.index(b"BEGIN:VEVENT")] + b"END:VCALENDAR\r\n",
    ],
)
def test_icalendar(archive: Archive, change: Callable[[bytes], bytes]) -> None:
    written = calendar(ArchiveSite(archive, PROFILE, ""))
    assert judges.calendar_faults(written) == []
    assert change(written) != written
    assert judges.calendar_faults(change(written))


# --- OSV, CSAF --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("id",), "QSB-012"),
        (("modified",), "2025-05-20"),
        (("published",), "2025-05-06T00:00:00+02:00"),
        (("upstream",), "XSA-9034"),
        (("modified",), "2025-02-30T00:00:00Z"),
        (("references", 0, "type"), "PAGE"),
        (("references", 0, "url"), "an address"),
        (("credits", 0, "type"), "HERO"),
        (("affected",), [{"package": {"name": "xen", "ecosystem": "Quern"}}]),
        (("colour",), "red"),
    ],
)
def test_osv(archive: Archive, path: Place, value: Any) -> None:
    written = osv(archive, PROFILE, "https://example.org")["osv/x_QSB-012.json"]
    assert judges.osv_faults(json.loads(written)) == []
    assert judges.osv_faults(broken(written, path, value))


STATUS = ("vulnerabilities", 0, "product_status")
TRACKING = ("document", "tracking")
UNSORTED = [
    {"date": "2025-05-22T00:00:00Z", "number": "1", "summary": "First published"},
    {"date": "2025-05-21T00:00:00Z", "number": "2", "summary": "Revised"},
]
BROKEN: dict[str, tuple[Place, Any]] = {
    "6_1_1": ((*STATUS, "fixed"), ["4.2/hearth/xen"]),
    "6_1_6": ((*STATUS, "known_not_affected"), ["4.1"]),
    "6_1_14": ((*TRACKING, "revision_history"), UNSORTED),
    "6_1_16": ((*TRACKING, "version"), "3"),
    "6_1_17": ((*TRACKING, "version"), "0"),
    "6_1_27_5": (("vulnerabilities", 0, "notes"), None),
    "6_1_29": (("vulnerabilities", 0, "remediations", 0, "product_ids"), None),
    "csaf_2_0": (("document", "title"), ""),
    "csaf_2_0_strict": (("colour",), "red"),
}


@pytest.mark.usefixtures("judges")
def test_csaf(archive: Archive) -> None:
    """All in one go, since a validator takes a second to start."""
    written = csaf(archive, PROFILE, "https://example.org")["csaf/2025/qsb-012.json"]
    documents = {name: broken(written, *change) for name, change in BROKEN.items()}
    found = judges.csaf_faults({"whole": json.loads(written), **documents})
    assert found.keys() == BROKEN.keys(), BROKEN.keys() - found.keys()
    for name, faults in found.items():
        assert any(name in fault for fault in faults), (name, faults)
    recommended = judges.csaf_faults({"whole": json.loads(written)}, every=True)["whole"]
    assert any("optionalTest_6_2_3 " in fault for fault in recommended)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("author",), None),
        (("version",), 0),
        (("timestamp",), "2017-04-11"),
        (("statements",), []),
        (("statements", 0, "status"), "fine"),
        (("statements", 0, "action_statement"), None),
        (("statements", 1, "impact_statement"), None),
        (("statements", 3, "justification"), "denial of service only"),
        (("statements", 0, "vulnerability"), "XSA-9001"),
        (("statements", 0, "products", 0, "@id"), None),
        (("statements", 0, "colour"), "red"),
    ],
)
def test_openvex(archive: Archive, path: Place, value: Any) -> None:
    written = exports(archive, PROFILE, "")["vex/openvex.json"]
    assert judges.openvex_faults(json.loads(written)) == []
    assert judges.openvex_faults(broken(written, path, value))
