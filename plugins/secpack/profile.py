"""The profile: one TOML file about an issuer (see ``docs/format.md``)."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import quote

from secpack.errors import PackError, ParseError
from secpack.files import is_safe, read_file
from secpack.model.archive import Verdict
from secpack.model.findings import Waiver
from secpack.parser.characters import visible
from secpack.parser.letterhead import BANNERS, Banners
from secpack.tables import Form, Wrong, matching, one_of, read_table

# The limits of a profile. The time to read a key such as a.b.c grows with the square of its dots,
# and every page repeats some of the strings.
_MAX_BYTES: Final = 256 * 1024
_MAX_LINE: Final = 4000
_MAX_DOTS: Final = 50
_MAX_ADVISORY: Final = 99_999
MAX_DEPTH: Final = 5  # certifications from an anchor to a signer's key
_MAX_SHIPPING: Final = 5  # texts whose packages the profile gives: a rule should read more

#: What a canary can state: how many bulletins there are, the master key, when the next one is due,
#: and a proof of freshness.
STATES: Final = ("bulletins", "key", "next", "proof")

# --- forms of values --------------------------------------------------------------------------

_URL: Final = r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# What follows the type of a package URL; a part of a CPE.
_PURL: Final = r"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]|@\{version\})+"
_CPE: Final = r"(?:[*-]|\{version\}|(?:[A-Za-z0-9._-]|\\[!-,/:-@\[-^`{-~])+)"
_LANGUAGE: Final = "(?:[*-]|[A-Za-z]{2,3}(?:-(?:[A-Za-z]{2}|[0-9]{3}))?)"
_CPE_NAME: Final = rf"cpe:2\.3:[aho*-](?::{_CPE}){{5}}:{_LANGUAGE}(?::{_CPE}){{4}}"
_LITERAL: Final = re.compile(r"[A-Za-z0-9._@+-]*")


def _url(*schemes: str) -> Form:
    return matching(
        f"(?:{'|'.join(schemes)}){_URL}", f"a URL that begins with {', '.join(schemes)}"
    )


def _template(*names: str) -> Form:
    """A web URL in which the names can be, in braces."""
    braces = "|".join(re.escape(f"{{{name}}}") for name in names)
    listed = " or ".join(f"{{{name}}}" for name in names)
    return matching(
        rf"(?:https?://(?:{_URL[:-1]}|{braces})+)?",
        f"a URL that begins with https:// or http://, with no braces except {listed}",
    )


def _pattern(*names: str) -> Form:
    """A part of file names, in which the names are, in braces."""

    def test(pattern: str) -> object:
        for name in names:
            pattern = pattern.replace(f"{{{name}}}", "")
        return pattern and _LITERAL.fullmatch(pattern)

    listed = " or ".join(f"{{{name}}}" for name in names)
    return Form(test, f"letters, digits, . _ @ + - and {listed}")


def _has_one_number(pattern: str) -> bool:
    return pattern.count("{number}") == 1 and pattern.count("{year}") <= 1 and "}{" not in pattern


_HTTPS: Final = "https://"
#: A field has the name of the type.
Day: TypeAlias = date
Fingerprint: TypeAlias = Annotated[
    str, matching("(?:[0-9A-F]{40})?", "40 hexadecimal digits, upper case")
]
Prefix: TypeAlias = Annotated[
    str, matching("[A-Za-z0-9][A-Za-z0-9_-]{0,39}", "at most 40 letters and digits")
]
SignerName: TypeAlias = Annotated[  # as in names of signature files
    str,
    matching("[A-Za-z0-9_-][A-Za-z0-9._@+-]{0,60}", "at most 61 letters, digits, and - _ . @ +"),
]
Tag: TypeAlias = Annotated[  # RFC 4151: a domain or an e-mail address, and a date
    str,
    matching(
        rf"(?:[A-Za-z0-9._-]{{1,64}}@)?{_LABEL}(?:\.{_LABEL}){{0,20}}"
        r",[0-9]{4}(?:-[0-9]{2}){0,2}",
        "a domain and a year in which it was the issuer's: quern.example.org,2016",
    ),
]


Folder: TypeAlias = Annotated[  # commands that pages show must not take it for an option
    str, Form(lambda p: is_safe(p) and p[0] != "-", "a folder inside the pack")
]
#: A lambda inside the class would not find the names of this module.
Bundle: TypeAlias = Annotated[str, Form(lambda p: not p or is_safe(p), "a file of the pack")]
AnyFolder: TypeAlias = Annotated[
    str, Form(lambda folder: folder == "." or is_safe(folder), "a folder inside the pack")
]
FileName: TypeAlias = Annotated[
    str,
    _pattern("number", "year", "part"),
    Form(_has_one_number, "{number} once, {year} at most once, and no two fields side by side"),
]
# What RFC 9116 allows in fields of a security.txt.
WebUrl: TypeAlias = Annotated[str, _url(_HTTPS)]
Contact: TypeAlias = Annotated[str, _url(_HTTPS, "mailto:", "tel:")]
Encryption: TypeAlias = Annotated[str, _url(_HTTPS, "dns:", "openpgp4fpr:")]
Language: TypeAlias = Annotated[
    str, matching("[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}", "a language such as en")
]
# Old paths and new ones: of a page, with a slash at the end, or of a key's file. Those with a slash
# before are below the host.
_PATH: Final = "(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/){1,9}"
_KEY: Final = f"keys/(?:{_PATH})?[A-Za-z0-9_~-][A-Za-z0-9._~@+-]*[.](?:asc|gpg|pgp)"
OldPath: TypeAlias = Annotated[str, matching(f"/?{_PATH}|{_KEY}", "a path: pack/ or /doc/pack/")]
NewPath: TypeAlias = Annotated[str, matching(f"{_PATH}|{_KEY}", "a page of the site, such as qsb/")]
_CLEARTEXT: Final = matching(
    "(?:-----BEGIN PGP SIGNED MESSAGE-----\n(?s:.*)\n-----END PGP SIGNATURE-----\n?)?",
    "a text with a signature around it, as gpg --clearsign writes",
)
_SOME: Final = Form(len, "at least one")
_GIVEN: Final = Form(len, "a value")


@dataclass(frozen=True, slots=True)
class Kind:
    """Bulletins or canaries: the prefix of their ids, and how they look in this pack.

    ``folder`` has their folders, ``.`` for the pack itself; with ``nested`` also those inside.
    ``files`` are the patterns of their file names, ``banner`` the words between issuer and number
    in a banner, ``issuer`` is a name that only their banners have. ``sections`` are those that a
    text must have. ``states`` is what every canary states, ``feeds`` are the URLs of news for its
    proof of freshness.
    """

    prefix: Prefix
    folder: Annotated[tuple[AnyFolder, ...], _SOME]
    nested: bool = False
    files: tuple[FileName, ...] = ()
    banner: tuple[str, ...] = ()
    issuer: str = ""
    sections: tuple[str, ...] = ()
    states: tuple[Annotated[str, one_of(STATES)], ...] = STATES
    feeds: tuple[Annotated[str, _url("https://", "http://")], ...] = ()

    @property
    def slug(self) -> str:
        """The prefix in URLs, and in usual file names."""
        return self.prefix.lower()

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns of their file names."""
        return self.files or (f"{self.slug}-{{number}}-{{year}}.txt",)

    def contains(self, path: str) -> bool:
        """Whether a file of the pack is in one of their folders."""
        top = path.rpartition("/")[0] or "."
        below = (f"{top}/".startswith(f"{folder}/") for folder in self.folder)
        return top in self.folder or (self.nested and any(below))


@dataclass(frozen=True, slots=True)
class Links:
    """URLs of advisories, with ``{number}`` or ``{id}``, and of CVEs, with ``{id}``.

    ``historical`` is the URL of advisories with numbers up to ``historical_until``.
    """

    advisory: Annotated[str, _template("number", "id")] = (
        "https://xenbits.xen.org/xsa/advisory-{number}.html"
    )
    historical: Annotated[str, _template("number", "id")] = ""
    historical_until: Annotated[
        int, Form(range(_MAX_ADVISORY + 1).__contains__, f"a number from 1 to {_MAX_ADVISORY}")
    ] = 0
    cve: Annotated[str, _template("id")] = "https://www.cve.org/CVERecord?id={id}"


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both included: of documents that a signer signs, or of a release's support."""

    since: date = date.min
    until: date = date.max

    def __contains__(self, day: date) -> bool:
        return self.since <= day <= self.until


@dataclass(frozen=True, slots=True)
class Anchor(Period):
    """A key whose certifications count, by its fingerprint (hex).

    A canary of the days from ``since`` to ``until`` must state such a key. What an anchor
    certifies holds for signatures up to the end of its last day.
    """

    fingerprint: Annotated[Fingerprint, _GIVEN] = field(kw_only=True)

    @property
    def end(self) -> datetime | None:
        """The end of its last day."""
        if self.until == date.max:
            return None
        return datetime.combine(self.until, time(), UTC) + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Signer:
    """A person who may sign, with the fingerprint (hex) of the primary key.

    ``bulletins`` and ``canaries`` are when the signature is expected; None means never.
    """

    name: str
    fingerprint: Annotated[Fingerprint, _GIVEN]
    bulletins: Period | None = None
    canaries: Period | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """What scanners call a product.

    ``purl`` (https://github.com/package-url) and ``cpe`` (NISTIR 7695) can have ``{version}``.
    """

    purl: Annotated[str, matching(rf"(?:pkg:[A-Za-z.+-][A-Za-z0-9.+-]*/{_PURL})?", "pkg:…")] = ""
    cpe: Annotated[str, matching(f"(?:{_CPE_NAME})?", "cpe:2.3:… with 11 parts")] = ""

    def identifiers(self, version: str = "") -> dict[str, str]:
        """The ``purl`` and the ``cpe`` of a version, or of all, as far as they are known."""
        if re.search("[^!-~]", version):  # neither can hold these
            return {}
        purl = self.purl.replace("@{version}", f"@{quote(version, safe=':~')}" if version else "")
        plain = re.sub(r"([^\w.-])", r"\\\1", version, flags=re.ASCII) or "*"
        names = {"purl": purl, "cpe": self.cpe.replace("{version}", plain)}
        return {name: value for name, value in names.items() if value}


@dataclass(frozen=True, slots=True)
class Package(Product):
    """A package: the names that texts print, those of RPM and Debian, and those for scanners."""

    names: tuple[str, ...] = ()
    rpm: tuple[str, ...] = ()
    deb: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheme:
    """Ids of other issuers: where one is published, and the form of those unknown to the parser.

    In ``form`` each ``#`` is a number: ``TSA-#-#``. ``url`` has ``{id}``.
    """

    form: Annotated[
        str,
        matching(
            "(?:[A-Z](?=[^#]*#)[A-Za-z0-9#:_-]{1,39})?",
            "a capital, and # for each number: TSA-#-#",
        ),
    ] = ""
    url: Annotated[str, _template("id")] = ""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A package that a text names in words that no rule reads."""

    package: Annotated[str, _GIVEN]
    version: Annotated[str, _GIVEN]
    release: str = ""
    target: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """What the profile adds to the text of a document, and the reason.

    ``packages``, if there are any, are all that the text names, in its order.
    """

    title: str = ""
    date: Day | None = None
    status: Annotated[str, one_of(("published", "embargoed"))] = "published"
    packages: tuple[Shipped, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    """How to report a vulnerability (RFC 9116): URLs, languages, and when it expires, in UTC.

    ``signed`` is the whole text with a signature around it (RFC 9580, section 7), if there is one.
    """

    contact: Annotated[tuple[Contact, ...], _SOME]
    expires: datetime
    encryption: tuple[Encryption, ...] = ()
    acknowledgments: tuple[WebUrl, ...] = ()
    preferred_languages: tuple[Language, ...] = ()
    canonical: tuple[WebUrl, ...] = ()
    policy: tuple[WebUrl, ...] = ()
    hiring: tuple[WebUrl, ...] = ()
    signed: Annotated[str, _CLEARTEXT] = ""


@dataclass(frozen=True, slots=True)
class Csaf:
    """What CSAF requires of an issuer: a URL that is theirs, and how to reach them.

    Aggregators may list the site, and mirror its documents, which ``openpgp_keys`` sign, if any.
    """

    namespace: WebUrl
    contact: str = ""
    role: Annotated[str, one_of(("csaf_provider", "csaf_publisher"))] = "csaf_provider"
    listed: bool = True
    mirrored: bool = True
    openpgp_keys: tuple[Fingerprint, ...] = ()


@dataclass(frozen=True, slots=True)
class Osv:
    """What OSV has registered for an issuer: the prefix of ids, the ecosystem of packages."""

    prefix: Annotated[str, matching("(?:[A-Z][A-Za-z0-9-]{0,39})?", "a prefix such as QSB")] = ""
    ecosystem: Annotated[str, matching("(?:[A-Z][A-Za-z0-9. ]{0,39})?", "a name: Debian")] = ""


# A pack may lack the folders of these, which no profile has named.
_BULLETINS: Final = Kind("QSB", ("QSBs",))
_CANARIES: Final = Kind("canary", ("canaries",))
_KEYS: Final = ("keys",)
_ACCEPTED: Final = tuple(verdict.value for verdict in Verdict if verdict.good)


@dataclass(frozen=True, slots=True)
class Profile:
    """An issuer. ``tag`` is the authority of feed ids (RFC 4151), ``master_key`` a fingerprint.

    ``url`` is where the site is public; the variable SITEURL prevails.
    ``keys`` and ``attachments`` are folders, ``signatures`` the endings of signatures' names,
    ``bundle`` is a git bundle with the history of a pack without git.
    ``tracker`` is whether Xen advisories matter: without, they are ids like those of others.
    ``master_key`` is short for the only one of ``anchors``, and ``depth`` how many certifications
    may lead from an anchor to a signer's key. Signatures over obsolete digests made before
    ``legacy_until`` count as good. Signatures with the ``accepted`` verdicts count, ``required``
    is how many of the expected ones are; 0 means all. ``product`` is what bulletins are about;
    its versions are ``releases``, which say when each was supported.
    ``redirects`` lead from old URLs to pages of the site, or to keys. ``directory_index`` is
    whether the host shows ``index.html`` for its folder: without, public URLs of pages name the
    file. ``program`` is where readers get the source of this program, ``pack`` where they
    clone the pack, ``problems`` where they report those of the site; every page says ``notice``.
    A published site is meant to be the newest for ``fresh_days``.
    """

    issuer: str = ""
    name: str = ""
    team: str = ""
    tag: Tag = "localhost,2000"
    url: Annotated[
        str, matching(rf"(?:https?://{_URL})?", "a URL: https://example.org/security")
    ] = ""
    as_of: date | None = None
    legacy_until: date | None = None
    fresh_days: Annotated[int, Form(range(3660).__contains__, "a number of days; 0 for none")] = 0
    bulletins: Kind = _BULLETINS
    canaries: Kind = _CANARIES
    keys: tuple[Folder, ...] = _KEYS
    signatures: tuple[Annotated[str, _pattern("signer")], ...] = (".sig.{signer}", ".sign.{signer}")
    attachments: tuple[Folder, ...] = ()
    bundle: Bundle = ""
    tracker: bool = True
    master_key: Fingerprint = ""
    anchors: tuple[Anchor, ...] = ()
    depth: Annotated[
        int, Form(range(1, MAX_DEPTH + 1).__contains__, f"a number from 1 to {MAX_DEPTH}")
    ] = 1
    required: Annotated[int, Form(lambda count: count >= 0, "a number; 0 means all")] = 0
    accepted: tuple[Annotated[str, one_of(_ACCEPTED)], ...] = _ACCEPTED
    links: Links = Links()
    ids: Mapping[str, Scheme] = field(default_factory=dict)
    product: Product = Product()
    packages: Mapping[str, Package] = field(default_factory=dict)
    releases: Mapping[str, Period] = field(default_factory=dict)
    redirects: Mapping[OldPath, NewPath] = field(default_factory=dict)
    directory_index: bool = True
    program: WebUrl = ""
    pack: WebUrl = ""
    problems: Contact = ""
    notice: str = ""
    security_txt: SecurityTxt | None = None
    csaf: Csaf | None = None
    osv: Osv = Osv()
    signers: Mapping[SignerName, Signer] = field(default_factory=dict)
    documents: Mapping[str, DocumentEntry] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()

    @property
    def named_folders(self) -> list[str]:
        """The folders that the profile's file names, so that the pack must have them."""
        defaults = ((self.bulletins, _BULLETINS), (self.canaries, _CANARIES))
        named = [f for kind, default in defaults if kind is not default for f in kind.folder]
        return named + [folder for folder in self.keys if self.keys != _KEYS]

    @property
    def banners(self) -> Banners:
        """The words in the banner of each kind of text."""
        kinds = (self.bulletins.banner, self.canaries.banner)
        return tuple(
            (word, own or usual) for own, (word, usual) in zip(kinds, BANNERS, strict=True)
        )

    @property
    def trusted(self) -> tuple[Anchor, ...]:
        """All trust anchors."""
        return (*([Anchor(fingerprint=self.master_key)] if self.master_key else []), *self.anchors)

    def anchors_on(self, day: date) -> list[str]:
        """The fingerprints of the trust anchors of a day."""
        return [anchor.fingerprint for anchor in self.trusted if day in anchor]

    def supported(self, day: date) -> list[str]:
        """The releases supported on a day, of those whose first day the profile states."""
        return [r for r, days in self.releases.items() if day in days and days.since > date.min]

    @property
    def forms(self) -> tuple[tuple[str, str], ...]:
        """The schemes of ids that have a form here, each with it."""
        return tuple((name, scheme.form) for name, scheme in self.ids.items() if scheme.form)

    @property
    def package_names(self) -> Mapping[str, str]:
        """The name of each package in the table, by the names that texts print, in lower case."""
        return {
            printed.casefold(): name
            for name, package in self.packages.items()
            for printed in (name, *package.names)
        }

    @property
    def embargoes(self) -> set[str]:
        """The ids of embargoed documents."""
        return {name for name, entry in self.documents.items() if entry.status == "embargoed"}

    @property
    def pinned(self) -> set[str]:
        """The fingerprints of the trust anchors and the signers' keys."""
        anchors = {anchor.fingerprint for anchor in self.trusted}
        return anchors | {signer.fingerprint for signer in self.signers.values()}


def load_profile(path: Path | None) -> Profile:
    """Read a profile; without a path, it is one that has no settings.

    Raises SecpackError, with lines if they are known, when the file is missing, is not TOML, or
    has an unknown setting or an invalid value.
    """
    if path is None:
        return Profile()
    try:
        text = read_file(path, _MAX_BYTES).decode("utf-8")
        _check_lines(text, path)
        data = tomllib.loads(text)
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror}", path=str(path)) from None
    except UnicodeDecodeError:
        raise ParseError("not UTF-8", path=str(path)) from None
    except RecursionError:
        raise ParseError("not TOML: nested too deeply", path=str(path)) from None
    except ValueError as error:  # TOMLDecodeError, or a number with too many digits
        raise _not_toml(str(error), path) from None
    errors: list[Wrong] = []
    profile = profile_of(data, errors)
    if errors:
        raise PackError([_told(error, text, path) for error in errors], profile)
    return profile


def profile_of(data: dict[str, Any], errors: list[Wrong]) -> Profile:
    """The profile that parsed TOML describes, without what goes to the ``errors``."""
    profile: Profile = read_table(Profile, data, errors)
    wrong = {error.setting for error in errors}
    errors += (
        each
        for each in _contradictions(profile)
        if not any(s.startswith(each.setting) for s in wrong)
    )
    return profile


def _told(error: Wrong, text: str, path: Path) -> ParseError:
    line = 0
    for name in error.setting.split("."):
        line = _line_of(text, name, line) or line
    return ParseError(visible(f"{error.setting}: {error.message}"), path=str(path), line=line)


def _check_lines(text: str, path: Path) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _MAX_LINE or line.count(".") > _MAX_DOTS:
            message = f"expected a line of at most {_MAX_LINE} characters and {_MAX_DOTS} dots"
            raise ParseError(message, path=str(path), line=number)


def _not_toml(message: str, path: Path) -> ParseError:
    """The parser gives the position only in its message: ``… (at line 3, column 16)``."""
    match = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message)
    if not match:
        return ParseError(f"not TOML: {message}", path=str(path))
    return ParseError(f"not TOML: {match[1]}", str(path), int(match[2]), int(match[3]))


def _line_of(text: str, name: str, first: int) -> int:
    """The first line, from a line on, that sets a value or opens a table of this name; or 0."""
    pattern = re.compile(rf'\s*(?:\[{{1,2}}.*\b)?"?{re.escape(name)}"?\s*[=\]]')
    lines = enumerate(text.split("\n"), 1)
    return next((n for n, line in lines if n >= first and pattern.match(line)), 0)


# --- settings that do not go together ---------------------------------------------------------


def _contradictions(profile: Profile) -> Iterator[Wrong]:
    links = profile.links
    if bool(links.historical) != (links.historical_until > 0):
        expected = "expected both historical and historical_until, a number above 0, or neither"
        yield Wrong("links", expected)
    if profile.bulletins.slug == profile.canaries.slug:
        yield Wrong("canaries.prefix", "that of bulletins, whatever the case; expected another one")
    if profile.csaf and not (profile.team.strip() or profile.issuer.strip()):
        yield Wrong("csaf", "a publisher needs a name: expected team or issuer, too")
    for old, new in profile.redirects.items():
        if old.endswith("/") != new.endswith("/"):
            yield Wrong("redirects", f"{old} and {new}: expected two pages, or two files of keys")
    for waiver in profile.waivers:
        if not re.fullmatch("(?:[0-9a-f]{64})?", waiver.sha256):
            yield Wrong("waivers.sha256", f"{waiver.sha256!r}: expected 64 digits, lower case")
        for file in waiver.file if not waiver.reason.strip() else ():
            yield Wrong("waivers", f"the waiver for {file} needs a reason")
        if waiver.finding == "no-gpg":  # of this machine: the site must not depend on it
            yield Wrong("waivers", "no-gpg cannot be waived: install gpg")
    yield from _wrong_periods(profile)
    yield from _shared_keys(profile.signers)
    for name in profile.ids.keys() & {"XSA", "CVE", "bulletin"}:
        yield Wrong(f"ids.{name}", "this scheme is built in; remove the table")
    yield from _wrong_documents(profile)
    yield from _ambiguous_packages(profile.packages)


def _wrong_periods(profile: Profile) -> Iterator[Wrong]:
    periods: list[tuple[str, Period | None]] = [("anchors", a) for a in profile.anchors]
    for name, signer in profile.signers.items():
        periods += [(f"signers.{name}.{x}", getattr(signer, x)) for x in ("bulletins", "canaries")]
    for setting, each in periods:
        if each and each.until < each.since:
            yield Wrong(setting, f"until {each.until} is before since {each.since}")


def _shared_keys(signers: Mapping[str, Signer]) -> Iterator[Wrong]:
    """One signature must not count for two signers."""
    for (one, first), (two, second) in combinations(signers.items(), 2):
        pairs = ((first.bulletins, second.bulletins), (first.canaries, second.canaries))
        overlap = any(a and b and a.since <= b.until and b.since <= a.until for a, b in pairs)
        if first.fingerprint == second.fingerprint and overlap:
            message = f"the same key as signers.{one}, in the same period"
            yield Wrong(f"signers.{two}.fingerprint", message)


def _wrong_documents(profile: Profile) -> Iterator[Wrong]:
    """Ids must have their exact form: otherwise an embargo would have no effect."""
    kinds = (profile.bulletins, profile.canaries)
    # Three digits, or four of which the first is not 0: each id has one form.
    form = "(?:[0-9]{3}|[1-9][0-9]{3})"
    pattern = re.compile("|".join(f"{re.escape(k.prefix)}-{form}" for k in kinds))
    example = " or ".join(f"{kind.prefix}-029" for kind in kinds)
    for name, entry in profile.documents.items():
        if not pattern.fullmatch(name):
            yield Wrong(f"documents.{name}", f"expected an id such as {example}")
        if not entry.reason and (entry.title or entry.date or entry.packages):
            yield Wrong(f"documents.{name}", "needs a reason")
    shipping = sum(1 for entry in profile.documents.values() if entry.packages)
    if shipping > _MAX_SHIPPING:
        yield Wrong("documents", f"packages of {shipping} texts; expected at most {_MAX_SHIPPING}")


def _ambiguous_packages(packages: Mapping[str, Package]) -> Iterator[Wrong]:
    names: dict[str, str] = {}
    for name, package in packages.items():
        for printed in (name, *package.names):
            if (owner := names.setdefault(printed.casefold(), name)) != name:
                yield Wrong(f"packages.{name}", f"{printed!r} is also a name of {owner}")
