"""Findings about a pack: what is odd, how much it matters, and why the profile accepts it."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

#: Codes of the publish check begin with this; only that check compares them with waivers.
PUBLISH_CHECK: Final = "publish-"

#: Codes of what is found in the folder of keys, and leaves every signature in doubt.
DOUBTS: Final = frozenset({"key-missing", "no-anchor", "no-gpg"})


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


#: A message has at most so many numbers or ranges of them.
_MOST_NUMBERS: Final = 12


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number of things: ``1 bulletin``, ``2 bulletins``."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def ranges(numbers: Iterable[int], most: int = _MOST_NUMBERS) -> str:
    """List numbers of documents, three or more in a row as a range: ``003-007, 012``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    listed = []
    for run in runs[:most]:
        ends = [f"{number:03d}" for number in (run if len(run) < 3 else (run[0], run[-1]))]
        listed.append(("-" if len(run) > 2 else ", ").join(ends))
    more = sum(map(len, runs[most:]))
    return ", ".join(listed) + (f" and {more} more" if more else "")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something odd: where it is, what it is, and what to do. ``line`` 0 means the whole file.

    ``waived`` is the reason why the profile accepts it; empty if it does not.
    """

    file: str
    line: int
    code: str
    message: str
    severity: Severity = Severity.WARNING
    waived: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it stops a build for publication; what is waived does not."""
        return self.severity is Severity.ERROR and not self.waived


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding, by its code, that the profile accepts in some files, and the reason.

    With ``sha256`` (hex) it ends when the file changes; for a signature that can also be the digest
    of the text beside it.
    """

    finding: str
    file: tuple[str, ...]
    reason: str
    sha256: str = ""


def waiver_lines(finding: str, file: str, sha256: str = "") -> list[str]:
    """A waiver as the profile has it, for its author to say why."""
    given = {"finding": finding, "file": file, "sha256": sha256, "reason": "why"}
    pairs = ((name, json.dumps(value)) for name, value in given.items() if value)
    return ["[[waivers]]", *(f"{name} = {value}" for name, value in pairs)]


def with_waivers(
    findings: Iterable[Finding],
    waivers: Sequence[Waiver],
    digests: Mapping[str, str],
    texts: Mapping[str, str] = MappingProxyType({}),
    versions: Collection[str] = (),
) -> list[Finding]:
    """Sort findings, waived ones as notices, and a finding for each waiver without effect.

    ``digests`` are the digests of files by path, for waivers that accept one version of a file;
    other files that there are can have an empty one. ``texts`` are those of texts beside
    signatures. Waivers about signatures also decide since when texts are ``versions``, which are
    given by their digests.
    """
    single = [(w, (w.finding, file)) for w in waivers for file in w.file]
    accepted = {at: {"", digests.get(at[1]), texts.get(at[1])} for _, at in single}
    reasons = {at: w.reason for w, at in single if w.sha256 in accepted[at]}
    by_file = [((f.code, f.file), f) for f in findings]
    used = {at for w, at in single if w.sha256 in versions and w.finding.startswith("sign")}
    used |= {at for at, _ in by_file if at in reasons}
    every = [
        replace(f, waived=reasons[at], severity=Severity.NOTICE) if at in reasons else f
        for at, f in by_file
    ]
    pinned = {at for w, at in single if w.sha256}
    for code, file in sorted({at for _, at in single} - used):
        correction = ", or correct its sha256" if (code, file) in pinned else ""
        message = f"the profile waives {code!r} here without effect: remove the waiver{correction}"
        severity = Severity.WARNING
        if file not in digests:
            message = f"the profile waives {code!r}, but this file is absent: remove the waiver"
            severity = Severity.NOTICE
        every.append(Finding(file, 0, "waiver-unused", message, severity))
    return sorted(every, key=lambda f: (f.code not in DOUBTS, f))  # a cause before its effects
