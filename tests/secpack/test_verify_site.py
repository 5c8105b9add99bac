"""Copies of a site: true ones, damaged ones, old ones, and servers that mean harm."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from secpack import files
from secpack.cli import main
from secpack.mirror import copies, format_checksums, read_site_data
from tests.keys import THEN, Gnupg, gnupg_with

MONTHS = {1: "2020-01-05", 2: "2020-02-05", 3: "2020-03-05"}


def document(number: int, updated: str = "") -> dict[str, object]:
    file = f"qsb/{number:03d}/qsb-{number:03d}-2020.txt"
    return {
        "id": f"QSB-{number:03d}",
        "file": file,
        "url": f"qsb/{number:03d}/",
        "sha256": f"of {updated or MONTHS[number]}",
        "published": MONTHS[number],
        "updated": updated or MONTHS[number],
        "revisions": [],
        "signatures": [{"file": f"{file}.sig.ines", "digest": "SHA256", "created": None}],
    }


def site_data(*documents: dict[str, object]) -> bytes:
    keys = [{"fingerprint": "AB" * 20, "file": "keys/team/ines.asc"}]
    data = {"bulletins": documents, "canaries": [], "attachments": [], "keys": keys}
    return json.dumps(data).encode()


def write(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def sum_up(folder: Path) -> None:
    """Write the manifest anew, as whoever altered a copy can."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    sums = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if not path.name.startswith("SHA256SUMS")
    }
    (folder / "SHA256SUMS").write_bytes(format_checksums(sums))


def make_site(folder: Path, *documents: dict[str, object]) -> Path:
    """A site with a page, an original and a signature for each document; and a key."""
    files = {
        "index.html": f"{len(documents)} bulletins".encode(),
        "keys/team/ines.asc": b"key",
        "data/archive.json": site_data(*documents),
    }
    for each in documents:
        text = f"text of {each['id']} as of {each['updated']}".encode()
        files |= {str(each["file"]): text, f"{each['file']}.sig.ines": b"signature of " + text}
        files[f"{each['url']}index.html"] = (
            b"page, with a way to the next of " + files["index.html"]
        )
    write(folder, files)
    sum_up(folder)
    return folder


@pytest.fixture
def rebuild(tmp_path: Path) -> Path:
    return make_site(tmp_path / "rebuild", *map(document, (1, 2)))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return make_site(tmp_path / "copy", *map(document, (1, 2)))


Said = tuple[int, list[str]]


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*arguments: object) -> Said:
        status = main(["verify-site", *map(str, arguments)])
        printed = capsys.readouterr()
        return status, (printed.out + printed.err).splitlines()

    return run


@pytest.mark.parametrize(
    ("until", "status", "said"),
    [
        ("null", 0, []),
        ('"2999-01-01"', 0, []),
        (
            '"2020-01-31"',
            3,
            ["stale: it was meant to be the newest until 2020-01-31; get a newer copy"],
        ),
        ('"soon"', 1, ["data/manifest.json: cannot be read: ValueError: "]),
        ("[]", 1, ["data/manifest.json: cannot be read: TypeError: "]),
    ],
)
def test_a_stale_copy_is_not_called_altered(
    copy: Path, verify: Callable[..., Said], until: str, status: int, said: list[str]
) -> None:
    write(copy, {"data/manifest.json": f'{{"fresh_until": {until}}}'.encode()})
    sum_up(copy)
    found, lines = verify(copy)
    assert found == status
    assert all(any(line.startswith(each) for line in lines) for each in said)
    word = {0: "undamaged", 1: "FAILED", 3: "STALE"}[status]
    assert f"{word} (10 files checked)" in lines
    (copy / "index.html").write_text("altered")
    assert verify(copy)[0] == 1


class Calm(ThreadingHTTPServer):
    """A server that says nothing of readers who leave."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def server(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    with Calm(("127.0.0.1", 0), handler) as http:
        # It looks often whether it is to end, so that no test waits for it.
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}"
        finally:
            http.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """A plain server of files."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # which waits 40 ms with each answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(params=["folder", "address"])
def place(request: pytest.FixtureRequest, copy: Path) -> Iterator[object]:
    """The copy as a folder, and on a server."""
    if request.param == "folder":
        yield copy
        return
    with server(partial(Quiet, directory=copy)) as address:
        yield address


# --- copies -----------------------------------------------------------------------------------


def test_a_true_copy(place: object, rebuild: Path, verify: Callable[..., Said]) -> None:
    assert verify(place, "--against", rebuild) == (
        0,
        ["verified against a rebuild", "OK (9 files checked)"],
    )


def test_without_a_rebuild_or_signature_it_is_only_undamaged(
    place: object, verify: Callable[..., Said]
) -> None:
    status, said = verify(place)
    assert status == 0
    assert said == [
        "undamaged (9 files checked)",
        "Anybody can write SHA256SUMS: verify it with --against REBUILD or --keyring FILE.",
    ]


def test_one_byte_changed_and_one_file_missing(
    place: object, copy: Path, rebuild: Path, verify: Callable[..., Said]
) -> None:
    (copy / "qsb/001/index.html").write_bytes(b"Page, one of 2 bulletins")
    (copy / "keys/team/ines.asc").unlink()
    for arguments in ((), ("--against", rebuild)):
        status, said = verify(place, *arguments)
        assert status == 1
        assert "altered: qsb/001/index.html: differs from SHA256SUMS" in said
        missing = [line for line in said if line.startswith("missing: keys/team/ines.asc")]
        assert len(missing) == 1
        assert said[-1] == "FAILED (9 files checked)"


def test_what_the_manifest_was_made_to_fit_is_found_by_a_rebuild(
    place: object, copy: Path, rebuild: Path, verify: Callable[..., Said]
) -> None:
    (copy / "qsb/001/index.html").write_bytes(b"altered")
    (copy / "qsb/002/qsb-002-2020.txt.sig.ines").unlink()
    (copy / "more.html").write_bytes(b"more")
    sum_up(copy)
    assert verify(place)[0] == 0
    status, said = verify(place, "--against", rebuild)
    assert status == 1
    assert said == [
        "altered: qsb/001/index.html: differs from the rebuild",
        "missing: qsb/002/qsb-002-2020.txt.sig.ines: not in the copy's SHA256SUMS either",
        "extra: more.html",
        "FAILED (9 files checked)",
    ]


def test_extra_files_in_a_folder(copy: Path, verify: Callable[..., Said]) -> None:
    write(copy, {"qsb/003/index.html": b"more"})
    (copy / "away").symlink_to("/")
    (copy / "SHA256SUMS.asc").write_bytes(b"a signature is no extra file")
    status, said = verify(copy)
    assert (status, said[:2]) == (1, ["extra: away", "extra: qsb/003/index.html"])


@pytest.mark.parametrize("round_", [False, True])
def test_links_in_a_folder_are_not_followed(
    copy: Path, tmp_path: Path, verify: Callable[..., Said], *, round_: bool
) -> None:
    """They lead elsewhere, or to themselves."""
    (copy / "qsb").rename(tmp_path / "elsewhere")
    (copy / "qsb").symlink_to("qsb" if round_ else tmp_path / "elsewhere")
    (copy / "index.html").unlink()
    if round_:
        (copy / "index.html").symlink_to("index.html")
    else:
        os.mkfifo(copy / "index.html")
    status, said = verify(copy)
    assert status == 1
    assert "altered: index.html: not a regular file" in said
    assert "altered: qsb/001/qsb-001-2020.txt: not a regular file" in said


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_a_file_that_becomes_another_while_it_is_opened(
    copy: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A FIFO would keep whoever opens it waiting for ever, and a link would lead elsewhere."""
    page, opened = copy / "index.html", os.open

    def exchange(path: Path, flags: int) -> int:
        page.unlink()
        os.mkfifo(page) if kind == "fifo" else page.symlink_to("/etc/passwd")
        return opened(path, flags)

    monkeypatch.setattr(files.os, "open", exchange)
    with pytest.raises(copies.RefusedError, match="not a regular file"):
        copies.Folder(copy).read("index.html", 1000)


def test_a_copy_that_is_behind(tmp_path: Path, verify: Callable[..., Said]) -> None:
    new = make_site(tmp_path / "new", document(1, "2020-03-01"), document(2), document(3))
    old = make_site(tmp_path / "old", document(1), document(2))
    status, said = verify(old, "--against", new)
    assert status == 1
    assert said == [
        "behind: QSB-001 changed on 2020-03-01, 56 days after 2020-01-05",
        "behind: QSB-003 was published on 2020-03-05",
        "behind by 2 documents and 29 days: its newest version is dated 2020-02-05, "
        "the rebuild's 2020-03-05",
        "not compared, because two states differ there: 9 other files",
        "FAILED (9 files checked)",
    ]
    status, said = verify(new, "--against", old)
    assert status == 1
    assert said[:2] == [
        "ahead of the rebuild: QSB-001 changed on 2020-03-01, 56 days after 2020-01-05",
        "ahead of the rebuild: QSB-003 was published on 2020-03-05",
    ]


def test_an_old_copy_can_be_altered_besides(tmp_path: Path, verify: Callable[..., Said]) -> None:
    new = make_site(tmp_path / "new", *map(document, (1, 2, 3)))
    old = make_site(tmp_path / "old", *map(document, (1, 2)))
    (old / "qsb/002/qsb-002-2020.txt").write_bytes(b"altered")
    (old / "qsb/001/qsb-001-2020.txt.sig.ines").unlink()
    (old / "keys/team/ines.asc").write_bytes(b"another key")
    hostile = document(3) | {"id": "QSB-9", "url": "", "updated": "2020-03-04"}
    (old / "data/archive.json").write_bytes(site_data(document(1), document(2), hostile))
    sum_up(old)
    status, said = verify(old, "--against", new)
    assert status == 1
    assert "altered: qsb/002/qsb-002-2020.txt: differs from the rebuild" in said
    assert "altered: keys/team/ines.asc: differs from the rebuild" in said
    assert any(line.startswith("missing: qsb/001/qsb-001-2020.txt.sig.ines") for line in said)
    assert "behind: QSB-003 was published on 2020-03-05" in said
    assert "ahead of the rebuild: QSB-9 was published on 2020-03-05" in said


def test_precompressed_files_are_judged_by_what_they_hold(
    copy: Path, rebuild: Path, verify: Callable[..., Said]
) -> None:
    page = (copy / "index.html").read_bytes()
    write(copy, {"index.html.gz": gzip.compress(page, 1)})
    write(rebuild, {"index.html.gz": gzip.compress(page, 9, mtime=0)})
    sum_up(copy)
    sum_up(rebuild)
    assert verify(copy, "--against", rebuild)[0] == 0
    write(copy, {"index.html.gz": gzip.compress(b"altered"), "keys/team/ines.asc.gz": b"no gzip"})
    sum_up(copy)
    status, said = verify(copy, "--against", rebuild)
    assert status == 1
    assert said[:2] == [
        "altered: index.html.gz: differs from the rebuild",
        "extra: keys/team/ines.asc.gz",
    ]


gpg = gnupg_with("ines", "mallory")


def test_a_signature_of_the_manifest(
    place: object, copy: Path, tmp_path: Path, gpg: Gnupg, verify: Callable[..., Said]
) -> None:
    keyring = tmp_path / "keyring.asc"
    keyring.write_bytes(gpg.export("ines"))
    manifest = (copy / "SHA256SUMS").read_bytes()
    status, said = verify(place, "--keyring", keyring)
    assert (status, said[0]) == (
        1,
        "SHA256SUMS is not signed: there is no SHA256SUMS.asc or SHA256SUMS.sig",
    )
    for name, armour in (("SHA256SUMS.sig", False), ("SHA256SUMS.asc", True)):
        (copy / name).write_bytes(gpg.sign(manifest, "ines", armour=armour))
        assert verify(place, "--keyring", keyring) == (
            0,
            [
                f"verified against a signature by {gpg.fingerprints['ines']} "
                "(2020-01-02 03:04:05 UTC, SHA256)",
                "OK (9 files checked)",
            ],
        )
    for signature, verdict in (
        (gpg.sign(manifest, "mallory"), "unknown-key"),
        (gpg.sign(manifest + b" ", "ines"), "bad"),
        (b"nonsense", "malformed"),
    ):
        (copy / "SHA256SUMS.asc").write_bytes(signature)
        status, said = verify(place, "--keyring", keyring)
        assert (status, said[0]) == (
            1,
            f"SHA256SUMS.asc: the signature is not good: {verdict}",
        )
    keyring.write_bytes(b"no key")
    status, said = verify(place, "--keyring", keyring)
    assert status == 2
    assert said[0].startswith("the keyring cannot be used: ")
    keyring.unlink()
    expected = f"{keyring}: No such file or directory"
    assert verify(place, "--keyring", keyring) == (2, [expected])


def sign(copy: Path, gpg: Gnupg, *options: str, time: str = THEN) -> Path:
    """Sign the manifest of a copy; return the keyring."""
    signature = gpg.sign((copy / "SHA256SUMS").read_bytes(), "ines", *options, time=time)
    (copy / "SHA256SUMS.asc").write_bytes(signature)
    keyring = copy.with_name("keyring.asc")
    keyring.write_bytes(gpg.export("ines"))
    return keyring


@pytest.mark.parametrize("digest", ["SHA1", "RIPEMD160"])
def test_a_signature_with_an_obsolete_digest_is_refused(
    copy: Path, gpg: Gnupg, verify: Callable[..., Said], digest: str
) -> None:
    weak = ("--allow-weak-digest-algos", "--digest-algo", digest, "--detach-sign")
    assert verify(copy, "--keyring", sign(copy, gpg, *weak)) == (
        1,
        [
            f"SHA256SUMS.asc: the signature, dated 2020-01-02, uses an obsolete digest ({digest})",
            "FAILED (9 files checked)",
        ],
    )


def test_a_signature_of_the_future_is_refused(
    copy: Path, gpg: Gnupg, verify: Callable[..., Said]
) -> None:
    keyring = sign(copy, gpg, time="20990102T030405")
    status, said = verify(copy, "--keyring", keyring, "--newer-than", "2026-01-01")
    assert status == 1
    assert said[0] == "SHA256SUMS.asc: the signature is dated 2099-01-02, in the future"


def test_a_frozen_mirror_is_seen_by_its_signature(
    copy: Path, gpg: Gnupg, verify: Callable[..., Said]
) -> None:
    """Whatever its documents say."""
    keyring = sign(copy, gpg)
    assert verify(copy, "--keyring", keyring, "--newer-than", "2020-01-01")[0] == 0
    for day in ("2020-01-02", "2020-06-01"):
        status, said = verify(copy, "--keyring", keyring, "--newer-than", day)
        assert (status, said[0]) == (
            1,
            f"SHA256SUMS.asc: too old: the signature is dated 2020-01-02, not after {day}",
        )
    with pytest.raises(SystemExit, match="2"):
        verify(copy, "--newer-than", "yesterday")


def test_only_a_signature_dates_a_copy(copy: Path, verify: Callable[..., Said]) -> None:
    message = "--newer-than needs --keyring: only a signature dates a copy"
    assert verify(copy, "--newer-than", "2020-02-04") == (2, [message])


def test_a_keyring_that_is_no_file_is_not_read(
    copy: Path, tmp_path: Path, verify: Callable[..., Said]
) -> None:
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(30 * 2**30)
    for name, reason in (("fifo", "not a regular file"), ("sparse", "larger than 16777216 bytes")):
        path = tmp_path / name
        assert verify(copy, "--keyring", path) == (2, [f"{path}: {reason}"])


def test_a_rebuild_that_is_not_whole_cannot_be_used(
    copy: Path, rebuild: Path, verify: Callable[..., Said]
) -> None:
    (rebuild / "index.html").write_bytes(b"half")
    assert verify(copy, "--against", rebuild) == (
        2,
        ["the rebuild cannot be used: files are missing or altered: index.html"],
    )
    (rebuild / "SHA256SUMS").unlink()
    assert verify(copy, "--against", rebuild) == (2, ["the rebuild cannot be used: not found"])


@pytest.mark.parametrize(
    "place",
    ["/no/such/folder", "ftp://127.0.0.1/", "http:///site", "http://u@127.0.0.1/", "http://[/"],
)
def test_what_is_no_copy(place: str, verify: Callable[..., Said]) -> None:
    status, said = verify(place)
    assert status == 2
    assert said


def test_a_server_that_is_not_there(verify: Callable[..., Said]) -> None:
    with server(Quiet) as address:
        pass
    status, said = verify(address)
    assert status == 2
    assert said == ["no answer: Connection refused"]


# --- hostile ones -----------------------------------------------------------------------------

DIGEST = "0" * 64


@pytest.mark.parametrize(
    "line",
    [
        f"{DIGEST}  ../secret",
        f"{DIGEST}  /etc/passwd",
        f"{DIGEST}  qsb//x",
        f"{DIGEST}  qsb/./x",
        f"{DIGEST}  qsb/../../x",
        f"{DIGEST}  qsb\\..\\x",
        f"{DIGEST}  qsb/\x1b[31m",
        f"{DIGEST}  {'x/' * 600}x",
        f"{DIGEST} *index.html",
        f"{DIGEST}  SHA256SUMS",
        f"{DIGEST}  index.html\n{DIGEST}  index.html",
        "index.html",
        f"{DIGEST}  index.html\r",
        "",
    ],
)
def test_a_hostile_manifest(copy: Path, line: str, verify: Callable[..., Said]) -> None:
    (copy / "SHA256SUMS").write_bytes(f"{DIGEST}  a.html\n{line}\n".encode())
    status, said = verify(copy)
    assert status == 1
    assert said[0].startswith(("SHA256SUMS:2: ", "SHA256SUMS:3: "))
    assert said[-1] == "FAILED (0 files checked)"
    assert "\x1b" not in "".join(said)


@pytest.mark.parametrize("data", [b"\xff\n", b"no line end"])
def test_a_manifest_that_is_none(copy: Path, data: bytes, verify: Callable[..., Said]) -> None:
    (copy / "SHA256SUMS").write_bytes(data)
    assert verify(copy)[0] == 1


@pytest.mark.parametrize(
    "data",
    [b"[" * 200_000, b"{}", b'{"bulletins": [], "canaries": [{"id": []}]}', b"\xff"],
)
def test_hostile_data(copy: Path, rebuild: Path, data: bytes, verify: Callable[..., Said]) -> None:
    (copy / "data/archive.json").write_bytes(data)
    sum_up(copy)
    status, said = verify(copy, "--against", rebuild)
    assert status == 1
    assert said[0].startswith("data/archive.json: cannot be read: ")


def test_what_a_hostile_copy_makes_endless(
    copy: Path, rebuild: Path, verify: Callable[..., Said]
) -> None:
    more = [{**document(1), "id": f"QSB-{number}"} for number in range(1000, 9000)]
    (copy / "data/archive.json").write_bytes(site_data(document(1), *more))
    sum_up(copy)
    status, said = verify(copy, "--against", rebuild)
    assert (status, said[-1][:6]) == (1, "FAILED")
    assert len(said) < 1100
    assert any(line.startswith("behind by 1 document and ") for line in said)
    assert any(re.fullmatch("7,[0-9]{3} more such lines", line) for line in said)
    (copy / "SHA256SUMS").write_bytes(b"\n" * 500_001)
    assert verify(copy)[1][0] == "SHA256SUMS: lists more than 500000 files"


@pytest.mark.slow
def test_data_that_would_take_all_memory(
    copy: Path, verify: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secpack.programs._MEMORY", 1 << 26)  # this process stays small, too
    (copy / "data/manifest.json").write_bytes(b"[" + b"[]," * 6_000_000 + b"[]]")
    sum_up(copy)
    assert verify(copy)[1][0] == "data/manifest.json: cannot be read: MemoryError"


def test_a_time_without_a_zone_is_compared(
    copy: Path, rebuild: Path, verify: Callable[..., Said]
) -> None:
    (copy / "data/archive.json").write_bytes(
        site_data(
            document(1), {**document(2), "sha256": "0" * 64, "changed": "2020-01-01T00:00:00"}
        )
    )
    sum_up(copy)
    assert verify(copy, "--against", rebuild)[0] == 1


@pytest.mark.parametrize("zone", ["", "Z", "+00:00", "+02:00"])
def test_the_time_of_a_document_keeps_its_zone(zone: str) -> None:
    at = f"2020-01-01T04:00:00{zone}"
    (read,) = read_site_data(site_data({**document(1), "changed": at})).documents.values()
    assert read.time == datetime(2020, 1, 1, 2 if zone == "+02:00" else 4, tzinfo=UTC)


class Hostile(Quiet):
    """A server that answers as a row says, for the page that everybody asks for."""

    where = "/index.html"

    def __init__(self, *args: Any, row: Harm, **named: Any) -> None:
        self.row = row
        super().__init__(*args, **named)

    def do_GET(self) -> None:
        if self.path != self.where:
            super().do_GET()
            return
        start, more, times, pause = self.row
        self.wfile.write(start)
        for _ in range(times):
            self.wfile.write(more)
            time.sleep(pause)
        self.close_connection = True


def ok(header: str, body: bytes = b"", status: int = 200) -> bytes:
    """The start of an answer."""
    return f"HTTP/1.1 {status} X\r\n{header}\r\n\r\n".encode() + body


def whole(status: int, header: str, body: bytes = b"") -> Harm:
    """A whole answer, after which the server says no more."""
    return ok(f"{header}\r\nContent-Length: {len(body)}", body, status), b"", 0, 0


#: What a server sends first, what it repeats, how often, and the seconds between.
Harm: TypeAlias = tuple[bytes, bytes, int, float]

MUCH, ENDLESS = b"x" * 65536, 10**9
OTHER_HOST, NO_ANSWER = "altered: index.html: redirects to another host: ", "no answer: "
LONG = f"missing: index.html: {NO_ANSWER}took longer than 0.5 seconds"
HARM: dict[str, tuple[Harm, str]] = {
    "host": (whole(302, "Location: http://127.0.0.2:1/x"), f"{OTHER_HOST}http://127.0.0.2:1/x"),
    "port": (whole(302, "Location: http://127.0.0.1:1/x"), f"{OTHER_HOST}http://127.0.0.1:1/x"),
    "file": (whole(301, "Location: file:///etc/passwd"), f"{OTHER_HOST}file:///etc/passwd"),
    "circle": (whole(307, "Location: /index.html"), "altered: index.html: too many redirects"),
    "encoded": (
        whole(200, "Content-Encoding: gzip"),
        "altered: index.html: sent with a Content-Encoding that was not requested",
    ),
    "error": (
        whole(503, "Retry-After: 1"),
        "altered: index.html: the server answered with status 503",
    ),
    "part": (
        whole(206, "Content-Range: bytes 0-4/11", b"2 bul"),
        "altered: index.html: the server answered with status 206",
    ),
    "gzip": (
        whole(200, "Content-Type: text/html", gzip.compress(b"2 bulletins")),
        "altered: index.html: differs from SHA256SUMS",
    ),
    "endless": (
        (ok("Connection: close"), MUCH, ENDLESS, 0),
        "altered: index.html: larger than 1000000 bytes",
    ),
    "claimed": (
        (ok(f"Content-Length: {10**15}"), MUCH, ENDLESS, 0),
        "altered: index.html: larger than 1000000 bytes",
    ),
    "dripping": ((ok("Content-Length: 1000"), b"x", 1000, 0.05), LONG),
    "dripping headers": ((b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 1000, 0.05), LONG),
    "silent": ((b"", b"", 1, 3), LONG),
    "nonsense": ((b"\x00\x01\x02 what?\r\n\r\n", b"", 0, 0), "missing: index.html: no answer: "),
    "no chunks": (
        (ok("Transfer-Encoding: chunked", b"what?\r\n2 bulletins\r\n0\r\n\r\n"), b"", 0, 0),
        "missing: index.html: no answer: ",
    ),
    "truncated": (
        (ok("Content-Length: 11", b"2 bul"), b"", 0, 0),
        "missing: index.html: no answer: ",
    ),
    "continuing": ((b"", b"HTTP/1.1 100 Continue\r\n\r\n", ENDLESS, 0.01), LONG),
}


@pytest.mark.slow
@pytest.mark.parametrize("harm", HARM)
def test_a_hostile_server(
    copy: Path, harm: str, verify: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    row, reason = HARM[harm]
    monkeypatch.setattr(copies, "PATIENCE", 0.5)
    monkeypatch.setattr("secpack.mirror.MOST_OF_A_FILE", 1_000_000)
    with server(partial(Hostile, row=row, directory=copy)) as address:
        started = time.monotonic()
        status, said = verify(address)
        assert time.monotonic() - started < 10
    assert status == 1
    assert said[0].startswith(reason)
    assert said[1:] == ["FAILED (9 files checked)"]


def test_a_server_without_an_end_is_left(
    copy: Path, verify: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "PATIENCE", 0.3)
    monkeypatch.setattr(Hostile, "where", "/SHA256SUMS")
    with server(partial(Hostile, row=HARM["dripping"][0], directory=copy)) as address:
        assert verify(address) == (2, ["no answer: took longer than 0.3 seconds"])


class SilentAfterAll(Quiet):
    def do_GET(self) -> None:
        if self.path != "/SHA256SUMS":
            time.sleep(0.4)
            self.close_connection = True
            return
        super().do_GET()
        copies.PATIENCE = 0.1  # for each file from now on


def test_a_server_that_stops_to_answer_is_left(
    copy: Path, verify: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "PATIENCE", 10)
    with server(partial(SilentAfterAll, directory=copy)) as address:
        status, said = verify(address)
    assert status == 1
    assert said[0] == "stopped: 5 files without an answer"
    assert len([line for line in said if line.startswith("not read: ")]) == 4
    assert said[-1] == "FAILED (5 files checked)"


class Slow(Quiet):
    """Answers everything, just within the time that each file has."""

    def do_GET(self) -> None:
        time.sleep(0.2)
        super().do_GET()


class Drips(Hostile):
    """Sends a byte from time to time, of every file but the manifest."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, row=HARM["dripping"][0], **named)

    def do_GET(self) -> None:
        self.where = self.path * (self.path != "/SHA256SUMS")
        super().do_GET()


@pytest.mark.slow
@pytest.mark.parametrize("handler", [Slow, Drips])
def test_a_whole_run_has_an_end(
    copy: Path, handler: type[Quiet], verify: Callable[..., Said]
) -> None:
    with server(partial(handler, directory=copy)) as address:
        started = time.monotonic()
        status, said = verify(address, "--timeout", "1")
        assert time.monotonic() - started < 3
    assert status == 1
    assert said[0] == "stopped: the time is up; --timeout gives more"
    assert said[-2] == "not read: qsb/002/qsb-002-2020.txt.sig.ines"
    checked = 9 - len([line for line in said if line.startswith("not read: ")])
    assert said[-1] == f"FAILED ({checked} files checked)"
    assert 0 < checked < 9


@pytest.mark.parametrize("seconds", ["0", "-1", "1e9", "nan", "9999999999", "x"])
def test_a_time_that_is_none(copy: Path, verify: Callable[..., Said], seconds: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        verify(copy, f"--timeout={seconds}")


def test_servers_are_asked_as_a_browser_asks(copy: Path, verify: Callable[..., Said]) -> None:
    class Choosy(Quiet):
        def do_GET(self) -> None:
            if not self.headers["User-Agent"].startswith("Mozilla/5.0 "):
                self.send_error(403)
            else:
                super().do_GET()

    with server(partial(Choosy, directory=copy)) as address:
        assert verify(address)[0] == 0


class Moved(Quiet):
    """Serves the site one folder deeper than asked."""

    def do_GET(self) -> None:
        if not self.path.startswith("/site/"):
            self.send_response(301)
            self.send_header("Location", f"/site{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.path = self.path.removeprefix("/site")
        super().do_GET()


def test_a_redirect_on_the_same_host_is_followed(copy: Path, verify: Callable[..., Said]) -> None:
    with server(partial(Moved, directory=copy)) as address:
        assert verify(address)[0] == 0
        assert verify(f"{address}/site")[0] == 0


@pytest.mark.parametrize(
    ("here", "target", "stays"),
    [
        ("http://a.example/x", "https://a.example/x", True),
        ("https://a.example/x", "http://a.example/x", False),
        ("http://a.example:8080/x", "https://a.example/x", False),
        ("https://a.example/x", "https://a.example:444/x", False),
        ("https://a.example/x", "https://A.example/y", True),
        ("https://a.example/x", "https://b.example/x", False),
        ("https://a.example/x", "https://u@a.example/x", False),
    ],
)
def test_what_staying_on_the_host_means(here: str, target: str, stays: bool) -> None:
    assert copies._stays(copies.urlsplit(target), copies.urlsplit(here)) is stays
