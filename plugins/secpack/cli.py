"""The command ``secpack``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from io import TextIOWrapper
from itertools import groupby
from pathlib import Path

from secpack.advisories import load_advisories
from secpack.archive import examine
from secpack.cache import open_cache
from secpack.canaries import check_lateness
from secpack.errors import ParseError, SecpackError
from secpack.lint import CODES, check_security_txt, lint
from secpack.model import Archive, Finding, Severity
from secpack.profile import Profile, load_profile
from secpack.signatures import Checker
from secpack.text.marks import visible
from secpack.waivers import with_waivers

_CLEAN, _FINDINGS, _UNUSABLE = 0, 1, 2
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "notice"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        findings = check(
            Path(options.pack),
            profile=load_profile(options.profile) if options.profile else Profile(),
            xsa=options.xsa,
            xsa_json=options.xsa_json,
            on=options.on,
        )
    except (SecpackError, OSError) as error:
        print(_plain(str(error)), file=sys.stderr)
        return _UNUSABLE
    try:
        _show(findings, options)
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    grave = any(f.severity is Severity.ERROR and not f.waived for f in findings)
    return _FINDINGS if grave else _CLEAN


def _show(findings: Sequence[Finding], options: argparse.Namespace) -> None:
    quiet = options.format == "text" and not options.notices
    shown = [f for f in findings if not quiet or f.severity is not Severity.NOTICE]
    _FORMATS[options.format](shown)
    if options.format == "text":
        sys.stdout.flush()
        print(_summary(findings, shown), file=sys.stderr)


def check(
    pack: Path, *, profile: Profile, xsa: Path | None, xsa_json: Path | None, on: date | None
) -> list[Finding]:
    """Read and verify a whole pack; return all findings, sorted.

    Raises SecpackError where nothing can be checked: no pack, no gpgv, other input that is wrong.
    """
    advisories = load_advisories(xsa, xsa_json)
    checker = Checker(cache=open_cache("verdicts.json"))
    archive, errors = examine(pack, profile=profile, advisories=advisories, checker=checker)
    late = [*_overdue(archive, profile, on)] if on else []
    broken = (_finding(error) for error in errors)
    return sorted([*archive.findings, *_lint(archive, profile), *late, *broken])


def _overdue(archive: Archive, profile: Profile, on: date) -> Iterator[Finding]:
    """What depends on the day on which somebody looks."""
    yield from check_lateness(archive.canaries, on)
    if profile.security_txt:
        yield from check_security_txt(profile.security_txt, on)


def _lint(archive: Archive, profile: Profile) -> Iterator[Finding]:
    """What only a check looks for, with the waivers for it."""
    waivers = [w for w in profile.waivers if w.finding in CODES]
    files = [p.document.file for p in archive.publications]
    return with_waivers(lint(archive), waivers, {file.path: file.sha256 for file in files})


def _finding(error: SecpackError) -> Finding:
    if isinstance(error, ParseError):
        return Finding(error.path, error.line, "unreadable", error.message, Severity.ERROR)
    return Finding("", 0, "unreadable", str(error), Severity.ERROR)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="secpack", description="Looks after a security pack.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "check",
        help="read and verify a whole pack before it is published",
        description="Reads everything, verifies everything, and prints what to look at. "
        "Exit status: 0 clean, 1 findings of severity error, 2 unusable arguments.",
    )
    command.add_argument("pack", help="the folder of the pack")
    command.add_argument("--profile", type=Path, help="the issuer's profile (TOML)")
    command.add_argument("--xsa", type=Path, help="tracker data (xsa.yml)")
    command.add_argument("--xsa-json", type=Path, help="the Xen Project's list (xsa.json)")
    command.add_argument("--on", type=_day, metavar="DATE", help="is anything late on that day?")
    command.add_argument("--format", choices=sorted(_FORMATS), default="text")
    command.add_argument("--notices", action="store_true", help="print notices as text, too")
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a date such as 2026-08-01") from None


# --- output -----------------------------------------------------------------------------------


def _as_text(findings: Sequence[Finding]) -> None:
    for file, group in groupby(findings, key=lambda finding: finding.file):
        print(_plain(file))
        for f in group:
            line = f"{f.line}: " if f.line else ""
            waived = f" (accepted: {f.waived})" if f.waived else ""
            print(_plain(f"  {line}{f.severity.value}: {f.message} [{f.code}]{waived}"))


def _as_json(findings: Sequence[Finding]) -> None:
    rows = [
        {
            "file": f.file,
            "line": f.line,
            "severity": f.severity.value,
            "code": f.code,
            "message": f.message,
            "waived": f.waived or None,
        }
        for f in findings
    ]
    print(json.dumps(rows, indent=1, sort_keys=True))


def _as_github(findings: Sequence[Finding]) -> None:
    """Workflow commands, by which a forge shows findings beside the lines they are about."""
    for f in findings:
        level = "notice" if f.waived else _LEVELS[f.severity]
        place = f"file={_property(f.file)}" + (f",line={f.line}" if f.line else "")
        print(f"::{level} {place},title={f.code}::{_data(f.message)}")


def _plain(text: str) -> str:
    """Words of a pack can hold what a terminal, or a forge, would obey."""
    return visible(text.replace("\n", " "))


def _data(text: str) -> str:
    return _plain(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_FORMATS = {"text": _as_text, "json": _as_json, "github": _as_github}


def _summary(findings: Sequence[Finding], shown: Sequence[Finding]) -> str:
    counts = [
        f"{sum(1 for f in findings if f.severity is severity)} {severity.value}(s)"
        for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTICE)
    ]
    hidden = len(findings) - len(shown)
    more = f"; {hidden} not shown, --notices shows them" if hidden else ""
    return f"{', '.join(counts)}{more}"


if __name__ == "__main__":
    sys.exit(main())
