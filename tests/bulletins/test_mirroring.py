"""What docs/mirroring.md says, done: nginx, rsync, mirrors; and mirrors that are not true."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest

from bulletins.urls import CSAF_PROVIDER, SECURITY_TXT
from tests.bulletins import rules
from tests.bulletins.sites import ROOT, Site, build, publish, rebuild
from tests.forks import run_module

DOCS = (ROOT / "docs" / "mirroring.md").read_text("utf-8")
HOST = "https://archive.quern.example.org"
DEMO = ROOT / "content" / "secpack"
SECPACK = Path(sys.executable).with_name("secpack")


def example(language: str, start: str) -> str:
    """The example of the docs that begins with these words."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", DOCS, re.M | re.S)
    return str(next(text for text in found if text.startswith(start)))


def program(name: str) -> str:
    """A server's program, which may lie where only root looks."""
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if not path:
        pytest.skip(f"needs {name}: install the package {name}")
    return path


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return publish(tmp_path_factory.mktemp("srv") / "public", SITEURL=HOST, GZIP="1").ok()


@contextmanager
def served(command: Sequence[str], port: int) -> Iterator[None]:
    """A server of ours on 127.0.0.1, from when it answers until the end."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        for _ in range(200):
            assert server.poll() is None, server.stderr and server.stderr.read().decode()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.communicate(timeout=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- nginx ------------------------------------------------------------------------------------

NGINX = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/archive.conf;
}}
"""


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Answer]


def configured(public: Site, folder: Path, listen: str) -> list[str]:
    """The command of an nginx with the documented configuration, but for place and port."""
    nginx = program("nginx")
    conf = example("nginx", "# What a page may load")
    assert conf.count("/srv/archive/public") == 2
    assert conf.count("listen 80;") == 1
    conf = conf.replace("/srv/archive/public", str(public.folder))
    (folder / "archive.conf").write_text(conf.replace("listen 80;", listen))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(user=user, folder=folder))
    command = [nginx, "-e", "stderr", "-p", str(folder), "-c", f"{folder}/nginx.conf"]
    said = subprocess.run([*command, "-t", "-q"], capture_output=True, text=True, check=False)
    assert not [line for line in said.stderr.splitlines() if "/archive.conf:" in line]
    return command


@pytest.fixture(scope="module")
def nginx(public: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx that serves the site."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    with served(configured(public, folder, f"listen 127.0.0.1:{port};"), port):
        yield port


@pytest.fixture
def ask(nginx: int) -> Ask:
    def get(path: str, **headers: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", nginx, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers=sent)
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, response.read())

    return get


TYPES = {
    "/": "text/html; charset=utf-8",
    "/qsb/003/": "text/html; charset=utf-8",
    "/qsb/003/qsb-003-2017.txt": "text/plain; charset=utf-8",
    "/qsb/003/qsb-003-2017.txt.sig.ines": "application/pgp-signature",
    "/qsb/003/qsb-003-2017.json": "application/json",
    "/qsb/files/station-risk.dot": "text/plain; charset=utf-8",
    "/qsb/files/station-risk.dot.sig.ines": "application/pgp-signature",
    "/canary/003/canary-003-2022-letter-ines.txt": "text/plain; charset=utf-8",
    "/keys/security-team/ines-quern-secpack-signing-key.asc": "application/pgp-keys",
    "/feeds/all.atom.xml": "application/atom+xml",
    "/feeds/all.json": "application/feed+json",
    "/feeds/canaries.ics": "text/calendar; charset=utf-8",
    "/data/archive.json": "application/json",
    "/.well-known/security.txt": "text/plain; charset=utf-8",
    "/sitemap.xml": "text/xml; charset=utf-8",
    "/robots.txt": "text/plain; charset=utf-8",
    "/theme/style.css": "text/css; charset=utf-8",
    "/SHA256SUMS": "text/plain; charset=utf-8",
}


@pytest.mark.parametrize(("path", "type_"), TYPES.items())
def test_nginx_serves_each_file_as_what_it_is(
    ask: Ask, public: Site, path: str, type_: str
) -> None:
    answer = ask(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == type_
    file = public.folder / (path.lstrip("/") + ("index.html" if path.endswith("/") else ""))
    assert answer.body == file.read_bytes()


def test_no_file_of_the_site_is_of_an_unknown_type(ask: Ask, public: Site) -> None:
    for path in public.files():
        if not path.endswith(".gz"):
            assert ask(f"/{path}").headers["content-type"] != "application/octet-stream", path


@pytest.mark.parametrize("path", ["/", "/qsb/003/", "/theme/style.css", "/SHA256SUMS", "/no/such"])
def test_nginx_sends_the_headers(ask: Ask, path: str) -> None:
    headers = ask(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["access-control-allow-origin"] == "*"
    expected = "max-age=600" if path.endswith(".css") else "no-cache"
    assert headers["cache-control"] == expected
    assert headers["server"] == "nginx"


def test_only_the_search_may_compile(ask: Ask) -> None:
    policy = ask("/search/").headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'" in policy
    assert "unsafe-inline" not in policy


def test_what_is_not_there_is_not_found(ask: Ask, public: Site) -> None:
    page = (public.folder / "404.html").read_bytes()
    for path in ("/no/such/page", "/qsb/999/", "/public.versions/", "/qsb/files/", "/.git/config"):
        answer = ask(path)
        assert (answer.status, answer.body) == (404, page), path
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


MOVED = {
    "/qsb/3/": "/qsb/003/",
    "/qsb/12": "/qsb/012/",
    "/canary/4/": "/canary/004/",
    "/pack/": "/about/",
    "/doc/canaries/": "/canary/",
    "/doc/canaries": "/canary/",
    "/bulletins/": "/qsb/",
}


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_old_urls_lead_to_new_ones(ask: Ask, old: str, new: str) -> None:
    answer = ask(old)
    assert (answer.status, answer.headers["location"]) == (301, new)
    assert ask(new).status == 200


def test_other_numbers_lead_nowhere(ask: Ask) -> None:
    for path in ("/qsb/003/", "/qsb/003/3/", "/doc/canaries/4/", "/qsb/9999/", "/qsb/0/3/"):
        assert ask(path).status in (200, 404), path


def test_what_was_not_changed_is_not_sent_again(ask: Ask) -> None:
    first = ask("/qsb/003/")
    assert first.headers["last-modified"] == "Tue, 11 Apr 2017 00:00:00 GMT"
    again = ask("/qsb/003/", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_compressed_files_are_sent_to_whom_can_read_them(ask: Ask, public: Site) -> None:
    plain, packed = ask("/qsb/003/"), ask("/qsb/003/", Accept_Encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"] == "text/html; charset=utf-8"
    assert packed.body == (public.folder / "qsb/003/index.html.gz").read_bytes()
    assert packed.headers["vary"] == "Accept-Encoding"
    other = ask("/SHA256SUMS", Accept_Encoding="gzip")  # without a compressed copy
    assert other.headers["content-encoding"] == "gzip"
    feed = ask("/feeds/all.atom.xml", Accept_Encoding="gzip")
    assert feed.headers["content-encoding"] == "gzip"
    assert feed.headers["content-type"] == "application/atom+xml"


def with_tls(folder: Path, port: int, host: str) -> tuple[str, ssl.SSLContext]:
    """Where to listen for TLS, with a certificate for a host; and who trusts it."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"]
    command += ["ec_paramgen_curve:P-256", "-keyout", str(key), "-out", str(certificate)]
    command += ["-subj", "/CN=archive", "-addext", f"subjectAltName=DNS:{host}"]
    subprocess.run(command, check=True, capture_output=True)
    own = f"ssl_certificate {certificate};\n    ssl_certificate_key {key};"
    return f"listen 127.0.0.1:{port} ssl;\n    {own}", ssl.create_default_context(
        cafile=certificate
    )


def test_a_csaf_provider_over_tls(public: Site, tmp_path: Path) -> None:
    """Section 7 of CSAF 2.0, for a program that walks the folders, and one that reads the lists."""
    host, port = HOST.removeprefix("https://"), free_port()
    listen, context = with_tls(tmp_path, port, host)

    def get(path: str) -> bytes:
        connection = HTTPConnection(host)
        plain = socket.create_connection(("127.0.0.1", port), timeout=20)
        connection.sock = context.wrap_socket(plain, server_hostname=host)
        connection.request("GET", f"/{path}")
        response = connection.getresponse()
        assert response.status == 200, path
        return response.read()

    with served(configured(public, tmp_path, listen), port):
        files = {CSAF_PROVIDER: get(CSAF_PROVIDER)}
        distributions = json.loads(files[CSAF_PROVIDER])["distributions"]
        folders = [each["directory_url"] for each in distributions]
        for folder in folders:
            page = get(folder.removeprefix(f"{HOST}/")).decode().partition("<h1")[2]
            for link in re.findall(r'<li><a href="([^"]*)"', page.partition("</ul>")[0]):
                url = urljoin(folder, link)
                if url.endswith("/index.html"):
                    folders.append(url.removesuffix("index.html"))
                else:
                    files[url.removeprefix(f"{HOST}/")] = get(url.removeprefix(f"{HOST}/"))
        assert f"CSAF: {HOST}/{CSAF_PROVIDER}\n" in get(SECURITY_TXT).decode()
    assert rules.provider_faults(files, HOST) == []
    documents = {p for p in public.files() if re.match(r"(csaf|vex)/\d+/.*\.json$", p)}
    assert {path for path in files if path.endswith(".json") and path.count("/") == 2} == (
        documents | {CSAF_PROVIDER}
    )


def test_an_onion_needs_paths_only(ask: Ask, nginx: int) -> None:
    name = "a" * 56 + ".onion"
    answer = ask("/qsb/003", Host=name)
    assert (answer.status, answer.headers["location"]) == (301, "/qsb/003/")
    page = ask("/qsb/003/", Host=name).body.decode()
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    own = [link for link in links if str(nginx) in link or link.startswith("/")]
    assert len(links) > 20
    assert own == []


def test_readers_take_all_by_the_list(nginx: int, public: Site, tmp_path: Path) -> None:
    page = public.read("mirroring/index.html")
    assert "pipx install git+https://quern.example.org/secpack-archive\n" in page
    assert "//archive.example.org" not in page.replace("rsync://archive.example.org", "")
    commands = re.search(r"<code>(mkdir archive\n[^<]*)</code>", page)
    assert commands
    said = commands[1].replace(f"{HOST}/", f"http://127.0.0.1:{nginx}/")
    assert said.count(f":{nginx}/") == 2
    program("wget")
    command = ["/bin/sh", "-e", "-c", said]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert Site(0, "", tmp_path / "archive").files() == public.files()


@pytest.mark.slow
def test_wget_alone_takes_all(nginx: int, public: Site, tmp_path: Path) -> None:
    front = f"http://127.0.0.1:{nginx}/"
    command = [program("wget"), "-q", "-m", "-nH", front]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    listed = {p: data for p, data in public.files().items() if not p.endswith(".gz")}
    assert Site(0, "", tmp_path).files() == listed


@pytest.mark.slow
def test_a_host_without_directory_index(public: Site, tmp_path: Path) -> None:
    """If the profile says so, every public URL names a file that any host has."""
    profile = tmp_path / "profile.toml"
    profile.write_text("directory_index = false\n" + (ROOT / "content/demo.toml").read_text())
    plain = publish(tmp_path / "public", SITEURL=HOST, PROFILE=profile).ok()

    def urls(site: Site) -> list[str]:
        form = re.compile(rf"{HOST}(/[^\s\"'<>()#&\\]*)".encode())
        texts = (data for path, data in site.files().items() if not path.endswith((".gz", "pf_*")))
        return [url.decode() for data in texts for url in form.findall(data)]

    found = urls(plain)
    assert {"/index.html", "/qsb/012/index.html", "/cve/index.html"} <= {*found}
    missing = {url for url in found if not (plain.folder / url.lstrip("/")).is_file()}
    assert missing == {"/", "/csaf/", "/vex/"}  # what others begin with
    assert len(found) == len(urls(public))


# --- object storage ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Storage:
    """Object storage on this machine, without an index for folders; and the documented script."""

    url: str
    script: Path

    def upload(self, site: Path, folder: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        settings = {"TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": self.url}
        remote = {f"RCLONE_CONFIG_STORAGE_{name}": value for name, value in settings.items()}
        path = f"{SECPACK.parent}:{os.environ['PATH']}"
        command = ["dash", str(self.script), str(site), f"storage:archive/{folder}"]
        environment = {**kept, **remote, "PATH": path, "RCLONE_CONFIG": ""}
        done = subprocess.run(
            command, env=environment, check=False, timeout=120, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    rclone = shutil.which("rclone", path=SECPACK.parent)
    if not rclone:
        pytest.skip("needs rclone: make judges")
    (tmp_path / "upload").write_text(example("sh", "#!/bin/sh\n# Usage: upload "))
    (tmp_path / "storage/archive").mkdir(parents=True)
    port = free_port()
    serve = [
        rclone,
        "serve",
        "s3",
        "--config=",
        "--addr",
        f"127.0.0.1:{port}",
        tmp_path / "storage",
    ]
    with served(list(map(str, serve)), port):
        yield Storage(f"http://127.0.0.1:{port}", tmp_path / "upload")


@pytest.mark.slow
def test_an_upload_to_object_storage(storage: Storage, rebuilt: Path, tmp_path: Path) -> None:
    """Each file has its type; a later upload changes what has changed, and a copy verifies."""
    site = tmp_path / "public"
    shutil.copytree(rebuilt, tmp_path / "version")
    site.symlink_to("version")
    storage.upload(site, "000007")
    copy = f"{storage.url}/archive/000007/"
    types = {}
    for path in Site(0, "", site).files():
        with urlopen(copy + path) as answer:  # noqa: S310 - our own server
            types[path] = answer.headers["content-type"]
            assert answer.headers["cache-control"].startswith("max-age=0, s-maxage=60, ")
    for path, type_ in TYPES.items():
        name = path.lstrip("/") + ("index.html" if path.endswith("/") else "")
        assert types[name] == type_.replace("application/javascript", "text/javascript"), path
    assert verify(copy, "--against", rebuilt).said.startswith("verified against a rebuild\nOK (")
    (site / "about/index.html").unlink()
    (site / "SHA256SUMS").write_text("new")
    storage.upload(site, "000007")
    said = verify(copy).said
    assert said.startswith("SHA256SUMS:")
    with pytest.raises(HTTPError):
        urlopen(f"{copy}about/index.html")  # noqa: S310 - our own server


# --- is it true? ------------------------------------------------------------------------------


def verify(*arguments: object) -> Site:
    command = ("secpack.cli", "verify-site", *map(str, arguments))
    done = run_module(*command, cwd=ROOT, environment=os.environ)
    return Site(done.returncode, done.stdout + done.stderr, ROOT)


@pytest.fixture(scope="module")
def rebuilt(public: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same site, from its manifest."""
    site = rebuild(public, tmp_path_factory.mktemp("rebuild") / "site").ok()
    return site.folder


def test_what_nginx_serves_is_true(nginx: int, rebuilt: Path) -> None:
    site = verify(f"http://127.0.0.1:{nginx}/", "--against", rebuilt).ok()
    assert "verified against a rebuild\nOK (" in site.said


def test_below_what_nginx_serves_there_is_no_site(nginx: int) -> None:
    site = verify(f"http://127.0.0.1:{nginx}/qsb/").refused()
    assert site.said.startswith("SHA256SUMS: not found (status 404)\n")


# --- rsync ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rsync(public: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an rsync server with the documented configuration, but for its place."""
    rsync, folder, port = program("rsync"), tmp_path_factory.mktemp("rsyncd"), free_port()
    conf = example("ini", "[archive]").replace("/srv/archive/public", str(public.folder))
    if os.geteuid() == 0:
        conf = f"uid = root\ngid = root\n{conf}"
    else:
        conf = conf.replace("use chroot = yes", "use chroot = no")
    (folder / "rsyncd.conf").write_text(conf)
    daemon = [rsync, "--daemon", "--no-detach", f"--config={folder / 'rsyncd.conf'}"]
    with served([*daemon, "--address=127.0.0.1", f"--port={port}"], port):
        yield f"rsync://127.0.0.1:{port}/archive/"


def pull(rsync: str, copy: Path, *options: str) -> str:
    """Run the documented command; return what it prints."""
    command = example("sh", "rsync -rt").split()
    assert command[-2:] == ["rsync://archive.example.org/archive/", "copy/"]
    done = subprocess.run(
        [*command[:-2], *options, rsync, f"{copy}/"], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_mirror_is_true(rsync: str, rebuilt: Path, public: Site, tmp_path: Path) -> None:
    pull(rsync, tmp_path / "mirror")
    assert Site(0, "", tmp_path / "mirror").files() == public.files()
    verify(tmp_path / "mirror", "--against", rebuilt).ok()


def test_an_old_copy(rebuilt: Path, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(DEMO, pack)
    for path in (pack / "QSBs").glob("qsb-012-*"):
        path.unlink()
    old = build(
        tmp_path / "old",
        settings="publishconf.py",
        SITEURL=HOST,
        SECPACK=pack,
        PROFILE=ROOT / "content/demo.toml",
        XSA=ROOT / "content/xsa.yml",
        XSA_JSON=ROOT / "content/xsa.json",
    ).ok()
    site = verify(old.folder, "--against", rebuilt).refused()
    assert "behind: QSB-012 was published on 2025-05-06\n" in site.said
    assert "behind by 1 document and " in site.said
    assert "the rebuild's 2025-05-21\n" in site.said
    assert "altered: " not in site.said
    assert "missing: " not in site.said


def moved(statistics: str) -> int:
    """How many files rsync transferred, by what it says."""
    return int(statistics.partition("files transferred: ")[2].split()[0].replace(",", ""))


@pytest.mark.slow
def test_rsync_moves_only_what_changed(rsync: str, public: Site, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert moved(pull(rsync, copy, "--stats")) == len(public.files())
    assert moved(pull(rsync, copy, "--stats")) == 0
    before = public.files()
    try:
        # A letter more in the profile's name changes all pages, and no original.
        profile = tmp_path / "profile.toml"
        text = (ROOT / "content/demo.toml").read_text()
        profile.write_text(text.replace('name = "Quern OS"', 'name = "Quorn OS"'))
        publish(public.folder, SITEURL=HOST, GZIP="1", PROFILE=profile).ok()
        after = public.files()
        changed = [path for path, data in after.items() if before.get(path) != data]
        assert len([p for p in changed if len(before.get(p, b"")) == len(after[p])]) > 9
        assert moved(pull(rsync, copy, "--stats")) == len(changed)
        assert Site(0, "", copy).files() == public.files()
    finally:
        publish(public.folder, "--rollback", FORCE="1").ok()


@dataclass(frozen=True)
class Mirror:
    """A mirror that the documented script keeps, with dash."""

    folder: Path
    script: Path

    def run(self) -> int:
        path = f"{SECPACK.parent}:{os.environ['PATH']}"
        command = ["dash", str(self.script), str(self.folder)]
        environment = {**os.environ, "PATH": path}
        done = subprocess.run(
            command, env=environment, check=False, timeout=60, capture_output=True, text=True
        )
        assert bool(done.stderr) == bool(done.returncode)
        return done.returncode

    @property
    def public(self) -> str:
        return str((self.folder / "public").readlink())

    @property
    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()} - {"lock", "public", "report"}


@pytest.fixture
def own_mirror(rsync: str, tmp_path: Path) -> Mirror:
    program("dash")
    script = example("sh", "#!/bin/sh\n# Usage: mirror FOLDER.")
    for printed, ours in (
        ("rsync://archive.example.org/archive/", rsync),
        (" --keyring archive-keys.asc", ""),
        ("keep=10", "keep=2"),
    ):
        assert script.count(printed) == 1
        script = script.replace(printed, ours)
    (tmp_path / "mirror").write_text(script)
    (tmp_path / "srv").mkdir()
    return Mirror(tmp_path / "srv", tmp_path / "mirror")


@pytest.mark.slow
def test_the_mirrors_script(own_mirror: Mirror, public: Site) -> None:
    mirror, sums, page = (
        own_mirror,
        public.folder / "SHA256SUMS",
        public.folder / "about/index.html",
    )
    assert mirror.run() == 0
    first = mirror.public
    assert Site(0, "", mirror.folder / "public").files() == public.files()
    assert mirror.run() == 0
    assert mirror.names == {first}  # nothing has changed
    damaged = mirror.folder / first / "qsb/003/qsb-003-2017.txt"
    data, stat = damaged.read_bytes(), damaged.stat()
    for written, status in ((b"x" * len(data), 1), (data, 0)):
        damaged.write_bytes(written)
        os.utime(damaged, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert mirror.run() == status
    files = {path: path.read_bytes() for path in (sums, page)}
    try:
        page.write_bytes(b"altered")
        assert mirror.run() == 1
        assert mirror.public == first  # the last that was verified
        assert mirror.names == {first, "incoming"}
        published = [first]
        for number in range(2):
            page.write_bytes(b"published anew %d" % number)
            old = sums.read_bytes().splitlines()
            line = sha256(page.read_bytes()).hexdigest().encode() + b"  about/index.html"
            new = [line if each.endswith(b"  about/index.html") else each for each in old]
            sums.write_bytes(b"\n".join(new) + b"\n")
            assert mirror.run() == 0
            published.append(mirror.public)
        assert len(set(published)) == 3
        assert mirror.names == {*published[1:]}
        one, other = (mirror.folder / name / "index.html" for name in published[1:])
        assert one.stat().st_ino == other.stat().st_ino
        with (mirror.folder / "lock").open() as lock:
            flock(lock, LOCK_EX)
            page.write_bytes(b"not pulled: another run works")
            assert mirror.run() == 0
        assert mirror.names == {*published[1:]}
    finally:
        for path, data in files.items():
            path.write_bytes(data)
