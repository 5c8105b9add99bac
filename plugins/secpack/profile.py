"""The profile: what is an issuer's own, in one TOML file (see ``docs/format.md``)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final, TypeVar

from secpack.errors import ProfileError
from secpack.files import read_file
from secpack.mirror.checksums import is_safe
from secpack.parser.characters import visible

# How much a profile may hold. The time to read a key such as a.b.c grows with the square of its
# dots, and every page repeats some of the strings.
_MAX_BYTES: Final = 256 * 1024
_MAX_LINE: Final = 4000
_MAX_DOTS: Final = 50
_MAX_STRING: Final = 2000
_MAX_ADVISORY: Final = 99_999
_YEARS: Final = range(1970, 2100)
_STATUSES: Final = ("published", "embargoed")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FINGERPRINT: Final = re.compile(r"[0-9A-F]{40}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_SIGNER: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")  # as in names of signature files
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")

# What RFC 9116 allows in a security.txt, by the key; https elsewhere.
_URI: Final = r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+"
_HTTPS: Final = ("https://",)
_SCHEMES: Final = {
    "contact": ("https://", "mailto:", "tel:"),
    "encryption": ("https://", "dns:", "openpgp4fpr:"),
}
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TAG: Final = re.compile(  # RFC 4151: a domain, or an address of mail, and a day
    rf"(?:[A-Za-z0-9._-]{{1,64}}@)?{_LABEL}(?:\.{_LABEL}){{0,20}},[0-9]{{4}}(?:-[0-9]{{2}}){{0,2}}"
)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}")


@dataclass(frozen=True, slots=True)
class Kind:
    """Where the documents of one kind lie, and how their files and ids begin."""

    prefix: str
    folder: str

    @property
    def slug(self) -> str:
        """The prefix as it stands in file names and addresses."""
        return self.prefix.lower()


@dataclass(frozen=True, slots=True)
class Links:
    """Public addresses; ``{number}`` and ``{id}`` stand for an advisory, ``{id}`` for a CVE.

    Advisories with numbers up to ``historical_until`` are published at ``historical``.
    """

    advisory: str = "https://xenbits.xen.org/xsa/advisory-{number}.html"
    historical: str = ""
    historical_until: int = 0
    cve: str = "https://www.cve.org/CVERecord?id={id}"


@dataclass(frozen=True, slots=True)
class Period:
    """The documents, by the day they were published, on which a signature is expected."""

    since: date = date.min
    until: date = date.max

    def __contains__(self, day: date) -> bool:
        return self.since <= day <= self.until


@dataclass(frozen=True, slots=True)
class Signer:
    """Who may sign: a person's name and the fingerprint (hex) of the primary key.

    ``bulletins`` and ``canaries`` say when the signature is expected; None is never.
    """

    name: str
    fingerprint: str
    bulletins: Period | None = None
    canaries: Period | None = None


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """What the profile knows of a document and its text does not say, and why it says so."""

    title: str = ""
    date: date | None = None
    status: str = "published"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """A known exception: a finding, by its code, in one file, and why it is accepted.

    With ``sha256`` (hex) it holds for that file as it is, and no longer when the file changes.
    """

    finding: str
    file: str
    reason: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    """Whom to tell of a vulnerability (RFC 9116): addresses, languages, and a moment in UTC."""

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
    """What only an issuer can say, and CSAF asks: an address that is theirs, how to reach them."""

    namespace: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """An issuer. ``tag`` is the authority of feed ids (RFC 4151), ``master_key`` a fingerprint.

    Signatures over obsolete digests count if they were made before ``legacy_until``.
    """

    issuer: str = ""
    name: str = ""
    team: str = ""
    url: str = ""
    tag: str = "localhost,2000"
    as_of: date | None = None
    legacy_until: date | None = None
    bulletins: Kind = Kind("QSB", "QSBs")
    canaries: Kind = Kind("canary", "canaries")
    keys: str = "keys"
    master_key: str = ""
    links: Links = Links()
    security_txt: SecurityTxt | None = None
    csaf: Csaf | None = None
    signers: Mapping[str, Signer] = field(default_factory=dict)
    documents: Mapping[str, DocumentEntry] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()


def load_profile(path: Path) -> Profile:
    """Read a profile.

    Raises ProfileError, with the line where it can be told, when the file is missing, is not
    TOML, or has a key or value that a profile cannot have.
    """
    try:
        text = read_file(path, _MAX_BYTES).decode("utf-8")
        _check_lines(text, path)
        data = tomllib.loads(text)
    except OSError as error:
        raise ProfileError(f"cannot be read: {error.strerror}", path=str(path)) from None
    except UnicodeDecodeError:
        raise ProfileError("not UTF-8", path=str(path)) from None
    except RecursionError:
        raise ProfileError("not TOML that can be read: nested too deeply", path=str(path)) from None
    except ValueError as error:  # TOMLDecodeError, and what Python says of a number without end
        raise _not_toml(str(error), path) from None
    try:
        return _profile(data)
    except _WrongError as wrong:
        line = next(filter(None, (_line_of(text, key) for key in reversed(wrong.keys))), 0)
        raise ProfileError(visible(str(wrong)), path=str(path), line=line) from None


def _check_lines(text: str, path: Path) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _MAX_LINE or line.count(".") > _MAX_DOTS:
            message = f"expected a line of at most {_MAX_LINE} characters and {_MAX_DOTS} dots"
            raise ProfileError(message, path=str(path), line=number)


def _not_toml(message: str, path: Path) -> ProfileError:
    """The parser tells the place only in words: ``… (at line 3, column 16)``."""
    match = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message)
    if not match:
        return ProfileError(f"not TOML: {message}", path=str(path))
    line, column = int(match[2]), int(match[3])
    return ProfileError(f"not TOML: {match[1]}", path=str(path), line=line, column=column)


class _WrongError(Exception):
    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.keys = key.split(".")


def _line_of(text: str, key: str) -> int:
    """The first line that sets a key or opens its table; 0 where none does."""
    pattern = re.compile(rf'\s*(?:\[{{1,2}}.*\b)?"?{re.escape(key)}"?\s*[=\]]')
    return next((n for n, line in enumerate(text.split("\n"), 1) if pattern.match(line)), 0)


_T = TypeVar("_T")


def _profile(data: dict[str, Any]) -> Profile:
    built: dict[str, Any] = dict(data)
    if "bulletins" in built:
        built["bulletins"] = _build(Kind, built["bulletins"], "bulletins")
    if "canaries" in built:
        built["canaries"] = _build(Kind, built["canaries"], "canaries")
    if "links" in built:
        built["links"] = _build(Links, built["links"], "links")
    if "security_txt" in built:
        built["security_txt"] = _security_txt(built["security_txt"])
    if "csaf" in built:
        built["csaf"] = _build(Csaf, built["csaf"], "csaf")
    built["signers"] = _signers(built.get("signers", {}))
    built["documents"] = _table(DocumentEntry, built.get("documents", {}), "documents")
    waivers = built.get("waivers", [])
    if not isinstance(waivers, list):
        raise _WrongError("waivers", "expected [[waivers]]")
    built["waivers"] = tuple(_build(Waiver, waiver, "waivers") for waiver in waivers)
    profile = _build(Profile, built, "")
    _check_values(profile)
    return profile


def _signers(data: object) -> dict[str, Signer]:
    tables: dict[str, Any] = dict(data) if isinstance(data, dict) else {}
    for name, table in tables.items():
        if isinstance(table, dict):
            periods = {
                kind: _build(Period, table[kind], f"signers.{name}.{kind}")
                for kind in ("bulletins", "canaries")
                if kind in table
            }
            tables[name] = table | periods
    return _table(Signer, tables if isinstance(data, dict) else data, "signers")


def _security_txt(data: object) -> SecurityTxt:
    """The table; a string stands for a list of one, and a day for its first moment."""
    raw = _build(SecurityTxt, data, "security_txt")
    names = [f.name for f in fields(SecurityTxt) if f.name != "expires"]
    values: dict[str, Any] = {name: _strings(name, getattr(raw, name)) for name in names}
    if not values["contact"]:
        raise _WrongError("security_txt.contact", "expected one address or more")
    return SecurityTxt(expires=_moment(raw.expires), **values)


def _moment(value: object) -> datetime:
    if type(value) is date:
        value = datetime.combine(value, time(), UTC)
    if not isinstance(value, datetime) or value.tzinfo is None:
        message = "expected a date such as 2027-08-01, or a time with its zone"
        raise _WrongError("security_txt.expires", message)
    _check_year("security_txt.expires", value)
    return value.astimezone(UTC)


def _check_year(place: str, day: date) -> None:
    if day.year not in _YEARS:
        years = f"{_YEARS.start} to {_YEARS.stop - 1}"
        raise _WrongError(place, f"{day.isoformat()}: expected a date in the years {years}")


def _strings(name: str, value: object) -> tuple[str, ...]:
    place = f"security_txt.{name}"
    values = value if isinstance(value, (list, tuple)) else (value,)
    for one in values:
        if not isinstance(one, str):
            raise _WrongError(place, "expected a string, or a list of them")
        if name == "preferred_languages":
            if not _LANGUAGE.fullmatch(one):
                raise _WrongError(place, f"{one!r}: expected a language such as en")
        else:
            _check_uri(place, one, _SCHEMES.get(name, _HTTPS))
    return tuple(values)


def _check_uri(place: str, value: str, schemes: tuple[str, ...]) -> None:
    if not value.startswith(schemes) or not re.fullmatch(_URI, value) or value in schemes:
        expected = ", ".join(schemes)
        raise _WrongError(place, f"{value!r}: expected an address that begins with {expected}")


def _table(cls: type[_T], data: object, key: str) -> dict[str, _T]:
    if not isinstance(data, dict):
        raise _WrongError(key, "expected a table")
    return {name: _build(cls, value, f"{key}.{name}") for name, value in data.items()}


def _build(cls: type[_T], data: object, key: str) -> _T:
    """Make a dataclass of a table; its keys and the kinds of its values must be the class's."""
    if not isinstance(data, dict):
        raise _WrongError(key, "expected a table")
    known = {f.name: str(f.type) for f in fields(cls)}  # type: ignore[arg-type]
    for name, value in data.items():
        place = f"{key}.{name}" if key else name
        if name not in known:
            raise _WrongError(place, f"unknown; expected one of {', '.join(sorted(known))}")
        _check_kind(place, known[name], value)
    try:
        return cls(**data)
    except TypeError:
        raise _WrongError(key, f"incomplete; expected {', '.join(sorted(known))}") from None


def _check_kind(place: str, kind: str, value: object) -> None:
    if kind == "str" and not isinstance(value, str):
        raise _WrongError(place, "expected a string")
    if isinstance(value, str) and (len(value) > _MAX_STRING or _CONTROL.search(value)):
        message = f"expected at most {_MAX_STRING} characters, and no control characters"
        raise _WrongError(place, message)
    if kind == "int" and type(value) is not int:
        raise _WrongError(place, "expected a number")
    if kind in ("date", "date | None"):
        if type(value) is not date:
            raise _WrongError(place, "expected a date such as 2026-08-01")
        _check_year(place, value)


def _check_values(profile: Profile) -> None:
    if not _TAG.fullmatch(profile.tag):
        message = (
            "expected a domain and a year in which it was the issuer's: quern.example.org,2016"
        )
        raise _WrongError("tag", f"{profile.tag!r}: {message}")
    for kind in (profile.bulletins, profile.canaries):
        if not _NAME.fullmatch(kind.prefix):
            raise _WrongError("prefix", f"{kind.prefix!r}: expected at most 40 letters and digits")
    folders = (("folder", profile.bulletins.folder), ("folder", profile.canaries.folder))
    for place, folder in (*folders, ("keys", profile.keys)):
        if not is_safe(folder):
            raise _WrongError(place, f"{folder!r}: expected a folder inside the pack")
    _check_links(profile.links)
    if profile.csaf:
        _check_csaf(profile.csaf, profile)
    for waiver in profile.waivers:
        if waiver.sha256 and not _DIGEST.fullmatch(waiver.sha256):
            raise _WrongError("sha256", f"{waiver.sha256!r}: expected 64 digits, lower case")
        if not waiver.reason.strip():
            raise _WrongError("waivers", f"the waiver for {waiver.file} needs a reason")
    _check_documents(profile)
    _check_fingerprints(profile)


def _check_links(links: Links) -> None:
    _check_template("links.advisory", links.advisory, ("{number}", "{id}"))
    _check_template("links.cve", links.cve, ("{id}",))
    if links.historical:
        _check_template("links.historical", links.historical, ("{number}", "{id}"))
    if not 0 <= links.historical_until <= _MAX_ADVISORY:
        message = f"expected a number from 1 to {_MAX_ADVISORY}"
        raise _WrongError("links.historical_until", message)
    if bool(links.historical) != (links.historical_until > 0):
        message = "expected both historical and historical_until, a number above 0, or neither"
        raise _WrongError("links", message)


def _check_csaf(csaf: Csaf, profile: Profile) -> None:
    _check_uri("csaf.namespace", csaf.namespace, _HTTPS)
    if not (profile.team.strip() or profile.issuer.strip()):
        raise _WrongError("csaf", "a publisher needs a name: expected team or issuer, too")


def _check_template(place: str, template: str, fields: tuple[str, ...]) -> None:
    filled = template
    for name in fields:
        filled = filled.replace(name, "1")
    if "{" in filled or "}" in filled:
        raise _WrongError(place, f"{template!r}: expected no braces except {' and '.join(fields)}")
    _check_uri(place, filled, ("https://", "http://"))


def _check_documents(profile: Profile) -> None:
    """An id that is written in another way must not pass: an embargo would not hold."""
    kinds = (profile.bulletins, profile.canaries)
    # Three digits, or four without a zero in front: there is one way to write an id.
    form = "(?:[0-9]{3}|[1-9][0-9]{3})"
    pattern = re.compile("|".join(f"{re.escape(k.prefix)}-{form}" for k in kinds))
    for name, entry in profile.documents.items():
        if not pattern.fullmatch(name):
            expected = " or ".join(f"{kind.prefix}-029" for kind in kinds)
            raise _WrongError(f"documents.{name}", f"expected an id such as {expected}")
        if entry.status not in _STATUSES:
            raise _WrongError(f"documents.{name}.status", f"expected one of {', '.join(_STATUSES)}")
        if (entry.title or entry.date) and not entry.reason:
            raise _WrongError(f"documents.{name}", "needs a reason")


def _check_fingerprints(profile: Profile) -> None:
    signers = profile.signers.items()
    for name, _ in signers:
        if not _SIGNER.fullmatch(name):
            raise _WrongError(f"signers.{name}", "expected at most 40 letters, digits, - and _")
    places = [(f"signers.{name}.fingerprint", signer.fingerprint) for name, signer in signers]
    for place, fingerprint in (("master_key", profile.master_key), *places):
        if fingerprint and not _FINGERPRINT.fullmatch(fingerprint):
            raise _WrongError(place, f"{fingerprint!r}: expected 40 hexadecimal digits, upper case")
