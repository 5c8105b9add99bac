"""Finds the texts that each signature can cover, among all that a pack has and had.

A path says of which document a text is: kind, number and letter. Which text a signature covers, its
bytes say; its path only says where to look first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from secpack.errors import ParseError
from secpack.files import is_safe
from secpack.history.git import HistoryError, Log, read_log
from secpack.model.archive import File, Signature, Verdict
from secpack.pack import Contents, Layout
from secpack.parser.lines import MAX_BYTES
from secpack.profile import Profile
from secpack.signatures.packets import MAX_SIGNATURE, may_cover, read_signature

#: The most texts that gpgv compares besides one for each signature, and bytes that have digests.
_MOST_OTHERS: Final = 10_000
_MOST_COMPARED: Final = 1024 * 1024 * 1024

#: Verdicts on a signature that covers another text, or none.
_UNFIT: Final = (Verdict.BAD, Verdict.UNKNOWN_KEY, Verdict.REFUSED, Verdict.MALFORMED)


@dataclass(frozen=True, slots=True)
class Pair:
    """A signature file, the id of the document beside it, and a text that it may cover."""

    id: str
    file: File
    text: File


@dataclass(frozen=True, slots=True)
class Past:
    """All texts, by id and digest, the files in the folder, and all signatures.

    A text has a file for each of its names, the newest last. Without a ``log`` there are only those
    in the folder, for the reason in ``unavailable``.
    """

    texts: Mapping[str, Mapping[str, Sequence[File]]]
    here: frozenset[File]
    pairs: Sequence[Pair]
    log: Log | None
    unavailable: str = ""

    def signatures(self, judged: Iterable[Signature]) -> dict[str, dict[str, Signature]]:
        """All signatures with what they cover, by the id of its document and by their digest.

        They are ``judged`` in the order of the pairs. One that covers nothing is with the document
        beside it.
        """
        documents = {digest: name for name, texts in self.texts.items() for digest in texts}
        signatures: dict[str, dict[str, Signature]] = {}
        for pair, each in zip(self.pairs, judged, strict=True):
            name, signature = pair.id, each
            came = self.log.came.get(pair.file.sha256) if self.log else None
            # What is good only because of the time that it claims itself.
            rests_on_time = signature.until or signature.verdict is Verdict.GOOD_LEGACY
            if self.log and came and rests_on_time:
                commit = self.log.commits[came[0]]
                signature = replace(signature, first=(commit.name, commit.date))
            if signature.verdict not in _UNFIT:
                signature = replace(signature, covers=pair.text.sha256)
                is_own = pair.text.sha256 in self.texts.get(name, {})
                name = name if is_own else documents[pair.text.sha256]
            of_document = signatures.setdefault(name, {})
            if pair.file.sha256 not in of_document or signature.covers:
                of_document[pair.file.sha256] = signature
        return signatures


def read_past(root: Path, contents: Contents, profile: Profile) -> Past:
    """Read the history of a pack whose folder has these contents."""
    layout = Layout(profile)
    here = [file for file in contents.files() if _limit(file.path, layout)]
    try:
        log = read_log(root, lambda path: _limit(path, layout))
        return _past([*log.files, *here], here, layout, log)
    except HistoryError as error:
        return replace(_past(here, here, layout, None), unavailable=str(error))


def _limit(path: str, layout: Layout) -> int:
    """The most bytes of a file that can belong to a document; 0 for another file."""
    signed = layout.signed_by(path)
    of = signed[0] if signed else path
    if not (layout.belongs(path) and is_safe(path) and path.isprintable()):
        return 0
    return 0 if layout.embargoed(of) else MAX_SIGNATURE if signed else MAX_BYTES


def _past(files: Sequence[File], here: Sequence[File], layout: Layout, log: Log | None) -> Past:
    """Sort files into texts and signatures; of these, the last one of the same bytes counts."""
    beside = {file.path: layout.signed_by(file.path) for file in files}
    signed = {pair[0] for pair in beside.values() if pair}
    signatures: dict[tuple[str, str], File] = {}
    texts: dict[str, dict[str, list[File]]] = {}
    for file in files:
        if pair := beside[file.path]:
            signatures[layout.identity(pair[0]), file.sha256] = file
        elif layout.place(file.path)[1] or file.path in signed:
            of_id = texts.setdefault(layout.identity(file.path), {})
            of_id.setdefault(file.sha256, []).append(file)
    return Past(texts, frozenset(here), list(_pairs(signatures, texts)), log)


def _pairs(
    signatures: Mapping[tuple[str, str], File], texts: Mapping[str, Mapping[str, Sequence[File]]]
) -> Iterator[Pair]:
    """Yield each signature with the texts whose digest begins as it says: of its document, or any.

    Raises HistoryError when there are too many to compare.
    """
    every = (names[-1] for of_id in texts.values() for names in of_id.values())
    everything = [*{text.sha256: text for text in every}.values()]
    compared = others = 0
    for (name, _), file in signatures.items():
        own = [names[-1] for names in texts.get(name, {}).values()]
        fitting: list[File] = []
        try:
            packet = read_signature(file.data)
            for group in (own, everything):
                if not fitting:
                    compared += sum(len(text.data) for text in group)
                    fitting = [text for text in group if may_cover(packet, text.data)]
        except ParseError:  # then gpgv will not see it
            pass
        likely = fitting or (own or everything)[-1:]
        others += len(likely[1:])
        if compared > _MOST_COMPARED or others > _MOST_OTHERS:
            raise HistoryError("its history has more texts and signatures than can be compared")
        yield from (Pair(name, file, text) for text in likely)
