"""How well texts alone tell which advisories they address: ``make accuracy``.

A pair of a bulletin and an advisory counts as true where the tracker data name a bulletin of the
pack, and as inferred where the text by its own words addresses the advisory. ``wordings.txt`` has
sentences besides, with what they address and exclude, also of CVEs and other ids.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from benchmarks.texts import given_pack
from secpack import SecpackError, load, load_advisories, load_profile
from secpack.extract.mentions import decide, find_mentions
from secpack.model.archive import Advisory, Archive, Bulletin, Context, File, Mention
from secpack.parser import parse_text

WORDINGS = Path(__file__).with_name("wordings.txt")

CAVEAT = """\
The rules were written with the bulletins of Qubes OS in view, so figures for those flatter. On the
even half of them, before it had been looked at, F1 was 0.889. On invented wordings, hard on purpose
and without ids in their titles, it was 0.524 at first sight of the older ones, 0.875 of those of
2027 (0.947 for what they exclude); those that were misread led to rules since."""

FORM = """\
---===[ Quern Security Bulletin 081 ]===---

2027-05-12

Summary
--------

"""

Pair: TypeAlias = tuple[int, str]  # a bulletin's number or a line, and an id


@dataclass(frozen=True, slots=True)
class Score:
    """How two sets of pairs agree: in both, only inferred, only in the tracker data."""

    both: int
    inferred: int
    tracked: int

    @property
    def precision(self) -> float:
        """How much of what is inferred is true."""
        return self.both / max(self.both + self.inferred, 1)

    @property
    def recall(self) -> float:
        """How much of what is true is inferred."""
        return self.both / max(self.both + self.tracked, 1)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.both / max(2 * self.both + self.inferred + self.tracked, 1)


def score(inferred: set[Pair], tracked: set[Pair]) -> Score:
    """Count in what two sets of pairs agree."""
    return Score(len(inferred & tracked), len(inferred - tracked), len(tracked - inferred))


def inferred_pairs(archive: Archive) -> set[Pair]:
    """What the texts address by their own words."""
    found = ((b.number, m) for b in archive.bulletins for m in b.evidence)
    return {(number, mention.value) for number, mention in found if mention.scheme == "XSA"}


def tracked_pairs(archive: Archive, tracker: Sequence[Advisory]) -> set[Pair]:
    """What the tracker data assign to bulletins of the pack."""
    numbers = {b.number for b in archive.bulletins}
    announced = ((a.announced_in, a.number) for a in tracker)
    return {(b, f"XSA-{number}") for b, number in announced if b in numbers}


def decided_otherwise(
    archive: Archive, pairs: Iterable[Pair], tracker: Sequence[Advisory]
) -> set[Pair]:
    """Pairs that no text could tell: not affected, by the tracker, or never named in the text."""
    bulletins = {b.number: b for b in archive.bulletins}
    unaffected = {f"XSA-{a.number}" for a in tracker if a.affected is False and not a.bulletin}
    return {
        (number, value)
        for number, value in pairs
        if value in unaffected or value not in {m.value for m in bulletins[number].all_mentions}
    }


def wordings(mark: str = "") -> tuple[set[Pair], set[Pair]]:
    """What the invented wordings address by the rules, and in truth, with the lines they are on.

    With the mark ``!``, it is what they exclude.
    """
    inferred: set[Pair] = set()
    true: set[Pair] = set()
    for n, line in enumerate(WORDINGS.read_text("utf-8").splitlines(), 1):
        if not line.startswith("#"):
            ids, _, words = line.partition("|")
            own = [id_[len(mark) :] for id_ in ids.split() if id_.startswith("!") == bool(mark)]
            true |= {(n, f"XSA-{id_}" if id_.isdigit() else id_) for id_ in own}
            body = words.strip().replace("\\n", "\n")
            mentions = find_mentions(parse_text(File("text", f"{FORM}{body}\n".encode(), "")))
            found = {mention.value for mention in decide(mentions)}
            if mark:
                excluded = {m.value for m in mentions if m.context is Context.NOT_AFFECTED}
                found = excluded - found
            inferred |= {(n, value) for value in found}
    return inferred, true


def main() -> int:
    """Print the figures and every disagreement; return the exit status."""
    pack = given_pack()
    if pack.xsa is None:
        print("No figures: SECPACK= and XSA= go together; name both, or none for the demo.")
        return 2
    try:
        tracker = load_advisories(pack.xsa)
        archive = load(pack.root, profile=load_profile(pack.profile), advisories=tracker)
    except SecpackError as error:
        print(error, file=sys.stderr)
        return 2
    inferred, tracked = inferred_pairs(archive), tracked_pairs(archive, tracker)
    print(f"{len(archive.bulletins)} bulletins of {pack.root}, tracker data {pack.xsa}")
    if not os.environ.get("SECPACK"):
        print("This is the demo: its figures say nothing of real texts. Set SECPACK= and XSA=.")
    print(f"\n{'':15}precision  recall     F1   both  text only  tracker only")
    _print_halves("", inferred, tracked)
    otherwise = decided_otherwise(archive, inferred ^ tracked, tracker)
    _print_halves(" *", inferred - otherwise, tracked - otherwise)
    _print_score("invented", score(*wordings()))
    _print_score("excluded", score(*wordings("!")))
    print("\n* without what the tracker decides otherwise: " + _listed(otherwise))
    print(f"\n{CAVEAT}")
    _print_disagreements(archive, inferred ^ tracked, tracker)
    return 0


def _print_halves(mark: str, inferred: set[Pair], tracked: set[Pair]) -> None:
    for name, remainders in (("all", (0, 1)), ("odd numbers", (1,)), ("even numbers", (0,))):
        parts = ({p for p in pairs if p[0] % 2 in remainders} for pairs in (inferred, tracked))
        _print_score(f"{name}{mark}", score(*parts))


def _listed(pairs: Iterable[Pair]) -> str:
    return ", ".join(f"{value} in {number:03d}" for number, value in sorted(pairs)) or "none"


def _print_score(name: str, found: Score) -> None:
    figures = f"{found.precision:9.3f}{found.recall:8.3f}{found.f1:7.3f}"
    print(f"{name:15}{figures}{found.both:7}{found.inferred:11}{found.tracked:14}")


def _print_disagreements(
    archive: Archive, pairs: Iterable[Pair], tracker: Sequence[Advisory]
) -> None:
    bulletins = {b.number: b for b in archive.bulletins}
    tracked = {f"XSA-{a.number}": a for a in tracker}
    ordered = sorted(pairs)
    print(f"\nDisagreements: {len(ordered)}")
    for number, advisory in ordered:
        bulletin = bulletins[number]
        print(f"\n{bulletin.id}, {advisory}")
        print(f"  tracker: {_tracker_side(tracked.get(advisory))}")
        mentions = [n for n in bulletin.all_mentions if n.value == advisory]
        decided = [n for n in bulletin.evidence if n in mentions]
        side = "addressed" if decided else "mentioned" if mentions else "never named"
        print(f"  text: {side}")
        for mention in decided or mentions:
            print(f"    {_evidence(bulletin, mention)}")


def _tracker_side(advisory: Advisory | None) -> str:
    if advisory is None:
        return "does not have it"
    affected = {True: "affected", False: "not affected", None: "affected or not is not said"}
    return f"{affected[advisory.affected]}, bulletin {advisory.bulletin or 'none'}"


def _evidence(bulletin: Bulletin, mention: Mention) -> str:
    place = f"{bulletin.document.file.path}:{mention.line}: {mention.context.value}"
    return f"{place}: “{mention.sentence}”"


if __name__ == "__main__":
    sys.exit(main())
