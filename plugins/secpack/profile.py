"""The profile: one TOML file about an issuer (see ``docs/format.md``)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Any, Final, TypeAlias, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import quote

from secpack.errors import ParseError, SecpackError
from secpack.files import is_safe, read_file
from secpack.model.archive import Verdict
from secpack.model.findings import Waiver
from secpack.parser.characters import visible

# The limits of a profile. The time to read a key such as a.b.c grows with the square of its dots,
# and every page repeats some of the strings.
_MAX_BYTES: Final = 256 * 1024
_MAX_LINE: Final = 4000
_MAX_DOTS: Final = 50
_MAX_STRING: Final = 2000
_MAX_ADVISORY: Final = 99_999
_INSIDE: Final = "expected a folder inside the pack"
_MAX_DEPTH: Final = 5
_YEARS: Final = range(1970, 2100)
_STATUSES: Final = ("published", "embargoed")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FINGERPRINT: Final = re.compile(r"[0-9A-F]{40}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_SIGNER: Final = re.compile(
    r"[A-Za-z0-9_-][A-Za-z0-9._@+-]{0,60}"
)  # as in names of signature files
_MAX_SHIPPING: Final = 5  # texts whose packages the profile gives: a rule should read more
_FORM: Final = re.compile(r"[A-Z][A-Za-z0-9#:_-]{1,39}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")

# What RFC 9116 allows in these fields of a security.txt; in others only https.
_URL: Final = r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+"
_HTTPS: Final = ("https://",)
_SCHEMES: Final = {
    "contact": ("https://", "mailto:", "tel:"),
    "encryption": ("https://", "dns:", "openpgp4fpr:"),
}
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TAG: Final = re.compile(  # RFC 4151: a domain or an e-mail address, and a date
    rf"(?:[A-Za-z0-9._-]{{1,64}}@)?{_LABEL}(?:\.{_LABEL}){{0,20}},[0-9]{{4}}(?:-[0-9]{{2}}){{0,2}}"
)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}")


#: What a canary can state: how many bulletins there are, the master key, when the next one is due,
#: and a proof of freshness.
STATES: Final = ("bulletins", "key", "next", "proof")

# What is in braces in the patterns of file names and of endings.
_NAME_FIELDS: Final = ("number", "year", "part")
_LITERAL: Final = re.compile(r"[A-Za-z0-9._@+-]*")

_T = TypeVar("_T")

#: A field has the name of the type.
Day: TypeAlias = date


@dataclass(frozen=True, slots=True)
class Kind:
    """Bulletins or canaries: the prefix of their ids, and how they look in this pack.

    ``folder`` has their folders, ``.`` for the pack itself; with ``nested`` also those inside.
    ``files`` are the patterns of their
    file names, ``banner`` the words between issuer and number in a banner, ``issuer`` is a name
    that only their banners have. ``sections`` are those that a text must have. ``states`` is what
    every canary states.
    """

    prefix: str
    folder: tuple[str, ...]
    nested: bool = False
    files: tuple[str, ...] = ()
    banner: tuple[str, ...] = ()
    issuer: str = ""
    sections: tuple[str, ...] = ()
    states: tuple[str, ...] = STATES

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

    advisory: str = "https://xenbits.xen.org/xsa/advisory-{number}.html"
    historical: str = ""
    historical_until: int = 0
    cve: str = "https://www.cve.org/CVERecord?id={id}"


@dataclass(frozen=True, slots=True)
class Period:
    """The dates of publication of documents that a signer is expected to sign."""

    since: date = date.min
    until: date = date.max

    def __contains__(self, day: date) -> bool:
        return self.since <= day <= self.until


@dataclass(frozen=True, slots=True)
class Anchor:
    """A key whose certifications count, by its fingerprint (hex).

    A canary of the days from ``since`` to ``until`` must state such a key. What an anchor
    certifies holds for signatures up to the end of its last day.
    """

    fingerprint: str
    since: date | None = None
    until: date | None = None

    @property
    def end(self) -> datetime | None:
        """The end of its last day."""
        if self.until is None:
            return None
        return datetime.combine(self.until, time(), UTC) + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Signer:
    """A person who may sign, with the fingerprint (hex) of the primary key.

    ``bulletins`` and ``canaries`` are when the signature is expected; None means never.
    """

    name: str
    fingerprint: str
    bulletins: Period | None = None
    canaries: Period | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """A package: the names that texts print, those of RPM and Debian, and those for scanners.

    ``purl`` (https://github.com/package-url) and ``cpe`` (NISTIR 7695) can have ``{version}``.
    """

    names: tuple[str, ...] = ()
    rpm: tuple[str, ...] = ()
    deb: tuple[str, ...] = ()
    purl: str = ""
    cpe: str = ""

    def identifiers(self, version: str) -> dict[str, str]:
        """The ``purl`` and the ``cpe`` of a version, as far as they are known."""
        plain = {"purl": quote(version, safe=":~"), "cpe": re.sub(r"([^\w.-])", r"\\\1", version)}
        forms = {"purl": self.purl, "cpe": self.cpe}
        return {name: f.replace("{version}", plain[name]) for name, f in forms.items() if f}


@dataclass(frozen=True, slots=True)
class Scheme:
    """Ids of other issuers: where one is published, and the form of those unknown to the parser.

    In ``form`` each ``#`` stands for a number: ``TSA-#-#``. ``url`` has ``{id}``.
    """

    form: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A package that a text names in words that no rule reads."""

    package: str
    version: str
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
    status: str = "published"
    packages: tuple[Shipped, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    """How to report a vulnerability (RFC 9116): URLs, languages, and when it expires, in UTC."""

    contact: tuple[str, ...]
    expires: datetime
    encryption: tuple[str, ...] = ()
    acknowledgments: tuple[str, ...] = ()
    preferred_languages: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()
    policy: tuple[str, ...] = ()
    hiring: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Csaf:
    """What CSAF requires of an issuer: a URL that is theirs, and how to reach them."""

    namespace: str
    contact: str = ""


# A pack may lack the folders of these, which no profile has named.
_BULLETINS: Final = Kind("QSB", ("QSBs",), banner=("Security Bulletin",))
_CANARIES: Final = Kind("canary", ("canaries",), banner=("Canary",))
_KEYS: Final = ("keys",)
_ACCEPTED: Final = tuple(verdict.value for verdict in Verdict if verdict.good)


@dataclass(frozen=True, slots=True)
class Profile:
    """An issuer. ``tag`` is the authority of feed ids (RFC 4151), ``master_key`` a fingerprint.

    ``keys`` and ``attachments`` are folders, ``signatures`` the endings of signatures' names.
    ``tracker`` is whether Xen advisories matter: without, they are ids like those of others.
    ``master_key`` is short for the only one of ``anchors``, and ``depth`` how many certifications
    may lead from an anchor to a signer's key. Signatures over obsolete digests made before
    ``legacy_until`` count as good. Signatures with the ``accepted`` verdicts count, ``required``
    is how many of the expected ones are; 0 means all.
    """

    issuer: str = ""
    name: str = ""
    team: str = ""
    url: str = ""
    tag: str = "localhost,2000"
    as_of: date | None = None
    legacy_until: date | None = None
    bulletins: Kind = _BULLETINS
    canaries: Kind = _CANARIES
    keys: tuple[str, ...] = _KEYS
    signatures: tuple[str, ...] = (".sig.{signer}", ".sign.{signer}")
    attachments: tuple[str, ...] = ()
    tracker: bool = True
    master_key: str = ""
    anchors: tuple[Anchor, ...] = ()
    depth: int = 1
    required: int = 0
    accepted: tuple[str, ...] = _ACCEPTED
    links: Links = Links()
    ids: Mapping[str, Scheme] = field(default_factory=dict)
    packages: Mapping[str, Package] = field(default_factory=dict)
    security_txt: SecurityTxt | None = None
    csaf: Csaf | None = None
    signers: Mapping[str, Signer] = field(default_factory=dict)
    documents: Mapping[str, DocumentEntry] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()

    @property
    def named_folders(self) -> list[str]:
        """The folders that the profile's file names, so that the pack must have them."""
        defaults = ((self.bulletins, _BULLETINS), (self.canaries, _CANARIES))
        named = [f for kind, default in defaults if kind is not default for f in kind.folder]
        return named + [folder for folder in self.keys if self.keys != _KEYS]

    @property
    def banners(self) -> dict[str, tuple[str, ...]]:
        """The words in the banner of each kind of text."""
        return {
            "bulletin": self.bulletins.banner or _BULLETINS.banner,
            "canary": self.canaries.banner or _CANARIES.banner,
        }

    @property
    def trusted(self) -> tuple[Anchor, ...]:
        """All trust anchors."""
        return (*([Anchor(self.master_key)] if self.master_key else []), *self.anchors)

    def anchors_on(self, day: date) -> list[str]:
        """The fingerprints of the trust anchors of a day."""
        return [
            anchor.fingerprint
            for anchor in self.trusted
            if (anchor.since or date.min) <= day <= (anchor.until or date.max)
        ]

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
    def pinned(self) -> set[str]:
        """The fingerprints of the trust anchors and the signers' keys."""
        anchors = {anchor.fingerprint for anchor in self.trusted}
        return anchors | {signer.fingerprint for signer in self.signers.values()}


def load_profile(path: Path) -> Profile:
    """Read a profile.

    Raises ParseError, with the line if it is known, when the file is missing, is not TOML, or
    has an unknown setting or an invalid value.
    """
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
    try:
        return profile_of(_with_single_files(data))
    except _InvalidError as error:
        usable, more = _usable(_with_single_files(data), error)
        told = [_told(each, text, path) for each in (error, *error.others, *more)]
        told[0].others, told[0].usable = tuple(told[1:]), usable
        raise told[0] from None


def profile_of(data: dict[str, Any]) -> Profile:
    """Return the profile that parsed TOML describes. Raises SecpackError."""
    profile: Profile = _build(Profile, data, "")
    _check_values(profile)
    return profile


def _told(error: _InvalidError, text: str, path: Path) -> ParseError:
    line = 0
    for name in error.names:
        line = _line_of(text, name, line) or line
    return ParseError(visible(str(error)), path=str(path), line=line)


def _usable(data: dict[str, Any], error: _InvalidError) -> tuple[Profile, list[_InvalidError]]:
    """What a profile says apart from the tables that are wrong, and what is wrong with the rest."""
    wrong = {each.names[0] for each in (error, *error.others)}
    try:
        return profile_of({name: value for name, value in data.items() if name not in wrong}), []
    except _InvalidError as more:
        return Profile(), [more, *more.others]


def _with_single_files(data: dict[str, Any]) -> dict[str, Any]:
    """Return the tables with a waiver for each file of a waiver that names several."""
    waivers = data.get("waivers")
    if not isinstance(waivers, list):
        return data
    single: list[object] = []
    for waiver in waivers:
        files = waiver.get("file") if isinstance(waiver, dict) else None
        single += [waiver | {"file": f} for f in files] if isinstance(files, list) else [waiver]
    return data | {"waivers": single}


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
    line, column = int(match[2]), int(match[3])
    return ParseError(f"not TOML: {match[1]}", path=str(path), line=line, column=column)


class _InvalidError(SecpackError):
    """A value of a profile is not valid; ``names`` lead to it, through tables.

    ``others`` are what else is wrong.
    """

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(f"{setting}: {message}")
        self.names = setting.split(".")
        self.others: list[_InvalidError] = []


def _each(steps: Iterable[Callable[[], _T]]) -> list[_T]:
    """The results of all steps. Raises _InvalidError with everything that is wrong."""
    results: list[_T] = []
    wrong: list[_InvalidError] = []
    for step in steps:
        try:
            results.append(step())
        except _InvalidError as error:
            wrong += [error, *error.others]
            error.others = []
    if wrong:
        wrong[0].others = wrong[1:]
        raise wrong[0]
    return results


def _line_of(text: str, name: str, first: int) -> int:
    """The first line, from a line on, that sets a value or opens a table of this name; or 0."""
    pattern = re.compile(rf'\s*(?:\[{{1,2}}.*\b)?"?{re.escape(name)}"?\s*[=\]]')
    lines = enumerate(text.split("\n"), 1)
    return next((n for n, line in lines if n >= first and pattern.match(line)), 0)


# --- from TOML to dataclasses -----------------------------------------------------------------


def _build(cls: Any, data: object, setting: str) -> Any:
    """Make a dataclass of a table, which may have no other keys, and values of the right types."""
    if not isinstance(data, dict):
        raise _InvalidError(setting, "expected a table")
    types = get_type_hints(cls)

    def item(name: str, value: object) -> tuple[str, object]:
        path = f"{setting}.{name}" if setting else name
        known = ", ".join(sorted(types))
        _require(name in types, path, f"unknown; expected one of {known}")
        return name, _value(types[name], value, path)

    values = _each(partial(item, name, value) for name, value in data.items())
    try:
        return cls(**dict(values))
    except TypeError:
        raise _InvalidError(setting, f"incomplete; expected {', '.join(sorted(types))}") from None


def _value(kind: Any, data: object, setting: str) -> object:
    """A value as its type requires; TOML has no None, so the type is the rest of a union."""
    if isinstance(kind, UnionType):
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    if is_dataclass(kind):
        return _build(kind, data, setting)
    if get_origin(kind) is Mapping:
        if not isinstance(data, dict):
            raise _InvalidError(setting, "expected a table")
        steps = (
            partial(_value, get_args(kind)[1], each, f"{setting}.{name}")
            for name, each in data.items()
        )
        return dict(zip(data, _each(steps), strict=True))
    if get_origin(kind) is tuple:
        return _items(get_args(kind)[0], data, setting)
    return _SCALARS[kind](data, setting)


def _items(kind: Any, data: object, setting: str) -> tuple[object, ...]:
    """The items of a list; a single string is a list of one."""
    if kind is str and isinstance(data, str):
        data = [data]
    if not isinstance(data, list):
        expected = "a string, or a list of them" if kind is str else f"[[{setting}]]"
        raise _InvalidError(setting, f"expected {expected}")
    return tuple(_each(partial(_value, kind, each, setting) for each in data))


def _string(data: object, setting: str) -> str:
    if not isinstance(data, str):
        raise _InvalidError(setting, "expected a string")
    expected = f"expected at most {_MAX_STRING} characters, and no control characters"
    _require(len(data) <= _MAX_STRING and not _CONTROL.search(data), setting, expected)
    return data


def _flag(data: object, setting: str) -> object:
    _require(type(data) is bool, setting, "expected true or false")
    return data


def _number(data: object, setting: str) -> object:
    _require(type(data) is int, setting, "expected a number")
    return data


def _day(data: object, setting: str) -> date:
    if type(data) is not date:
        raise _InvalidError(setting, "expected a date such as 2026-08-01")
    _check_year(setting, data)
    return data


def _moment(data: object, setting: str) -> datetime:
    """A time in UTC; a day means its first moment."""
    if type(data) is date:
        data = datetime.combine(data, time(), UTC)
    if not isinstance(data, datetime) or data.tzinfo is None:
        raise _InvalidError(setting, "expected a date such as 2027-08-01, or a time with its zone")
    _check_year(setting, data)
    return data.astimezone(UTC)


def _check_year(setting: str, day: date) -> None:
    years = f"{_YEARS.start} to {_YEARS.stop - 1}"
    expected = f"{day.isoformat()}: expected a date in the years {years}"
    _require(day.year in _YEARS, setting, expected)


_SCALARS: Final[Mapping[Any, Callable[[object, str], object]]] = {
    str: _string,
    bool: _flag,
    int: _number,
    date: _day,
    datetime: _moment,
}


# --- values -----------------------------------------------------------------------------------


def _require(condition: object, setting: str, message: str) -> None:
    if not condition:
        raise _InvalidError(setting, message)


def _check_values(profile: Profile) -> None:
    documents, signers = profile.documents.items(), profile.signers.items()
    _each(
        (
            partial(_check_tag, profile.tag),
            partial(_check_kind, "bulletins", profile.bulletins),
            *(partial(_check_file_name, "bulletins.files", f) for f in profile.bulletins.files),
            partial(_check_kind, "canaries", profile.canaries),
            *(partial(_check_file_name, "canaries.files", f) for f in profile.canaries.files),
            partial(_check_folders, profile),
            partial(_check_links, profile.links),
            partial(_check_security_txt, profile.security_txt),
            partial(_check_csaf, profile),
            *(partial(_check_waiver, waiver) for waiver in profile.waivers),
            *(partial(_check_document, profile, name, entry) for name, entry in documents),
            partial(_check_shipping, profile.documents.values()),
            partial(_check_ids, profile.ids),
            partial(_check_packages, profile.packages),
            partial(_check_trust, profile),
            *(partial(_check_signer, name, signer) for name, signer in signers),
        )
    )


def _check_tag(tag: str) -> None:
    expected = "expected a domain and a year in which it was the issuer's: quern.example.org,2016"
    _require(_TAG.fullmatch(tag), "tag", f"{tag!r}: {expected}")


def _check_folders(profile: Profile) -> None:
    for folder in profile.keys:
        _check_folder("keys", folder)
    for folder in profile.attachments:
        _check_folder("attachments", folder)
    for ending in profile.signatures:
        _check_pattern("signatures", ending, ("signer",))


def _check_csaf(profile: Profile) -> None:
    if profile.csaf:
        _check_url("csaf.namespace", profile.csaf.namespace, _HTTPS)
        name = profile.team.strip() or profile.issuer.strip()
        _require(name, "csaf", "a publisher needs a name: expected team or issuer, too")


def _check_waiver(waiver: Waiver) -> None:
    expected = f"{waiver.sha256!r}: expected 64 digits, lower case"
    _require(not waiver.sha256 or _DIGEST.fullmatch(waiver.sha256), "waivers.sha256", expected)
    expected = f"the waiver for {waiver.file} needs a reason"
    _require(waiver.reason.strip(), "waivers", expected)


def _check_kind(name: str, kind: Kind) -> None:
    expected = f"{kind.prefix!r}: expected at most 40 letters and digits"
    _require(_NAME.fullmatch(kind.prefix), f"{name}.prefix", expected)
    _require(kind.folder, f"{name}.folder", "expected at least one folder")
    for folder in kind.folder:
        _require(folder == "." or is_safe(folder), f"{name}.folder", f"{folder!r}: {_INSIDE}")
    for state in kind.states:
        expected = f"{state!r}: expected one of {', '.join(STATES)}"
        _require(state in STATES, f"{name}.states", expected)


def _check_file_name(setting: str, pattern: str) -> None:
    _check_pattern(setting, pattern, _NAME_FIELDS)
    expected = f"{pattern!r}: expected {{number}} once, and no two fields side by side"
    _require(pattern.count("{number}") == 1 and "}{" not in pattern, setting, expected)
    _require(pattern.count("{year}") <= 1, setting, f"{pattern!r}: expected {{year}} once")


def _check_pattern(setting: str, pattern: str, fields: Sequence[str]) -> None:
    literal = pattern
    for name in fields:
        literal = literal.replace(f"{{{name}}}", "")
    names = " or ".join(f"{{{name}}}" for name in fields)
    expected = f"{pattern!r}: expected letters, digits, . _ @ + - and {names}"
    _require(literal and _LITERAL.fullmatch(literal), setting, expected)


def _check_folder(setting: str, folder: str) -> None:
    _require(is_safe(folder), setting, f"{folder!r}: {_INSIDE}")


def _check_url(setting: str, url: str, schemes: tuple[str, ...]) -> None:
    is_url = url.startswith(schemes) and re.fullmatch(_URL, url) and url not in schemes
    _require(is_url, setting, f"{url!r}: expected a URL that begins with {', '.join(schemes)}")


def _check_links(links: Links) -> None:
    _check_template("links.advisory", links.advisory, ("{number}", "{id}"))
    _check_template("links.cve", links.cve, ("{id}",))
    if links.historical:
        _check_template("links.historical", links.historical, ("{number}", "{id}"))
    expected = f"expected a number from 1 to {_MAX_ADVISORY}"
    _require(0 <= links.historical_until <= _MAX_ADVISORY, "links.historical_until", expected)
    expected = "expected both historical and historical_until, a number above 0, or neither"
    _require(bool(links.historical) == (links.historical_until > 0), "links", expected)


def _check_template(setting: str, template: str, names: tuple[str, ...]) -> None:
    filled = template
    for name in names:
        filled = filled.replace(name, "1")
    expected = f"{template!r}: expected no braces except {' and '.join(names)}"
    _require("{" not in filled and "}" not in filled, setting, expected)
    _check_url(setting, filled, ("https://", "http://"))


def _check_security_txt(security_txt: SecurityTxt | None) -> None:
    if security_txt is None:
        return
    _require(security_txt.contact, "security_txt.contact", "expected at least one URL")
    for language in security_txt.preferred_languages:
        expected = f"{language!r}: expected a language such as en"
        _require(_LANGUAGE.fullmatch(language), "security_txt.preferred_languages", expected)
    for name in ("contact", "encryption", "acknowledgments", "canonical", "policy", "hiring"):
        for url in getattr(security_txt, name):
            _check_url(f"security_txt.{name}", url, _SCHEMES.get(name, _HTTPS))


def _check_document(profile: Profile, name: str, entry: DocumentEntry) -> None:
    """Ids must have their exact form: otherwise an embargo would have no effect."""
    kinds = (profile.bulletins, profile.canaries)
    # Three digits, or four of which the first is not 0: each id has one form.
    form = "(?:[0-9]{3}|[1-9][0-9]{3})"
    pattern = re.compile("|".join(f"{re.escape(k.prefix)}-{form}" for k in kinds))
    example = " or ".join(f"{kind.prefix}-029" for kind in kinds)
    setting = f"documents.{name}"
    _require(pattern.fullmatch(name), setting, f"expected an id such as {example}")
    expected = f"expected one of {', '.join(_STATUSES)}"
    _require(entry.status in _STATUSES, f"{setting}.status", expected)
    given = entry.title or entry.date or entry.packages
    _require(entry.reason or not given, setting, "needs a reason")


def _check_shipping(entries: Iterable[DocumentEntry]) -> None:
    shipping = sum(1 for entry in entries if entry.packages)
    expected = f"packages of {shipping} texts; expected at most {_MAX_SHIPPING}"
    _require(shipping <= _MAX_SHIPPING, "documents", expected)


def _check_ids(schemes: Mapping[str, Scheme]) -> None:
    for name, scheme in schemes.items():
        expected = f"{scheme.form!r}: expected a capital, and # for each number: TSA-#-#"
        is_form = _FORM.fullmatch(scheme.form) and "#" in scheme.form
        _require(is_form or not scheme.form, f"ids.{name}.form", expected)
        _require(name not in ("XSA", "CVE", "bulletin"), f"ids.{name}", "a scheme of its own")
        if scheme.url:
            _check_template(f"ids.{name}.url", scheme.url, ("{id}",))


def _check_packages(packages: Mapping[str, Package]) -> None:
    names: dict[str, str] = {}
    for name, package in packages.items():
        setting = f"packages.{name}"
        for printed in (name, *package.names):
            owner = names.setdefault(printed.casefold(), name)
            _require(owner == name, setting, f"{printed!r} is also a name of {owner}")
        _require(not package.purl or package.purl.startswith("pkg:"), setting, "expected pkg:…")
        _require(
            not package.cpe or package.cpe.startswith("cpe:2.3:"), setting, "expected cpe:2.3:…"
        )


def _check_trust(profile: Profile) -> None:
    _check_fingerprint("master_key", profile.master_key)
    for anchor in profile.anchors:
        _require(anchor.fingerprint, "anchors", "expected a fingerprint")
        _check_fingerprint("anchors.fingerprint", anchor.fingerprint)
    _require(1 <= profile.depth <= _MAX_DEPTH, "depth", f"expected a number from 1 to {_MAX_DEPTH}")
    _require(profile.required >= 0, "required", "expected a number; 0 means all")
    for verdict in profile.accepted:
        expected = f"{verdict!r}: expected only verdicts among {', '.join(_ACCEPTED)}"
        _require(verdict in _ACCEPTED, "accepted", expected)


def _check_signer(name: str, signer: Signer) -> None:
    expected = "expected at most 61 letters, digits, and - _ . @ +"
    _require(_SIGNER.fullmatch(name), f"signers.{name}", expected)
    _check_fingerprint(f"signers.{name}.fingerprint", signer.fingerprint)


def _check_fingerprint(setting: str, fingerprint: str) -> None:
    expected = f"{fingerprint!r}: expected 40 hexadecimal digits, upper case"
    _require(not fingerprint or _FINGERPRINT.fullmatch(fingerprint), setting, expected)
