"""Known exceptions of a profile, held against what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from secpack.model.findings import Finding, Severity
from secpack.profile import Waiver


def with_waivers(
    findings: Iterable[Finding], waivers: Sequence[Waiver], digests: Mapping[str, str]
) -> Iterator[Finding]:
    """Findings with the profile's known exceptions marked; a waiver that fits nothing is one.

    ``digests`` are those of the files by path: a waiver can hold for one of them only.
    """
    reasons = {
        (w.finding, w.file): w.reason for w in waivers if w.sha256 in ("", digests.get(w.file))
    }
    used = set()
    for finding in findings:
        key = (finding.code, finding.file)
        if key in reasons:
            used.add(key)
            yield replace(finding, waived=reasons[key], severity=Severity.NOTICE)
        else:
            yield finding
    changed = {(w.finding, w.file) for w in waivers if w.sha256}
    for code, file in sorted({(w.finding, w.file) for w in waivers} - used):
        as_it_was = " as it was" if (code, file) in changed else ""
        message = f"the profile waives {code!r} in this file{as_it_was}: there is no such thing now"
        severity = Severity.WARNING if file in digests else Severity.NOTICE
        yield Finding(file, 0, "waiver-unused", message, severity)
