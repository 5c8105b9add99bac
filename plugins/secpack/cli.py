"""The command ``secpack``."""

import argparse
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, TypeAlias

from secpack.affected import affected, installed
from secpack.archive import load
from secpack.cache import Cache, open_cache
from secpack.check import FORMATS, Check, by_kind, concerned, counts, unreadable
from secpack.errors import SecpackError, as_far_as_usable, reason
from secpack.files import MAX_INPUT, checkout_of, profile_path, read_file
from secpack.history import as_data, as_lines, read_history
from secpack.mirror import CHECKSUMS
from secpack.mirror.copies import TIMEOUT, Folder, open_copy
from secpack.mirror.verify_site import Outcome, verify_site
from secpack.model.findings import DOUBTS, Finding
from secpack.pack import read_contents
from secpack.parser.characters import on_one_line
from secpack.profile import Profile, load_profile
from secpack.progress import Progress, clear
from secpack.propose import propose
from secpack.signatures.gpgv import Checker
from secpack.tables import YEARS
from secpack.tracker import load_advisories

#: The most characters of a line about a copy, and the most lines of a kind that are printed: a
#: hostile copy could make both endless.
_MOST_OF_A_LINE = 2000
_MOST = 1000

#: Adds a command of another package to those of argparse.
AddCommand: TypeAlias = Callable[[Any], None]
#: Runs a command with its options; returns the exit status.
Run: TypeAlias = Callable[[argparse.Namespace], int]

#: Options that several commands have.
_SHARED: Final[Mapping[str, Mapping[str, Any]]] = {
    "pack": {"type": Path, "help": "the folder of the pack"},
    "--pack": {"type": Path, "help": "the pack (default: this folder)", "default": Path()},
    "--profile": {"type": profile_path, "help": "the issuer: a file, or qubes, dasharo, demo"},
    "--xsa": {"type": Path, "help": "tracker data (xsa.yml)"},
}

_CLEAN, _FINDINGS, _UNUSABLE, _STALE = range(4)


def command(*others: AddCommand) -> int:
    """Run the command as a program, which SIGTERM ends cleanly; return its exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    return main(None, *others)


def main(arguments: Sequence[str] | None = None, *others: AddCommand) -> int:
    """Run the command; return its exit status."""
    options = parser_of(*others).parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options)
        return status
    except (SecpackError, OSError) as error:
        clear()
        print_notes([reason(error)])
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 128 + signal.SIGINT
    return _UNUSABLE


def print_lines(lines: Iterable[str]) -> None:
    """Print a result, which may quote what a terminal would obey, as long as somebody reads it."""
    try:
        for line in lines:
            print(on_one_line(line))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_notes(notes: Iterable[str]) -> None:
    """Print notes for the user, which may likewise quote anything."""
    for note in notes:
        print(on_one_line(note), file=sys.stderr)


def _run_check(options: argparse.Namespace) -> int:
    errors: list[SecpackError] = []
    profile = as_far_as_usable(lambda: load_profile(options.profile), errors)
    advisories = as_far_as_usable(lambda: load_advisories(options.xsa, options.xsa_json), errors)
    pack, part = pack_of(options.path, profile)
    check = Check(profile, advisories, checker_of(keep=not options.no_cache), options.on)
    findings = concerned(check.findings(pack, since=options.since, is_draft=options.draft), part)
    unread = [*map(unreadable, errors)]
    if options.format == "github":
        findings, unread = _in_checkout(pack, findings, pack), _in_checkout(pack, unread, Path())
    findings = [*unread, *findings]
    print_lines(FORMATS[options.format](findings, every=options.all))
    if options.format == "text":
        print_notes([*(() if options.all else by_kind(findings)), counts(findings)])
    return _FINDINGS if any(f.is_error for f in findings) else _CLEAN


def _in_checkout(pack: Path, findings: Iterable[Finding], folder: Path) -> list[Finding]:
    """Findings whose files, named from a folder, are named from the top of the pack's checkout."""
    way = os.path.relpath(folder.resolve(), checkout_of(pack))
    return [replace(f, file=os.path.normpath(f"{way}/{f.file}")) if f.file else f for f in findings]


def checker_of(*, keep: bool = True) -> Checker:
    """What verifies signatures, with progress; it keeps verdicts, or only those of this run."""
    cache = open_cache("verdicts.json") if keep else Cache(None)
    return Checker(cache=cache, progress=Progress("Checking signatures"))


def pack_of(path: Path, profile: Profile) -> tuple[Path, str]:
    """The pack that a path is, or is in, and the path in it; empty for the pack itself.

    Raises SecpackError when there is nothing of that name.
    """
    if not path.exists():
        raise SecpackError(f"{path}: no such file or folder")
    place = path.absolute()
    folders = {f for f in (*profile.bulletins.folder, *profile.canaries.folder) if f != "."}
    for pack in (place, *place.parents):
        if any((pack / folder).is_dir() for folder in folders):
            part = place.relative_to(pack).as_posix()
            return (pack, part) if part != "." else (path, "")
    return path, ""


def _run_affected(options: argparse.Namespace) -> int:
    profile = load_profile(options.profile)
    listing = sys.stdin.buffer.read(MAX_INPUT + 1)
    if len(listing) > MAX_INPUT:
        raise SecpackError(f"the list of packages is larger than {MAX_INPUT} bytes")
    listed = installed(listing.decode("utf-8", "replace"))
    archive = load(options.pack, profile=profile, checker=checker_of(), only_versions=True)
    if any(finding.is_error for finding in archive.findings):
        raise SecpackError(f"{options.pack}: not everything is verified; secpack check says why")
    results = [*affected(archive, profile, options.release, *listed)]
    print_lines(f"{result}: {line}" for result, line in results if result != "enough")
    count = sum(result == "enough" for result, _ in results)
    print(f"{count} new enough. This says nothing about what runs, or what no bulletin names.")
    problems = {result for result, _ in results} & {"older", "unclear", "no fix"}
    return _FINDINGS if problems else _CLEAN


def _run_profile(options: argparse.Namespace) -> int:
    print(propose(options.pack), end="")
    return _CLEAN


def _run_history(options: argparse.Namespace) -> int:
    profile = load_profile(options.profile)
    contents = read_contents(options.pack, profile)
    _, _, history = read_history(options.pack, contents, profile, checker_of(), tags=None)
    data = json.dumps(as_data(history), indent=1) if options.json else ""
    print_lines(data.split("\n") if data else as_lines(history, profile))
    doubts = (f for f in contents.findings if f.code in DOUBTS and f.is_error)
    notes = [*map(str, contents.errors), *(finding.message for finding in doubts)]
    print_notes(notes)
    return _FINDINGS if notes else _CLEAN


def _run_verify_site(options: argparse.Namespace) -> int:
    outcome = verify_site(
        open_copy(options.copy, options.timeout),
        rebuild=Folder(options.against) if options.against else None,
        keyring=read_file(options.keyring, MAX_INPUT) if options.keyring else None,
        newer_than=options.newer_than,
        progress=Progress("Reading files"),
    )
    print_lines(line[:_MOST_OF_A_LINE] for line in _outcome_lines(outcome))
    if not outcome.passed:
        return _FINDINGS
    return _STALE if outcome.stale else _CLEAN


def _outcome_lines(outcome: Outcome) -> Iterator[str]:
    """Yield a line for each problem, then the result."""
    yield from outcome.problems
    for kind in ("altered", "missing", "extra", "not read"):
        files = sorted((path, why) for path, (each, why) in outcome.faults.items() if each == kind)
        yield from (f"{kind}: {path}: {why}".removesuffix(": ") for path, why in files[:_MOST])
        if len(files) > _MOST:
            yield f"{kind}: {len(files) - _MOST:,} more files"
    yield from outcome.behind[:_MOST]
    if len(outcome.behind) > _MOST:
        yield f"{len(outcome.behind) - _MOST:,} more such lines"
    yield from (f"verified against {proof}" for proof in outcome.verified_by)
    yield from filter(None, [outcome.stale])
    result = "OK" if outcome.verified_by else "undamaged"
    result = "STALE" if outcome.stale else result
    result = result if outcome.passed else "FAILED"
    yield f"{result} ({outcome.files:,} files checked)"
    if result == "undamaged":
        yield f"Anybody can write {CHECKSUMS}: verify it with --against REBUILD or --keyring FILE."


def parser_of(*others: AddCommand) -> argparse.ArgumentParser:
    """The options of all commands."""
    parser = argparse.ArgumentParser(
        prog="secpack",
        description="Writes, checks and publishes security packs, and verifies copies of a site.",
        epilog="`secpack COMMAND --help` has an example of each command.",
    )
    parser.add_argument("--version", action="version", version=version("secpack-archive"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    own = (_add_check, _add_affected, _add_history, _add_profile, _add_verify_site)
    for add in (*others, *own):
        add(commands)
    return parser


def add_command(
    commands: Any, run: Run, summary: str, description: str, example: str, *options: str
) -> Any:
    """Add a command to those of argparse, with options that several have.

    ``example`` begins with its name.
    """
    name, epilog = example.split(maxsplit=1)[0], f"Example: secpack {example}"
    command = commands.add_parser(name, help=summary, description=description, epilog=epilog)
    command.set_defaults(run=run)
    for option in options:
        command.add_argument(option, **_SHARED[option])
    return command


def _add_check(commands: Any) -> None:
    command = add_command(
        commands,
        _run_check,
        "read and verify a whole pack before it is published",
        "Reads and verifies everything, and prints what needs attention. "
        "Exit status: 0 clean, 1 findings of severity error, 2 unusable arguments.",
        "check qubes-secpack/QSBs/qsb-117-2026.txt --draft --profile qubes --xsa xsa.yml",
        "--profile",
        "--xsa",
    )
    add = command.add_argument
    add("path", type=Path, help="a pack, or a file or folder in it")
    summary = "what a draft lacks is no error: signatures, a date, what TODO marks"
    add("--draft", action="store_true", help=summary)
    add("--since", default="", metavar="COMMIT", help="only what is new since a commit of the pack")
    add("--xsa-json", type=Path, help="the Xen Project's list (xsa.json)")
    add("--on", type=day_of, metavar="DATE", help="also report what is late or expired on that day")
    summary = "text (the default) for people, json for programs, github for GitHub Actions"
    add("--format", choices=[*FORMATS], default="text", help=summary)
    add("--all", action="store_true", help="list everything, including each notice")
    summary = "check every signature anew, and keep no verdicts"
    add("--no-cache", action="store_true", help=summary)


def _add_history(commands: Any) -> None:
    command = add_command(
        commands,
        _run_history,
        "list the versions of all documents, and what waits for signatures",
        "Lists, from the history of a git checkout, the versions of every document and the texts "
        "that are pending; as JSON, also every signature that ever was. Exit status: 0 clean, "
        "1 unreadable files, or keys that cannot be checked, 2 unusable arguments.",
        "history qubes-secpack --profile qubes",
        "pack",
        "--profile",
    )
    command.add_argument("--json", action="store_true", help="print JSON for programs")


def _add_affected(commands: Any) -> None:
    command = add_command(
        commands,
        _run_affected,
        "compare a list of installed packages with what bulletins ask for",
        "Reads the output of rpm -qa or dpkg -l on its standard input. Prints what is older than "
        "bulletins ask for, what the list lacks, and what needs a restart; never that a system is "
        "safe. Exit status: 0 nothing is older, 1 something is, or is unclear, or has no fix, "
        "2 unusable input.",
        "affected qubes-secpack --profile qubes --release 4.3 < packages.txt",
        "pack",
        "--profile",
    )
    command.add_argument("--release", required=True, help="the release, such as 4.3")


def _add_profile(commands: Any) -> None:
    add_command(
        commands,
        _run_profile,
        "propose a profile for a pack",
        "Prints a profile for a pack that has none yet. Read it, compare fingerprints "
        "with independent sources, and finish it. Exit status: 0, or 2 if there is no pack.",
        "profile path/to/pack > profile.toml",
        "pack",
    )


def _add_verify_site(commands: Any) -> None:
    command = add_command(
        commands,
        _run_verify_site,
        "check that a copy of a site is genuine, complete and up to date",
        f"Compares every file of a copy with its {CHECKSUMS}, and verifies that file "
        "against a rebuild or a signature. Exit status: 0 verified (or undamaged, with nothing to "
        "verify against), 1 failed, 2 unusable arguments, or no answer, 3 genuine but stale.",
        "verify-site https://archive.example.org/ --keyring archive-keys.asc",
    )
    add = command.add_argument
    add("copy", help="the copy's URL (https://...) or folder")
    add("--against", type=Path, metavar="REBUILD", help="a site that you built")
    add("--keyring", type=Path, metavar="FILE", help=f"keys that may sign {CHECKSUMS}")
    add("--newer-than", type=day_of, metavar="DATE", help="fail unless signed after that day")
    summary = "stop after that time, and list the files not read (default: %(default)s)"
    add("--timeout", type=_seconds, default=TIMEOUT, metavar="SECONDS", help=summary)


def _seconds(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,6}", text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of seconds")
    return int(text)


def day_of(text: str) -> date:
    """The day of an option."""
    with suppress(ValueError):
        day = date.fromisoformat(text)
        if f"{day}" == text and day.year in YEARS:
            return day
    raise argparse.ArgumentTypeError(f"{text!r}: expected a date such as 2026-08-01")


if __name__ == "__main__":
    sys.exit(command())
