"""The command ``secpack announce``: a post and a mail about a document; lists for other sites."""

import os
import re
import shlex
import textwrap
import traceback
from argparse import Namespace
from collections.abc import Iterable, Mapping
from math import inf
from pathlib import Path
from typing import Any, Final

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from bulletins import urls
from secpack import Profile, SecpackError, cli, load, load_advisories, load_profile
from secpack.files import MAX_INPUT, read_file, write_new
from secpack.model.archive import Archive, Bulletin, Publication
from secpack.model.findings import DOUBTS, Severity
from secpack.parser.characters import visible
from secpack.parser.lines import MAX_BYTES
from secpack.programs import limited_memory, limited_time

_TEMPLATES: Final = Path(__file__).parent / "announcements"
_ABOUT: Final = (("post", ".md"), ("mail", ".txt"))
_PATIENCE: Final = 60  # seconds for a template
# What can mean something else than itself in Markdown.
_NOT_PLAIN: Final = re.compile(r"[^\w\s.,;:/()?'+=%@\"-]|_")


def add_announce(commands: Any) -> None:
    """Add ``announce`` to the commands of argparse."""
    command = cli.add_command(
        commands,
        _run_announce,
        "write a news post and a mail about a document, and lists for another website",
        "Writes a news post (Markdown) and a mail about a bulletin or a canary, lists of all of "
        "them, and tracker data that names the bulletin. Templates post.md, mail.txt and list.yml "
        "beside the profile override our own. Exit status: 0, or 2 if that failed.",
        "announce QSB-117 --pack qubes-secpack --profile qubes --xsa xsa.yml --to announcement",
        "--pack",
        "--profile",
        "--xsa",
    )
    command.add_argument("id", help="the document, such as QSB-117")
    summary = "a folder for the files (default: this folder)"
    command.add_argument("--to", type=Path, default=Path(), metavar="DIR", help=summary)


def _run_announce(options: Namespace) -> int:
    profile = load_profile(options.profile)
    site = os.environ.get("SITEURL") or profile.url
    if not site:
        raise SecpackError("links need a URL: set SITEURL, or url in the profile")
    archive = load(options.pack, profile=profile, checker=cli.checker_of(), only_versions=True)
    document = find(archive, options.id)
    folder = options.profile.parent if options.profile else _TEMPLATES
    texts = announcements(archive, document, profile, site.rstrip("/") + "/", folder)
    if options.xsa and isinstance(document, Bulletin):
        load_advisories(options.xsa)  # raises an error with a line if something is wrong
        tracker = read_file(options.xsa, MAX_INPUT).decode()
        texts["xsa.yml"], notes = with_bulletin(tracker, document)
        cli.print_notes(notes)
    for name in (name for name in texts if os.path.lexists(options.to / name)):
        message = "exists already, and nothing was written: name another folder with --to"
        raise SecpackError(f"{options.to / name}: {message}")
    options.to.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_new(options.to / name, text.encode())
        print(options.to / name)
    return 0


def find(archive: Archive, name: str) -> Publication:
    """A document that is public, by its id. Raises SecpackError, with the reason, if none is."""
    pending = {each.id.casefold(): each.reason for each in archive.history.pending}
    reason = pending.get(name.casefold(), "the pack has no such document, or it is under embargo")
    for publication in archive.publications:
        if publication.id.casefold() == name.casefold():
            file = publication.file.path
            own = [f for f in archive.findings if f.file == file and f.is_error]
            doubts = [f for f in archive.findings if f.code in DOUBTS]
            errors = [f for f in (*doubts, *own) if f.severity is not Severity.NOTICE]
            if not errors:
                return publication
            reason = errors[0].message
    raise SecpackError(f"{name} cannot be announced: {reason}")


def announcements(
    archive: Archive, document: Publication, profile: Profile, site: str, folder: Path
) -> dict[str, str]:
    """The post, the mail, and the lists, by file names; ``site`` ends with a slash.

    Templates in a ``folder`` override ours. Raises SecpackError when one cannot be used.
    """
    day, slug = document.published, urls.kind_slug(document)
    values = {
        "anchors": profile.anchors_on(day),
        "day": day,
        "file": document.file,
        "names": {s.signer: s.signer for s in document.signatures}
        | {name: signer.name for name, signer in profile.signers.items()},
        "page": "" if profile.directory_index else urls.INDEX,
        "profile": profile,
        "signatures": [signature for signature in document.signatures if signature.counts],
        "site": site,
        "slug": f"{slug}-{document.number:03d}",
        "text": document.file.data.decode(),
        "title": f"{document.id}: " * isinstance(document, Bulletin) + document.title,
        "url": site + urls.page_url(document),
    }
    start = f"{day}-{slug}-{document.number:03d}"
    texts = {f"{start}{end}": _filled(f"{name}{end}", folder, values) for name, end in _ABOUT}
    lists = ((profile.bulletins, archive.bulletins), (profile.canaries, archive.canaries))
    for kind, documents in lists:
        values = {"profile": profile, "kind": kind, "documents": documents}
        texts[f"sec-{kind.slug}.yml"] = _filled("list.yml", folder, values)
    return texts


def _filled(name: str, folder: Path, values: Mapping[str, Any]) -> str:
    """A template with values. In Markdown they mean only themselves, unless a filter says more.

    A template may come with the pack that the profile is for: it has no way to other code.
    """
    path = next(each / name for each in (folder, _TEMPLATES) if (each / name).exists())
    environment = SandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        finalize=_escaped if name.endswith(".md") else None,
    )
    environment.filters["code"] = lambda text: Markup(textwrap.indent(text, "    "))  # noqa: S704
    environment.filters["yaml"] = lambda text: Markup(_quoted(text))  # noqa: S704
    environment.filters["shell"] = lambda text: Markup(shlex.quote(text))  # noqa: S704
    text = read_file(path, MAX_BYTES)
    try:
        with limited_time(_PATIENCE), limited_memory():
            return visible(environment.from_string(text.decode()).render(values))
    except Exception as error:  # a template can raise anything
        trace = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in trace if frame.filename.startswith("<")]
        line = f":{lines[-1]}" if lines else ""
        reason = f"{error}" or "it needs too much memory"
        raise SecpackError(f"{path}{line}: the template cannot be used: {reason}") from None


def _escaped(value: object) -> object:
    is_fit = isinstance(value, Markup)
    return value if is_fit else _NOT_PLAIN.sub(lambda match: f"&#{ord(match[0])};", f"{value}")


def _quoted(text: str) -> str:
    """A string in YAML, in the quotation marks that it does not contain."""
    style = "'" if '"' in text else '"'
    return yaml.safe_dump(text, default_style=style, allow_unicode=True, width=inf).strip()


def with_bulletin(tracker: str, bulletin: Bulletin) -> tuple[str, list[str]]:
    """Tracker data in which the advisories that a bulletin addresses name it; and notes.

    An entry that says otherwise stays as it is. Raises SecpackError when the data is not a plain
    list, which could not be written again byte for byte.
    """
    entries = {int(entry["xsa"]): entry for entry in yaml.load(tracker, yaml.BaseLoader)}  # noqa: S506
    if _listed(entries.values()) != tracker:
        form = "a field on a line, a blank line between entries, no comments"
        raise SecpackError(f"the tracker data is not a plain list ({form}): edit it by hand")
    own = {"affected": "yes", "qsb": f"{bulletin.number:03d}-{bulletin.published.year}"}
    notes = []
    for number in bulletin.addresses:
        if number not in entries:
            notes.append(f"XSA-{number} is new in the list, with the date of {bulletin.id}")
        entry = entries.setdefault(number, {"xsa": f"{number}", "date": f"{bulletin.published}"})
        if all(entry.get(name, value) == value for name, value in own.items()):
            entry |= own
        else:
            notes.append(f"XSA-{number} is not changed: its entry contradicts {bulletin.id}")
    return _listed(entries[number] for number in sorted(entries)), notes


def _listed(entries: Iterable[Mapping[str, str]]) -> str:
    fields = ("  ".join(f"{name}: {value}\n" for name, value in e.items()) for e in entries)
    return "\n".join(f"- {entry}" for entry in fields)
