"""Which texts are versions, by the rules of the profile. This is pure.

A version is a text with a good signature by every signer who is expected on the day that it states:

- A document is not dated before one of a lower number, unless that one was signed only later, as
  the history shows; and its first version also has the signers of the day of signing. Otherwise one
  signer could publish alone, by dating a text into a time when one was enough.
- Waivers, bound to the text's digest, say who need not sign, also after they have: one for a
  signature's file that its signer need not, ``signer-missing`` that one signature is enough.
- Where not all are required, those count whose signatures came first.
- A letter or an attachment needs one good signature.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias

from secpack.documents import read_head
from secpack.errors import ParseError
from secpack.extract.metadata import Metadata
from secpack.history.matching import Past
from secpack.model import archive as model
from secpack.pack import Layout, TextFile, text_file
from secpack.profile import Kind, Profile
from secpack.signatures.policy import enough, expected_on
from secpack.signatures.private_keys import find_private_key

_LAST: Final = 2**31  # where in the log a file comes that is only in the folder
_EMBARGO: Final = timedelta(days=90)  # the longest between signing and the day that a text states

#: Reads what a text of a kind states of itself; raises ParseError if it is nothing.
ReadMetadata: TypeAlias = Callable[[TextFile, Kind], Metadata]


@dataclass(frozen=True, slots=True)
class _Signed:
    """A text with the earliest good signature of each signer, and what it states of itself.

    Letters and attachments have no kind. ``problem`` is why a text can be no version, ``misfit``
    why that is not published.
    """

    file: model.File
    by: Mapping[str, model.Signature]
    kind: Kind | None
    day: date | None = None
    title: str = ""
    revisions: tuple[model.Revision, ...] = ()
    misfit: str = ""
    problem: str = ""

    def time(self, signers: Iterable[str]) -> datetime:
        """When the last of these signed."""
        return max(_time(self.by[signer]) for signer in signers)


def _digests(text: model.File, signatures: Iterable[model.Signature]) -> list[str]:
    return [text.sha256, *(signature.file.sha256 for signature in signatures)]


def _time(signature: model.Signature) -> datetime:
    return signature.created or datetime.max.replace(tzinfo=UTC)


def find_versions(
    past: Past,
    signatures: Mapping[str, Mapping[str, model.Signature]],
    profile: Profile,
    metadata: ReadMetadata | None = None,
) -> model.History:
    """Find the versions of all documents; ``signatures`` are judged, by the ids of documents.

    ``metadata`` is for texts that the caller has read; by default each is read.
    """
    metadata = metadata or (lambda text, kind: read_head(text, kind, profile)[1])
    rules, digests = _Rules(past, signatures, profile, metadata), {f.sha256 for f in past.here}
    documents: list[model.DocumentHistory] = []
    pending: list[model.Pending] = []
    lower: defaultdict[str, dict[str, model.Version]] = defaultdict(dict)  # first versions, by kind
    for name, files in sorted(past.texts.items(), key=rules.order):
        kind = rules.order((name, files))[0]
        texts = [rules.signed(names, lower[kind]) for names in files.values()]
        versions = tuple(rules.versions(texts))
        documents.append(
            model.DocumentHistory(name, versions, (*signatures.get(name, {}).values(),))
        )
        here = [text for text in texts if text.file in past.here]
        pending += (p for text in here if (p := rules.pending(text, documents[-1])))
        newest = documents[-1].newest
        if newest and not here and newest.file.sha256 not in digests:  # nor renamed
            reason = "somebody removed this text; its newest version stays public"
            pending.append(model.Pending(name, newest.file, reason, gone=True))
        if first := next((v for v in versions if v.day and not v.misfit), None):
            lower[kind][name] = first
    strays = sorted(signatures.keys() - past.texts.keys())
    documents += (model.DocumentHistory(s, (), (*signatures[s].values(),)) for s in strays)
    return model.History(tuple(documents), tuple(pending), past.unavailable)


class _Rules:
    """The rules, with what they need of a pack."""

    def __init__(
        self,
        past: Past,
        signatures: Mapping[str, Mapping[str, model.Signature]],
        profile: Profile,
        metadata: ReadMetadata,
    ) -> None:
        self._log = past.log
        self._profile = profile
        self._metadata = metadata
        self._layout = Layout(profile)
        self._covering: dict[str, list[model.Signature]] = {}
        self._here = past.here
        # Under how many ids each text is.
        self._copies = Counter(digest for texts in past.texts.values() for digest in texts)
        counting = [s for each in signatures.values() for s in each.values() if s.counts]
        for signature in sorted((s for s in counting if self._is_public(s.file)), key=_time):
            self._covering.setdefault(signature.covers, []).append(signature)

    def _is_public(self, file: model.File) -> bool:
        """Whether a file that is only in history has no private key; others have been searched."""
        return file in self._here or not find_private_key(file.data)

    def order(
        self, document: tuple[str, Mapping[str, Sequence[model.File]]]
    ) -> tuple[str, int, str]:
        """Documents by kind and number, then attachments."""
        name, files = document
        kind, match = self._layout.place(next(iter(files.values()))[-1].path)
        return (kind.prefix, int(match["number"]), name) if kind and match else ("~", 0, name)

    def signed(self, names: Sequence[model.File], lower: Mapping[str, model.Version]) -> _Signed:
        """A text with its signatures; if it has any it is read.

        ``names`` are its files, ``lower`` the first versions of documents of lower numbers, by id.
        """
        file = names[-1]
        keys = {s.primary: s for s in reversed(self._covering.get(file.sha256, ()))}
        by = {s.signer: s for s in keys.values()}
        if by and not self._is_public(file):
            by = {}
        kind, match = self._layout.place(file.path)
        if not (kind and match) or match["letter"]:
            odd = "a letter next to a bulletin; only canaries have letters"
            is_odd = match and kind is self._profile.bulletins
            return _Signed(file, by, None, problem=odd if is_odd else "")
        signed = _Signed(file, by, kind)
        if not by:
            return signed
        try:
            metadata = self._metadata(text_file(file, match), kind)
        except ParseError as error:
            return replace(signed, problem=error.message)
        day, errors = metadata.published, "; ".join(error.message for error in metadata.errors)
        # Anybody can copy a text to a name that it does not fit, and remove it again.
        if errors and names[1:] and file not in self._here:
            fitting = [f for f in names[:-1] if self._year(f) == day.year][-1:]
            return self.signed(fitting or [file], lower)
        if day == model.UNDATED or (errors and self._copies[file.sha256] > 1):
            return replace(signed, problem=errors)
        problem = self._too_early(signed, day, lower)
        return replace(
            signed,
            day=day,
            title=metadata.title,
            revisions=metadata.revisions,
            misfit=errors,
            problem=problem,
        )

    def _year(self, file: model.File) -> int | None:
        match = self._layout.place(file.path)[1]
        return text_file(file, match).year if match else None

    def _too_early(self, signed: _Signed, day: date, lower: Mapping[str, model.Version]) -> str:
        """Why a text cannot state this day: a lower number, which was there before, is later."""
        own = _digests(signed.file, signed.by.values())
        for name, version in reversed([*lower.items()]):
            if version.day and day < version.day:
                others = _digests(version.file, version.signatures)
                if not (self._log and self._log.always_after(others, own)):
                    return f"dated {day}, before {name} of {version.day}"
        return ""

    def versions(self, texts: Sequence[_Signed]) -> Iterator[model.Version]:
        """Yield the versions among the texts of a document, by the time when they were signed."""
        complete = [
            (text.time(needed), self._came(text.file.sha256), text.file.sha256, text)
            for text in texts
            if not text.problem and (needed := self._needed(text)[0])
        ]
        last: tuple[_Signed, datetime] | None = None
        for when, _, _, text in sorted(complete, key=lambda each: each[:3]):
            needed, missing = self._needed(text, None if last else when)
            if needed:
                version = replace(self._version(text, needed, last), unsigned=missing)
                yield version
                last = text, version.updated

    def _needed(
        self, text: _Signed, when: datetime | None = None
    ) -> tuple[list[str], tuple[str, ...]]:
        """Whose signatures make a text a version, and the names of those who have not signed.

        The first list is empty while some have yet to sign. ``when`` is the time of signing of
        what would be the first version.
        """
        # What nobody has signed is not read: those who sign from now on have yet to sign it.
        days = [text.day or date.max, *([when.date()] if when else [])] if text.kind else []
        is_bulletin = text.kind is self._profile.bulletins
        expected: dict[str, str] = {}
        for day in days:
            # Without history any version may be a later one; still no one signer can publish alone.
            if self._log or len(expected) < 2:
                expected |= expected_on(day, self._profile, is_bulletin=is_bulletin)
        waivers = [w for w in self._profile.waivers if w.sha256 == text.file.sha256]
        beside = (self._layout.signed_by(path) for waiver in waivers for path in waiver.file)
        waived = {pair[1] for pair in beside if pair}
        asked = [s for s in expected or text.by if s not in waived] or list(expected)
        is_one_enough = not expected or any(w.finding == "signer-missing" for w in waivers)
        count = 1 if is_one_enough else enough(len(asked), self._profile)
        present = [signer for signer in asked if signer in text.by]
        present.sort(key=lambda s: (self._came(text.by[s].file.sha256), _time(text.by[s]), s))
        missing = tuple(name for signer, name in expected.items() if signer not in text.by)
        return present[:count] if len(present) >= count else [], missing

    def _came(self, digest: str) -> int:
        """When bytes came into the log; last, if they are only in the folder."""
        return self._log.came.get(digest, (_LAST,))[0] if self._log else _LAST

    def _version(
        self, text: _Signed, needed: Sequence[str], last: tuple[_Signed, datetime] | None
    ) -> model.Version:
        digest, day, when = text.file.sha256, text.day, text.time(needed)
        covering = self._covering[digest]
        groups = [[s.file.sha256 for s in covering if s.signer == signer] for signer in needed]
        is_near = day and day - when.date() <= _EMBARGO  # later ones are slips
        dates = [when, *([datetime.combine(day, time(), UTC)] if day and is_near else [])]
        difference, entries, news = model.Difference.FIRST, None, Counter[date]()
        if last:
            dates.append(last[1] + timedelta(seconds=1))
            is_same = last[0].file.data.split() == text.file.data.split()
            difference = model.Difference.SPACE if is_same else model.Difference.WORDS
            days = [Counter(r.date for r in each.revisions) for each in (text, last[0])]
            news = days[0] - days[1]
            entries = tuple(news.elements())
            # West of the signers it is still the day before; later days can be slips.
            near = (d for d in entries if d <= when.date() + timedelta(days=1))
            dates += (datetime.combine(d, time(), UTC) for d in near)
            if len(news) > 1 and day:
                del news[day]  # a new changelog also says when the text was first published
        return model.Version(
            file=text.file,
            day=day,
            time=when,
            updated=max(dates),
            signatures=tuple(text.by[signer] for signer in sorted(text.by)),
            difference=difference,
            entries=entries,
            commit=self._log.first_with([[digest]]) if self._log else "",
            complete=self._log.first_with([[digest], *groups]) if self._log else "",
            misfit=text.misfit,
            title=text.title,
            news=tuple(r.text.strip() for r in text.revisions if r.date in news and r.text.strip()),
            place=max(min(map(self._came, group)) for group in [[digest], *groups]),
        )

    def pending(self, text: _Signed, document: model.DocumentHistory) -> model.Pending | None:
        """What a text in the folder waits for, unless it is the newest version."""
        newest, digest = document.newest, text.file.sha256
        if newest and newest.file.sha256 == digest:
            return None
        missing: tuple[str, ...] = ()
        reason = text.misfit or text.problem
        if not reason and digest in [version.file.sha256 for version in document.versions]:
            reason = "an older version is in the pack again"
        elif not reason:
            is_first = text.by and not document.versions
            missing = self._needed(text, text.time(text.by) if is_first else None)[1]
            reason = f"waits for a signature by {' and '.join(missing) or 'a signer'}"
        return model.Pending(document.id, text.file, reason, missing if text.by else ())
