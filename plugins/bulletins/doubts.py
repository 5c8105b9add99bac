"""Which documents this build could not verify, and why."""

from __future__ import annotations

from secpack.model.archive import Archive
from secpack.model.findings import Severity
from secpack.signatures.policy import is_about_signatures

#: What stands in front of the title of such a document wherever it is listed.
WORDS = "Not verified"


def doubts(archive: Archive) -> dict[str, list[str]]:
    """Errors in the signatures of documents that nobody accepts, as words, by the ids of these.

    A strict build has none.
    """
    errors = (f for f in archive.findings if f.severity is Severity.ERROR and not f.waived)
    faults: dict[str, list[str]] = {}
    for finding in errors:
        if is_about_signatures(finding.code):
            name = finding.file.rpartition("/")[2]
            faults.setdefault(finding.file, []).append(f"{name}: {finding.message}")
    found: dict[str, list[str]] = {}
    for publication in archive.publications:
        files = (publication.document.file, *(s.file for s in publication.signatures))
        said = [words for file in files for words in faults.get(file.path, ())]
        if said:
            found[publication.id] = said
    return found
