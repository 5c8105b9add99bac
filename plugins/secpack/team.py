"""The commands for a team that writes a pack: ``secpack new`` and ``secpack sign``."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from secpack.archive import load
from secpack.check import FORMATS, Check
from secpack.cli import add_command, day_of, pack_of, print_notes
from secpack.documents import read_head
from secpack.drafts import NO_PROOF, fetch_proof, new_bulletin, new_canary
from secpack.errors import PackError, SecpackError, as_far_as_usable
from secpack.files import write_new
from secpack.model.archive import File, Signature
from secpack.model.findings import Severity
from secpack.pack import Contents, Layout, TextFile, read_contents
from secpack.profile import Profile, load_profile
from secpack.programs import run_for_person
from secpack.signatures.gpgv import Checker
from secpack.signatures.packets import MAX_SIGNATURE
from secpack.signatures.policy import check_pack, expected_on, in_words

_PATIENCE: Final = 600  # seconds for a signer to enter a passphrase


def add_new(commands: Any) -> None:
    """Add ``new`` to the commands of argparse."""
    command = add_command(
        commands,
        _run_new,
        "start a bulletin or a canary",
        "Starts a text with the next number: a bulletin from the pack's template, a canary from "
        "the one before. What is left to write is marked TODO. Only the headlines for a canary "
        "need the network. Exit status: 0, or 2 if there is no new file.",
        'new bulletin "Memory leaks from dom0" --pack qubes-secpack --profile qubes',
        "--pack",
        "--profile",
    )
    command.add_argument("kind", choices=["bulletin", "canary"])
    command.add_argument("title", nargs="?", help="the title of a bulletin")
    today = datetime.now(UTC).date()
    summary = "the day of the text (default: today, UTC)"
    command.add_argument("--date", type=day_of, default=today, help=summary)
    command.add_argument("--offline", action="store_true", help="write TODO in place of headlines")


def _run_new(options: Namespace) -> int:
    profile = load_profile(options.profile)
    if (options.kind == "bulletin") != bool(options.title):
        raise SecpackError("a bulletin needs a title, and a canary has none")
    if options.title:
        file = new_bulletin(options.pack, profile, options.title, options.date)
    else:
        errors: list[SecpackError] = []
        archive = as_far_as_usable(lambda: load(options.pack, profile=profile), errors)
        print_notes(map(str, errors))
        proof = NO_PROOF if options.offline else _proof(profile)
        file = new_canary(options.pack, archive, profile, options.date, proof)
    place = options.pack / file.path
    if not place.parent.resolve().is_relative_to(options.pack.resolve()):
        raise SecpackError(f"{place.parent}: a link that leads out of the pack")
    place.parent.mkdir(exist_ok=True)
    write_new(place, file.data)
    print(place)
    return 0


def _proof(profile: Profile) -> Sequence[str]:
    """A proof of freshness that the user has confirmed."""
    notes: list[str] = []
    proof = fetch_proof(profile.canaries.feeds, datetime.now(UTC), notes)
    print_notes(notes)
    if not proof:
        raise SecpackError("no headlines: name other feeds in the profile, or use --offline")
    print(*proof, "", sep="\n")
    print("Is this the proof of freshness? [y/N] ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise SecpackError("not confirmed: nothing was written")
    return proof


def add_sign(commands: Any) -> None:
    """Add ``sign`` to the commands of argparse."""
    command = add_command(
        commands,
        _run_sign,
        "sign a text, and say whose signature is missing",
        "Prints who has signed a text, and the commands with which the others sign it; with --gpg "
        "it signs for one of them, and keeps only a signature that is good. Exit status: 0, 1 if "
        "the text has errors, 2 if it cannot be signed.",
        "sign QSBs/qsb-117-2026.txt --profile qubes --as simon --gpg qubes-gpg-client-wrapper",
        "--profile",
    )
    command.add_argument("file", type=Path, help="the text, in its folder of the pack")
    summary = "who signs: a name of the profile's signers"
    command.add_argument("--as", dest="signer", metavar="NAME", help=summary)
    command.add_argument("--gpg", metavar="PROGRAM", help="what signs: gpg, or a wrapper around it")


def _run_sign(options: Namespace) -> int:
    profile = load_profile(options.profile)
    # Who prepares an embargoed text signs it, too.
    public = {name: e for name, e in profile.documents.items() if e.status != "embargoed"}
    profile = replace(profile, documents=public)
    pack, path = pack_of(options.file, profile)
    if _has_errors(pack, path, profile):
        return 1
    contents = read_contents(pack, profile)
    text = next((t for t in [*contents.bulletins, *contents.canaries] if t.file.path == path), None)
    if not text:
        raise SecpackError(f"{options.file}: not a bulletin or canary, by its folder and name")
    signers = _signers(text, profile, is_bulletin=text in contents.bulletins)
    signatures = _judged(text, contents, profile)
    print_notes(f"{each.file.path}: {in_words(each)}" for each in signatures)
    good = {each.signer for each in signatures if each.counts}
    names = [options.signer] if options.signer else [name for name in signers if name not in good]
    if not signers.keys() >= {*names} or (options.gpg and len(names) != 1):
        who = f"--as {' or '.join(signers)}" if signers else "no signer is in the profile"
        raise SecpackError(f"say who signs: {who}")
    others = {signature.file.data[:1] for _, signature in contents.signatures()} or {b"-"}
    armour = ["--armor"] if b"-" in others else []  # as other signatures of the pack
    for name in names:
        target = path + profile.signatures[0].replace("{signer}", name)
        how = [*armour, "--detach-sign", "--local-user", profile.signers[name].fingerprint]
        if options.gpg:
            write_new(pack / target, _signed([options.gpg, *how], text, target, contents, profile))
            good.add(name)
        else:
            how += ["--output", str(pack / target), "--", str(pack / path)]
            print(shlex.join(["gpg", *how]))
    missing = ", ".join(signers[name] for name in signers if name not in good)
    state = f"no signature yet by {missing}" if missing else "all have signed"
    print_notes([f"{path}: {state}"])
    return 0


def _has_errors(pack: Path, path: str, profile: Profile) -> bool:
    """Whether a text has errors; prints what is found in it."""
    found = [f for f in Check(profile, (), None).findings(pack) if f.file == path and not f.waived]
    print_notes(FORMATS["text"](found, every=True))
    return any(f.severity is Severity.ERROR for f in found)


def _signers(text: TextFile, profile: Profile, *, is_bulletin: bool) -> Mapping[str, str]:
    """The names of those who sign a text, by the names in their files; of a letter, of all."""
    if text.letter:
        return {name: signer.name for name, signer in profile.signers.items()}
    kind = profile.bulletins if is_bulletin else profile.canaries
    _, metadata = read_head(text, kind, profile)
    return expected_on(metadata.published, profile, is_bulletin=is_bulletin)


def _judged(text: TextFile, contents: Contents, profile: Profile) -> list[Signature]:
    """The signatures of a text, judged.

    Raises PackError if one is from the future, or nobody can check which keys are certified.
    """
    own = Contents(bulletins=[text], keys=contents.keys)
    _, judged = check_pack(own, profile, Checker())
    errors = [*own.errors, *(SecpackError(f.message) for f in own.findings if f.code == "no-gpg")]
    if errors:
        raise PackError(errors, None)
    return judged


def _signed(
    command: Sequence[str], text: TextFile, path: str, contents: Contents, profile: Profile
) -> bytes:
    """The signature that a program makes of a text. Raises SecpackError if it is not good."""
    if any(signature.file.path == path for signature in text.signatures):
        raise SecpackError(f"{path}: exists already; remove it to sign again")
    data = run_for_person(command, text.file.data, seconds=_PATIENCE)
    signer = Layout(profile).signed_by(path)
    new = Signature(File.of(path, data[: MAX_SIGNATURE + 1]), signer[1] if signer else "")
    (new,) = _judged(replace(text, signatures=(new,)), contents, profile)
    if not new.counts:
        raise SecpackError(f"{path}: not kept: {in_words(new)}")
    return data
