"""Every sentence that the site adds to the texts: for templates, feeds, exports and scripts.

``str.format``, or a script, fills in what is in braces. ``Markup`` is HTML, and escapes what is
filled in. The words of texts, findings and profiles are elsewhere.
"""

from typing import Final

from markupsafe import Markup

from secpack.model import findings
from secpack.model.archive import Fix, Status, Verdict
from secpack.signatures.policy import Standing

#: A number of things: ``1 bulletin``.
counted: Final = findings.counted


def in_short(standing: Standing) -> str:
    """How the signatures of a document stand: the same words in lists, pages, feeds and data."""
    words = _in_short(standing)
    for name, letter in standing.letters:
        if letter.faults or letter.alarms:
            words += f"; {name}: {_in_short(letter)}"
    return unverified_title.format(title=words) if standing.alarms else words


def _in_short(standing: Standing) -> str:
    words = f"{standing.good} of {standing.total} signatures good"
    who = " and ".join(standing.missing)
    if who and standing.never:
        words = f"signed by {standing.good} of {standing.total}, not by {who}"
    elif who:
        words += f"; none by {who}"
    elif not standing.total:
        words = "unsigned"
    for verdict, is_explained in dict.fromkeys(standing.faults):
        count = standing.faults.count((verdict, is_explained))
        name = verdicts[verdict].partition(":")[0].lower()
        words += f"; {count} {name}{', explained' if is_explained else ''}"
    return words


#: What each verdict means, for a reader who has to decide. Lists say what comes before the colon.
verdicts: Final = {
    Verdict.UNCHECKED: "Not checked: nobody has checked this signature.",
    Verdict.GOOD: "Good: the owner of the key signed exactly these bytes.",
    Verdict.GOOD_UNTIL: "Key valid until: this relies on the date inside the signature, which "
    "anyone who holds the key can set.",
    Verdict.GOOD_LEGACY: "Obsolete digest: whoever writes a text can prepare a second one with the "
    "same digest. Accepted for its date, which anyone with the key can set.",
    Verdict.OBSOLETE_DIGEST: "Obsolete digest, too late: the issuer no longer used it then. Do not "
    "rely on it.",
    Verdict.BAD: "BAD: this signature was not made over this text. Do not rely on the text without "
    "another good signature, and a reason for this one.",
    Verdict.EXPIRED_KEY: "Expired when made: the signature is dated after its key had expired. Do "
    "not rely on it.",
    Verdict.REVOKED_KEY: "Revoked key: the owner withdrew it. Someone else may have made this "
    "signature, with any date. Do not rely on it.",
    Verdict.UNKNOWN_KEY: "Unknown key: without the key, the signature says nothing about the text.",
    Verdict.NOT_CERTIFIED: "Not certified: the key signed these bytes, but nothing ties it to the "
    "issuer, and anybody can make a key with any name.",
    Verdict.REFUSED: "Refused: the program that checked it does not accept this kind of key or "
    "signature. GnuPG may: run the commands below.",
    Verdict.MALFORMED: "Not accepted: the file is not exactly one detached signature of these "
    "bytes, or its date cannot be true. gpg may find a good signature in it nevertheless.",
    Verdict.SIGNER_NOT_ALLOWED: "Unknown signer: the key signed these bytes, but belongs to none "
    "of the profile’s signers.",
    Verdict.SIGNER_DIFFERS: "Wrong signer: the key signed these bytes, but is not that of the "
    "person in the file’s name.",
}


# --- around every page ------------------------------------------------------------------------

title: Final = Markup("{title} – {site}")
skip: Final = "Skip to content"
navigation: Final = "Site"
more_navigation: Final = "More"
authority: Final = "The signed text is the authority; these pages are a convenience."
state: Final = Markup("This copy shows the pack as of {date}{commit}.")
state_commit: Final = Markup(', commit <a href="{url}"><code>{commit}</code></a>')
fresh: Final = Markup("A newer copy is due by {date}.")
stale: Final = "overdue: look for a newer copy"
bulletins: Final = "Bulletins"
canaries: Final = "Canaries"
tracker: Final = "XSA tracker"
releases: Final = "Releases"
packages: Final = "Packages"
verify: Final = "Verify"
search: Final = "Search"
cves: Final = "CVEs and other ids"
keys: Final = "Keys"
feeds: Final = "Feeds and data"
report_vulnerability: Final = "Report a vulnerability"
report_problem: Final = "Report a problem with this site"
subscribe: Final = "Subscribe to updates"
years: Final = "Years"

# --- documents --------------------------------------------------------------------------------

unverified_title: Final = "Not verified: {title}"
unverified_summary: Final = "{standing}. {summary}"
feed_standing: Final = Markup("<p>{standing}.</p>")
feed_alarm: Final = Markup("<p><strong>{standing}.</strong> This build found: {reasons}.</p>")
build_found: Final = "This build found:"
published: Final = Markup("Published {date}")
revised: Final = Markup("revised {date}")
for_releases: Final = Markup("{product} {releases}")
previous: Final = "Previous"
following: Final = "Next"
neighbours: Final = "Neighbours"
contents: Final = "Contents"
table: Final = "Table"
text_of: Final = Markup("The text of {name}")
more: Final = Markup('{count} in <a href="#{anchor}">{title}</a>')
from_the_text: Final = Markup('From the text: <a href="#{anchor}">{title}</a>')
what_to_do: Final = "What to do"
who_is_affected: Final = "Who is affected"
advisories: Final = "Advisories"
mentions: Final = "Mentions"
cve: Final = "CVE"
other_ids: Final = "Other ids"
does_not_apply: Final = "Does not apply"
signatures: Final = "Signatures"
evidence: Final = "See and check the signatures"
original: Final = "Original"
view_below: Final = "original on this page"
json: Final = Markup("{id} as JSON")
original_text: Final = "Original text"
files: Final = "Original and signatures"
revisions: Final = "Revisions"
revisions_introduction: Final = "As recorded in the text:"

# --- versions ---------------------------------------------------------------------------------

versions: Final = "Versions"
versions_changed: Final = {
    True: Markup("Changed after all signers had signed: {versions}."),
    False: Markup("Only white space changed after all signers had signed: {versions}."),
}
versions_of: Final = "Versions of {title}"
versions_description: Final = "Every text of {id} that was signed, who signed it, and what changed."
versions_introduction: Final = (
    "Each version is a text that its signers have signed. The times are those that signers claim. "
    "No signature says when a text was published."
)
version_title: Final = "Version {number}"
version_signed: Final = Markup("Signed {time}")
version_commit: Final = Markup("first in commit <code>{commit}</code>")
version_misfit: Final = Markup("Not shown as {id}: {reason}.")
version_unsigned: Final = "Not signed by {names}."
only_space: Final = "only white space differs from version {number}."
no_entry: Final = "no changelog entry"
noted_later: Final = "noted in version {number}"
changes_since: Final = "Changed since version {number}:"
changes_cut: Final = "This difference is too long to be shown in full: compare the two texts."
packages_changed: Final = "Packages:"
covers_version: Final = Markup('Good over <a href="{url}#version-{number}">version {number}</a>')
check_versions: Final = "Save the texts and the signatures linked above"
changed_later: Final = Markup(
    "{count} changed more than a day after all signers had signed: {links}."
)
unknown_versions: Final = (
    "Older versions are not known here: this copy was made without the history of the pack."
)
pending: Final = "Pending: {reason}. A published site shows the newest version, if there is one."
pending_here: Final = "Pending, and not on a published site: {count}."

# --- packages ---------------------------------------------------------------------------------

later: Final = "Later:"
earlier_ones: Final = "Earlier"
answers: Final = {
    Fix.AVAILABLE: "Fixed.",
    Fix.NONE: "No fix available.",
    Fix.NOT_AFFECTED: "Not affected.",
    None: "Not stated.",
}
to_install: Final = {
    Fix.AVAILABLE: Markup("Install {package}"),
    Fix.NONE: Markup("{package}: no fix available"),
    Fix.NOT_AFFECTED: Markup("{package}: not affected"),
}
then: Final = Markup(", then {restart}")
in_target: Final = Markup("{package} in {target}")
packages_caption: Final = "Extracted automatically; the signed text is authoritative."
target: Final = "Where"
package: Final = "Package"
version: Final = "Version"
not_stated: Final = "not stated"
all_packages: Final = "all packages"

# --- evidence ---------------------------------------------------------------------------------

original_is: Final = Markup(
    '<a href="{url}">{name}</a>: {size} bytes, SHA-256 <code class="digest">{sha256}</code>'
)
notes: Final = "Notes"
accepted: Final = Markup("Accepted: {reason}")
evidence_caption: Final = "Result at build time (gpgv, keys of the pack)"
signature_by: Final = "Signature by"
result: Final = "Result"
key: Final = "Key"
file: Final = "File"
signed: Final = Markup("signed <time>{time}</time>")
subkey: Final = "subkey"
unknown: Final = "unknown"
certified: Final = {
    True: "certified by the master key",
    False: "not certified by the master key",
    None: "certification not checked",
}
not_trusted: Final = "not certified by a key that this archive trusts"
certified_by: Final = "certified by {}"
through: Final = "{certified} through {keys}"
is_anchor: Final = "a key that this archive trusts"
first_commit: Final = "first in commit {commit}, dated {date}"
weak_key: Final = "refused by some programs"
weak_key_meaning: Final = (
    "Some programs refuse the key: its self-signature then used an obsolete digest."
)
revoked_meaning: Final = (
    "Key revoked: gpg adds a warning, and prints [revoked] or [expired] instead of [full]."
)
weak_certification: Final = "obsolete digest {digest}"
was_revoked: Final = "key revoked, {reason}"
check: Final = "Check it yourself"
check_files: Final = "Save the original, the signatures and the keys linked above"
check_keys: Final = "; also save"
check_fetch: Final = "Run this in an empty folder:"
check_then: Final = "Then run:"
check_anchors: Final = Markup(
    "Compare the fingerprint of {keys} with several sources elsewhere. Only if they agree:"
)
check_expect: Final = Markup(
    'For a good signature, gpg prints <code>Good signature from "…" {marks}</code>.'
)
check_how: Final = "How, and what gpg’s answers mean"
check_pack: Final = (
    "Compare with the pack, where commits and tags may be signed; cmp prints only differences. "
    "The last lines clean up:"
)
check_end: Final = "Clean up:"

# --- canaries ---------------------------------------------------------------------------------

canary_title: Final = "Canary"
due: Final = "Next due"
window: Final = Markup("{first} to {last}")
window_time: Final = Markup("{first} to {last}, {time}\u00a0UTC")
not_understood: Final = "not stated in a form that this archive understands"
bulletin_count: Final = Markup("States {count}; this archive has {here} up to that date.")
master_key: Final = "Master key"
same_master_key: Final = "Matches the key that this archive trusts."
other_master_key: Final = "This archive trusts another key:"
freshness: Final = "Freshness"
freshness_proof: Final = Markup("Proof of freshness dated {date}")
since: Final = Markup("Since {canary}")
skipped: Final = Markup("This archive lacks the numbers between the two: {numbers}.")
left_signer: Final = Markup("{name} no longer signs canaries, as the profile of this archive says.")
lost_signer: Final = Markup("No good signature by {name}, who signed the previous canary.")
new_signer: Final = Markup("New since the previous canary: a good signature by {name}.")
introduction: Final = "The introduction"
statement: Final = Markup("Statement {number}")
changed: Final = Markup("{place} has changed:")
added: Final = Markup("{place} is new:")
removed: Final = Markup("{place} of the previous canary is missing:")
moved: Final = Markup("Statement {number} (previously {was})")
renumbered: Final = "Statements with new numbers:"
unchanged: Final = "Statements unchanged."
only_values: Final = {
    True: "Statements unchanged except for dates and numbers:",
    False: "Elsewhere only dates and numbers have changed:",
}
announcements: Final = "Special announcements:"

# --- home and lists ---------------------------------------------------------------------------

home_introduction: Final = Markup(
    "Every {product} security bulletin and canary, with the signed original and its signatures."
)
i_use: Final = "I use"
older_release: Final = "an older release"
newest_bulletin: Final = "Newest bulletin"
next_due: Final = Markup("The next canary is due {window}.")
no_next: Final = "It states that it is the last one."
if_passed: Final = (
    "If these days have passed, this copy is old or the canary is late: look at another copy, or "
    "at the pack itself."
)
no_newer: Final = "no newer canary in this copy, which shows the pack as of {date}"
xsas: Final = "Xen Security Advisories"
affect: Final = Markup(
    "published advisories affect {product} ({percentage}\u00a0%), according to the tracker."
)
undecided: Final = {1: Markup("1 is undecided."), 2: Markup("{number} are undecided.")}
mentioned_in_texts: Final = "mentioned in texts of this archive."
earlier: Final = "Earlier bulletins"
browse: Final = "Browse the archive"
#: Links to the lists, by kind or URL.
lists: Final = {
    "bulletins": "All bulletins",
    "canaries": "All canaries",
    "xsa/": "All Xen Security Advisories",
    "cve/": "All CVEs and other ids",
    "release/": "Security updates by release",
    "package/": "Security updates by package",
}
continuity_title: Final = Markup(
    "Canaries of {years}: when each was due, when it came, and who signed it. The list of canaries "
    "says the same in words."
)
continuity_caption: Final = (
    "Boxes: when a canary was due. Dots: it came on time. Triangles: it came early or late. Rings: "
    "when it was due is unknown, because this archive lacks the previous one."
)
continuity_lanes: Final = Markup(
    "Below the line, from top to bottom, signatures by {names}: a filled square is good, a "
    "triangle is good but late, a cross is not good, and an empty square is missing."
)
continuity_more: Final = "What these marks mean, and all canaries"
signed_late: Final = "signed late"
timings: Final = {"within": "on time", "early": "early", "late": "late"}
months: Final = "JFMAMJJASOND"
months_title: Final = "Bulletins by month"
months_caption: Final = "Numbers of bulletins by month; each leads to its row in the list."
months_kinds: Final = "Underlined: without an advisory of the Xen Project."
all_good: Final = "All expected signatures are good, unless a row says otherwise."
list_titles: Final = {"bulletins": bulletins, "canaries": canaries}
list_counts: Final = {"bulletins": ("bulletin", ""), "canaries": ("canary", "canaries")}
meaning_of: Final = {
    "bulletins": "A bulletin says what is wrong, whom it affects, and what to do about it.",
    "canaries": "A canary is a signed statement, renewed every few months, that nothing has forced "
    "the signers to work against users. Take note if none comes, or if its words change.",
}
list_introduction: Final = Markup("{count}, newest first.")
list_empty: Final = Markup("This pack has no {kind}.")
number: Final = "Number"
date: Final = "Date"
title_column: Final = "Title"
xsa: Final = "XSA"
signed_by: Final = "Signed by"
canaries_caption: Final = (
    "“On time”, “early” and “late” compare a canary with the days that the previous one stated."
)
other_files: Final = "Other signed files"

# --- releases and packages --------------------------------------------------------------------

lookup_titles: Final = {"release": releases, "package": packages}
lookup_columns: Final = {"release": "Release", "package": package}
lookups_introduction: Final = Markup(
    "{kind} with security updates, extracted from the texts of bulletins."
)
lookups_newest: Final = "Newest"
release_not_stated: Final = "Release not stated"
release_not_stated_caption: Final = "These bulletins list packages without stating a release."
lookup_description: Final = Markup("Security updates for {name}, with packages and versions.")
#: By whether the first and the last day are known.
supported: Final = {
    (True, True): Markup("Supported from {first} to {last}."),
    (True, False): Markup("Supported since {first}."),
    (False, True): Markup("Support ended {last}."),
}
needed: Final = "Versions needed"
needed_caption: Final = "For each package, at least the version in its newest bulletin."
installed: Final = Markup(
    "To see what is installed, type this in {target}. No version may be older than the one above. "
    "What is not installed needs no update; what still runs may need a restart."
)
query: Final = Markup("rpm -q {names}")
installed_list: Final = (
    "To compare all that is installed, run the program secpack on a list of it, with a clone of "
    "the pack and the profile of its issuer:"
)
affected_command: Final = Markup(
    "secpack affected pack --profile profile.toml --release {release} &lt; rpm-qa.txt"
)
security_updates: Final = "Security updates"
lookup_introduction: Final = "Newest first; versions as of publication."

# --- tracker ----------------------------------------------------------------------------------

newest_first: Final = "Newest first."
quoted_titles: Final = "Titles in quotation marks are those that bulletins quote."
quoted: Final = Markup("“{title}”")
tracker_introduction: Final = Markup(
    "Which Xen Security Advisories affect the security of {product}, and which do not. The "
    "verdicts come from a list that is not signed."
)
statistics: Final = "Statistics"
time_span: Final = "Time span"
published_advisories: Final = "Published advisories"
percentage: Final = "Percentage affecting"
numbers: Final = Markup("{total} numbers, {unused} unused.")
drawing_title: Final = Markup(
    "Advisories per year, and how many of them affect {product}. The table below has the numbers."
)
drawing_caption: Final = Markup(
    "Outlined: published advisories. Filled: those affecting {product}."
)
bar: Final = Markup("{affecting} of {used}")
as_table: Final = "Show as a table"
table_caption: Final = "Advisories per year"
year: Final = "Year"
published_column: Final = "Published"
affecting_column: Final = Markup("Affecting {product}")
without_date: Final = "without a date"
total: Final = "Total"
meaning: Final = "What the verdicts mean"
meaning_introduction: Final = Markup(
    "A Xen Security Advisory (XSA) is the Xen Project’s notice of a security bug in its software. "
    "{product} uses only some of that software, in its own way, so not every bug matters here."
)
meanings: Final = {
    Status.YES: Markup(
        "The bug weakens the security of {product}: it lets an attacker do something that the "
        "releases of that time are meant to prevent. A bulletin says what to do."
    ),
    Status.NO: Markup(
        "The bug does not weaken it. The faulty code is absent or unused, or an attacker can only "
        "make a machine hang or crash, which is a nuisance, but does not break isolation. There "
        "may be no bulletin."
    ),
    Status.UNUSED: Markup("The number was reserved, but no advisory followed. It is not counted."),
    Status.OPEN: Markup("Undecided. It is counted, but not as affecting {product}."),
    Status.UNTRACKED: Markup(
        "Only a text or the Xen Project’s list mentions it. It has no verdict, and is not counted."
    ),
}
every: Final = "All"
untracked: Final = {
    1: Markup("1 more is not in the tracker."),
    2: Markup("{number} more are not in the tracker."),
}
disputed: Final = Markup("Affecting {product} by a signed bulletin, not by the tracker: {number}.")
tracker_differs: Final = "(tracker:\u00a0{verdict})"
affected_column: Final = "Affected"
reason: Final = "Reason"
bulletin_column: Final = "Bulletin"
not_here: Final = Markup("{id} (not in this archive)")
tracker_verdicts: Final = {
    Status.YES: "yes",
    Status.NO: "no",
    Status.UNUSED: "unused",
    Status.OPEN: "to be announced",
    Status.UNTRACKED: "not in the tracker",
}
verdict_sentences: Final = {
    Status.YES: "It affects the security of {product}.",
    Status.NO: "It does not affect the security of {product}.",
    Status.UNUSED: "No advisory was published under this number.",
    Status.OPEN: "Whether it affects the security of {product} is undecided.",
    Status.UNTRACKED: "Only a text or the Xen Project’s list mentions it. "
    "The tracker does not say whether it affects the security of {product}.",
}
advisory_name: Final = Markup("Xen Security Advisory {number}")
advisory: Final = "Advisory"
documents_column: Final = "Bulletins and canaries"
mentioned_in: Final = "Mentioned in"
quoted_title: Final = Markup("Quoted from {bulletin}.")
by_own_text: Final = "According to its own text."
by_own_text_alone: Final = Markup(
    "According to its own text; the tracker does not assign this advisory to {bulletins}."
)
excluded_by: Final = "Does not apply, according to"
no_bulletin: Final = "No bulletin in this archive mentions it."
cve_description: Final = "Every CVE and other id mentioned, and where."
cve_caption: Final = Markup("{count} mentioned in texts or assigned to an advisory, newest first.")
cve_links: Final = Markup("Links go to {host}.")

other_ids_caption: Final = Markup("{count} of other issuers mentioned in texts.")
only_mentioned: Final = Markup("{document} (mentioned)")
not_applying: Final = Markup("{document} (does not apply)")

# --- keys -------------------------------------------------------------------------------------

keys_introduction: Final = (
    "All keys in the pack. A fingerprint shown here proves nothing by itself: compare those of the "
    "keys that this archive trusts with several independent sources."
)
keys_trusted: Final = {
    1: Markup("This archive trusts the master key {fingerprint}"),
    2: Markup("This archive trusts the key of {owner}, {fingerprint}"),
}
keys_since: Final = Markup(" from {date}")
keys_until: Final = Markup(" until {date}")
unusable: Final = Markup("Not used as a key: {reason}.")
unused: Final = Markup("Not used: {reason}.")
owner: Final = "Owner"
fingerprint: Final = "Fingerprint"
validity: Final = "Validity"
not_checked: Final = "Not checked: gpg was missing."
created: Final = Markup("Created {date}")
expires: Final = Markup("expires {date}")
no_expiry: Final = "does not expire"
revoked: Final = Markup("Revoked, {reason}.")
retired: Final = "Retired."
has_signed: Final = Markup('Signed <a href="#signed-{key}">{count}</a> here.')
signed_by_owner: Final = Markup("{count} signed by {owner}")
key_groups: Final = {"signers": "Keys that sign", "anchors": "Keys that this archive trusts"}
other_keys: Final = Markup("{count} in this pack, which need not sign anything here")
no_keys: Final = "This pack has no keys, so no signature could be checked."
built: Final = "The state of the pack"
built_introduction: Final = (
    "What this site publishes rests on the signatures of texts alone. Whoever signs a commit or a "
    "tag of the pack vouches for the whole."
)
built_commit: Final = Markup('Commit <code class="digest">{id}</code>')
built_tag: Final = Markup('Tag {tag}, <code class="digest">{id}</code>')
built_commands: Final = ("git rev-parse HEAD", "git verify-commit {id}", "git verify-tag {id}")
check_built: Final = "Import the keys, then run in a clone of the pack:"

# --- search, other pages ----------------------------------------------------------------------

search_description: Final = (
    "Find bulletins and canaries by id, words, year, advisory, CVE, release or package."
)
search_label: Final = "An id, or words"
search_hint: Final = Markup("For example {examples}, or “a phrase in quotation marks”.")
for_example: Final = Markup("for example {examples}")
results: Final = "Results"
browse_instead: Final = "Browse instead"
search_status: Final = {
    "found": "{count} found.",
    "most": "Showing the first {count} found.",
    "none": "Nothing found.",
    "unknown": "No text names {id}.",
    "ids": "Only ids and titles were searched: the word index is missing, or this page was opened "
    "from a folder.",
}
search_script: Final = (
    "Search needs JavaScript. These pages list everything without it; use your browser’s Find."
)
page_moved: Final = Markup('This page is now <a href="{url}">{target}</a>.')
all_files: Final = "All files"
all_files_description: Final = "Every file of this site, for programs that copy it by its links."
not_found: Final = "Page not found"
not_found_reason: Final = "The URL may be mistyped, or the page may have moved. Try one of these:"
trusted_key: Final = {
    1: "The master key that this archive trusts",
    2: "The keys that this archive trusts",
}
trusted_key_hint: Final = "Compare with other sources; do not take fingerprints from here:"

# --- feeds and data ---------------------------------------------------------------------------

feeds_description: Final = (
    "Subscribe to new bulletins and canaries, or download the archive as data."
)
folder_item: Final = Markup('<li><a href="{url}">{name}</a></li>')
folder_page: Final = Markup(
    '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Files in {folder}</title>\n'
    "<h1>Files in {folder}</h1>\n<ul>\n{items}\n</ul>\n"
)
feed_names: Final = {
    "all": "bulletins and canaries",
    "bulletins": "bulletins",
    "canaries": "canaries",
    "xsa": "Xen Security Advisories",
    "changes": "changes",
}

#: The sections of the page with feeds and data: title, introduction, and last words.
feeds_sections: Final = {
    "feeds": (
        "Subscribe to updates",
        "A feed is a file that a program, a feed reader, fetches now and then to show you what is "
        "new. You need no account, and nobody asks for your e-mail address. Copy the URL of a feed "
        "into your reader. A browser may show it as raw text, or save it, which is harmless.",
        "Each entry has the whole text, and is dated noon (UTC) of the day that the text states. A "
        "revised text keeps its entry, with the time of its last signature; its title has the day "
        "that its changelog states, which can differ. A feed has the newest entries and links "
        "to older ones, so your reader misses nothing after a long break.",
    ),
    "calendar": (
        "Know when a canary is due",
        "A canary says when the next one is due. A feed cannot tell you that a canary failed to "
        "appear; a calendar can.",
        "",
    ),
    "data": (
        "Data exports",
        "The content of the pages, for programs. Only the signed originals can be verified.",
        Markup('One page links to <a href="../data/files/index.html">all files</a> of this site.'),
    ),
    "scanners": ("Data for scanners", "Bulletins in formats that vulnerability scanners read.", ""),
}

#: The exports in these sections, by name: title, and a sentence.
exports: Final = {
    "feeds": {
        "all": ("Feed of bulletins and canaries", "Both in one feed. If in doubt, use this one."),
        "all.json": ("Feed of bulletins and canaries (JSON Feed)", "The same, as JSON."),
        "bulletins": ("Feed of bulletins", "What is wrong, and what you must do."),
        "canaries": ("Feed of canaries", "Each new canary, with what it states."),
        "xsa": (
            "Feed of Xen Security Advisories",
            "The verdict on each: the tracker’s or, where it differs, a signed bulletin’s.",
        ),
        "changes": ("Feed of changes", "Every version of every document, as the pack grew."),
    },
    "calendar": {
        "calendar": (
            "Calendar of canaries",
            "When each canary is due, past ones included. Subscribe to its URL in a calendar "
            "program (iCalendar).",
        ),
    },
    "data": {
        "archive": ("archive.json", "The whole archive. A document’s page links to its own data."),
        "history": ("history.json", "Versions of each document: texts, signers, times, changes."),
        "moved": ("moved.json", "When records changed without their texts. A rebuild needs this."),
        "schema": ("schema.json", "A JSON Schema of these files."),
    },
    "scanners": {
        "osv": (
            "Bulletins as OSV",
            "All bulletins in the format of the Open Source Vulnerability project. Individual "
            "files are alongside.",
        ),
        "csaf": (
            "Bulletins as CSAF 2.0",
            "The provider metadata, where programs that read the Common Security Advisory "
            "Framework begin. It links to feeds (ROLIE) of bulletins, and of verdicts as VEX.",
        ),
        "vex": (
            "Verdicts as OpenVEX",
            "Whether each Xen Security Advisory affects the product: the tracker’s verdict or, "
            "where a signed bulletin differs, the bulletin’s. Verdicts: {}; with a CVE: {}; "
            "without a known one: {}.",
        ),
    },
}

#: How a document, or what the archive says of it, has changed.
first_published: Final = "First published"
first_signed: Final = "Signed by all who were expected"
changed_noted: Final = "Revised"
changed_space: Final = "Only white space changed"
changed_silently: Final = "Words changed, without a changelog entry"
record_moved: Final = "The archive published or corrected this record; the text is the same"
change_title: Final = "{id} changed: {change}"
revised_title: Final = "{title} (revised {day})"
change_signed: Final = "Signed by {signers}."

unknown_program: Final = "./secpack-archive   # its source, which this site’s publisher has"
original_link: Final = "The signed text"
signature_link: Final = "Signature of {signer}"
data_link: Final = "The same as JSON"
advisory_link: Final = "The advisory"
vex_title: Final = "{product}: verdict on {advisory}"
vex_action: Final = "Read {bulletins}, and install what it names."
vex_elsewhere: Final = "Read bulletin {bulletin}, which is not in this archive."
csaf_note: Final = {
    "category": "other",
    "title": "How to read this",
    "text": "A program read ids, releases and packages from the signed text. Unless its sections "
    "keep them apart, a fixed package counts for all vulnerabilities here, and a flaw without an "
    "id has no entry of its own.",
}
own_flaws: Final = "All flaws without an id in the text, one or more, are counted here as one."
vex_conflict: Final = (
    "The tracker says that {advisory} does not affect the product, but {bulletins} addresses it, "
    "and a signed text has the last word."
)
vex_no_action: Final = "No bulletin addresses it yet."
calendar_name: Final = "{site}: next canaries"
calendar_summary: Final = "{issuer} canary due"
calendar_description: Final = "{canary} says that the next one is due from {first} to {last}."
