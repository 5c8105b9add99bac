"""Checks what canaries state against the archive, and against the calendar."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from secpack.canary import stated_issue
from secpack.model.archive import UNDATED, Bulletin, Canary
from secpack.model.findings import Finding, Severity, counted, ranges
from secpack.profile import Profile

# How old a proof of freshness can be on the day of issue. It can be a day younger elsewhere.
_FRESH: Final = timedelta(days=7)
_ZONES: Final = timedelta(days=1)

_MOST_NUMBERS: Final = 12


def check_canaries(
    canaries: Sequence[Canary], bulletins: Sequence[Bulletin], profile: Profile
) -> Iterator[Finding]:
    """Find canaries whose statements do not hold, by themselves or for this archive."""
    for canary in canaries:
        states = profile.canaries.states
        yield from _check_numbers(canary)
        yield from _check_dates(canary, states)
        if canary.count is not None or "bulletins" in states:
            yield from _check_count(canary, bulletins, is_newest=canary is canaries[-1])
        if canary.due or "next" in states:
            yield from _check_window(canary)
        if canary.master_key or "key" in states:
            yield from _check_key(canary, profile)


def _finding(
    canary: Canary, code: str, message: str, severity: Severity = Severity.WARNING, *, of: str = ""
) -> Finding:
    """Return a finding at the statement that contains ``of``, or at the first one."""
    lines = [s.line for s in canary.statements if of in s.text.lower()]
    lines += [s.line for s in canary.statements[:1]]
    return Finding(canary.document.file.path, next(iter(lines), 0), code, message, severity)


def _check_numbers(canary: Canary) -> Iterator[Finding]:
    numbers = [statement.number for statement in canary.statements]
    if not numbers:
        yield _finding(canary, "canary-statements", "no numbered statements that can be read")
    elif numbers != list(range(1, len(numbers) + 1)):
        printed = ", ".join(str(number) for number in numbers[:_MOST_NUMBERS])
        yield _finding(canary, "canary-statements", f"its statements are numbered {printed}")


def _check_dates(canary: Canary, states: Sequence[str]) -> Iterator[Finding]:
    issued, proof, day = stated_issue(canary.statements), canary.freshness, canary.published
    if issued and issued != day:
        message = f"states {issued} as its date of issue, but is dated {day}"
        yield _finding(canary, "canary-date", message, of="date of issue")
    if proof is None and "proof" in states:
        message = "no proof of freshness with a date such as Mon, 10 Mar 2025"
        yield _finding(canary, "canary-proof", message, Severity.NOTICE)
    elif proof and day != UNDATED and not -_ZONES <= day - proof <= _FRESH:
        message = f"its proof of freshness is dated {proof}, but the canary {day}"
        yield _finding(canary, "canary-proof", message)


def _check_window(canary: Canary) -> Iterator[Finding]:
    if (canary.due is not None) == canary.is_last:
        message = "does not say in words that can be read when the next canary is due"
        if canary.is_last:
            message = "says when the next canary is due, and that it is the last"
        yield _finding(canary, "canary-due", message, of="next")
    if canary.due and canary.due.last <= canary.published:
        message = f"says that the next one is due by {canary.due.last}, which is not after its date"
        # What is signed already cannot be mended, and holds nothing else up.
        is_signed = any(signature.counts for signature in canary.signatures)
        severity = Severity.WARNING if is_signed else Severity.ERROR
        yield _finding(canary, "canary-due", message, severity, of="next")


def _check_key(canary: Canary, profile: Profile) -> Iterator[Finding]:
    anchors = profile.anchors_on(canary.published)
    if canary.published == UNDATED:
        anchors = [anchor.fingerprint for anchor in profile.trusted]
    if profile.trusted and canary.master_key not in anchors:
        stated = f"the master key {canary.master_key}, which the profile does not trust on its day"
        stated = stated if canary.master_key else "no master key that can be read"
        expected = " or ".join(anchors) or "none, because the profile trusts none of that day"
        message = f"states {stated}; expected {expected}"
        yield _finding(canary, "canary-key", message, Severity.ERROR, of="fingerprint")


def _check_count(
    canary: Canary, bulletins: Sequence[Bulletin], *, is_newest: bool
) -> Iterator[Finding]:
    """Compare the number of bulletins; gaps that explain it are a warning only in the newest."""
    numbers = {b.number for b in bulletins if b.published <= canary.published}
    if canary.count is None:
        yield _finding(canary, "canary-count", "no number of bulletins that can be read")
        return
    if canary.count == len(numbers):
        return
    missing = _missing(canary.count, numbers, bulletins)
    severity = Severity.NOTICE if missing and not is_newest else Severity.WARNING
    verb = "is" if len(missing) == 1 else "are"
    more = f" ({ranges(missing)} {verb} missing)" if missing else ""
    archived = f"this archive has {len(numbers)} up to its date{more}"
    message = f"states {counted(canary.count, 'bulletin')}; {archived}"
    yield _finding(canary, "canary-count", message, severity, of="bulletin")


def _missing(count: int, numbers: set[int], bulletins: Sequence[Bulletin]) -> list[int]:
    """Return the missing numbers, if together they explain the count.

    A number may be of that time if it is missing before the first bulletin of a later time.
    """
    later = {b.number for b in bulletins} - numbers
    missing = [n for n in range(1, count + 1) if n not in numbers and n not in later]
    inside = count < max((*numbers, *later), default=0)
    ends = max(numbers, default=0) <= count and (inside or count in numbers)
    return missing if ends and len(numbers) + len(missing) == count else []


def check_lateness(canaries: Sequence[Canary], on: date) -> Iterator[Finding]:
    """Check whether the next canary is late on a certain day."""
    file = canaries[-1].document.file.path if canaries else ""
    due = canaries[-1].due if canaries else None
    if due is None and (not canaries or not canaries[-1].is_last):
        message = "no canary here says when the next one is due, so nobody can say if it is late"
        yield Finding(file, 0, "canary-late", message, Severity.ERROR)
    elif due and on > due.last:
        late = (on - due.last).days
        message = f"the next canary was due by {due.last}: {counted(late, 'day')} late on {on}"
        yield Finding(file, 0, "canary-late", message, Severity.ERROR)
