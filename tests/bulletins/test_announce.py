"""``secpack announce``: the post and the mail about a document, and lists for another website."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import markdown
import pytest
import yaml

from bulletins.announce import announcements, find, with_bulletin
from bulletins.cli import COMMANDS
from secpack import SecpackError, load, load_advisories, load_profile
from secpack.cli import main
from secpack.model.archive import Archive, Bulletin
from secpack.model.findings import Finding, Severity
from tests.bulletins.sites import ROOT, Site
from tests.keys import CHECKER, need_gpg

CONTENT = ROOT / "content"
SITE = "https://archive.example.net/sec/"
PROFILE = load_profile(CONTENT / "demo.toml")
LISTS = ROOT.parent / "shared" / "data" / "lists"


@pytest.fixture(scope="module")
def archive() -> Archive:
    need_gpg()
    return load(CONTENT / "secpack", profile=PROFILE, checker=CHECKER, only_versions=True)


def texts(archive: Archive, document: Bulletin, folder: Path = CONTENT) -> dict[str, str]:
    return announcements(archive, document, PROFILE, SITE, folder)


def bulletin(archive: Archive, title: str = "", text: bytes = b"") -> Bulletin:
    """The newest bulletin, perhaps with another title and another text."""
    newest = archive.bulletins[-1]
    file = replace(newest.document.file, data=text or newest.document.file.data)
    document = replace(newest.document, file=file)
    return replace(newest, title=title or newest.title, document=document)


def post_of(text: str) -> tuple[dict[str, object], str]:
    """The front matter of a post, and its HTML."""
    _, head, body = text.split("---\n", 2)
    return yaml.safe_load(head), markdown.markdown(body)


def test_the_post_and_the_mail(archive: Archive, demo: Site) -> None:
    """Each link leads to a file of the site, and the text is that of the bulletin."""
    document = bulletin(archive)
    files = texts(archive, document)
    assert list(files) == [
        *("2025-05-06-qsb-012.md", "2025-05-06-qsb-012.txt", "sec-qsb.yml", "sec-canary.yml"),
    ]
    post, mail, *_ = files.values()
    head, body = post_of(post)
    title = f"QSB-012: {document.title}"
    assert (head["title"], head["date"]) == (title, document.published)
    assert head["permalink"] == "/news/2025/05/06/qsb-012/"
    assert mail.startswith(f"Subject: {title}\n\nThe Quern Security Team has published:\n")
    assert f"\n{document.document.file.data.decode()}\n----" in mail
    for text in (post, mail):
        links = set(re.findall(rf"{SITE}([^\s)]*)", text))
        assert len(links) == 5
        assert [link for link in links if not (demo.folder / link).exists()] == []
        for name in ("ines", "tomek"):
            assert PROFILE.signers[name].name in text
            assert PROFILE.signers[name].fingerprint in text
            assert f"gpg --verify qsb-012-2025.txt.sig.{name} qsb-012-2025.txt\n" in text
        assert PROFILE.master_key in text
    assert body.count("<pre>") == 3


HOSTILE = (
    """</title><script>alert(1)</script> [x](javascript:y) ![z](w) *a* _b_ `c` ~~d~~ | {{ 7*7 }} """
    """{% raw %} "q" 'p' # $ \\ &amp; <http://evil.example/> http://x_y_z \u202e --- 1. é: - """
)


def test_a_hostile_title_is_nothing_but_words(archive: Archive) -> None:
    text = "# No heading\r<b>b</b>\n```\n</code></pre><script>\n{% endraw %}\n\x0b\x85* x\n"
    document = bulletin(archive, HOSTILE.strip(), text.encode())
    post, mail, listed, _ = texts(archive, document).values()
    head, body = post_of(post)
    shown = f"QSB-012: {HOSTILE.strip()}".replace("\u202e", "[U+202E]")
    assert head["title"] == shown
    assert head["render_with_liquid"] is False
    tags = set(re.findall(r"<(/?\w+)", body))
    ours = ("p", "a", "h2", "pre", "code", "ul", "li")
    assert tags == {f"{end}{tag}" for tag in ours for end in ("", "/")}
    assert not re.search('(?i)javascript:y"|evil.example/"|<script', body)
    assert mail.split("\n")[0] == f"Subject: {shown}"
    assert yaml.safe_load(listed)[-1]["title"] == archive.bulletins[-1].title
    odd = replace(archive, bulletins=(document,))
    (entry,) = yaml.safe_load(texts(odd, document)["sec-qsb.yml"])
    assert f"QSB-012: {entry['title']}" == shown


def test_commands_quote_what_a_shell_would_run(archive: Archive) -> None:
    odd = replace(PROFILE, pack="https://quern.example.org/$(id);a&b")
    document, site = bulletin(archive), "https://quern.example.org/`id`/"
    post, mail, *_ = announcements(archive, document, odd, site, Path()).values()
    for text in (post, mail):
        assert f"git clone '{odd.pack}'   #" in text
        assert re.findall("curl -O (.)", text) == ["'"] * 3


def test_templates_beside_the_profile_override_ours(archive: Archive, tmp_path: Path) -> None:
    document = bulletin(archive)
    (tmp_path / "mail.txt").write_text("{{ title }}, {{ names[signatures[0].signer] }}: {{ url }}")
    files = [*texts(archive, document, tmp_path).values()]
    assert files[1] == f"QSB-012: {document.title}, Ines Aldous: {SITE}qsb/012/"
    assert files[0] == next(iter(texts(archive, document).values()))
    (tmp_path / "mail.txt").unlink()
    os.mkfifo(tmp_path / "mail.txt")
    with pytest.raises(OSError, match="not a regular file"):
        texts(archive, document, tmp_path)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ titel }}", "'titel' is undefined"),
        ("{% if %}", "Expected an expression"),
        ("{{ title", "unexpected end of template"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ day + 1 }}", "unsupported operand"),
        ("{{ title | yaml | yaml }}", "cannot represent"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "maximum recursion depth"),
        ("{% include '../quern.toml' %}", "no loader"),
        ("{{ cycler.__init__.__globals__.os }}", "access to attribute '__init__'"),
        ("{% for n in range(10 ** 9) %}{% endfor %}", "Range too big"),
        (
            "{% set n = namespace(x='ab') %}{% for i in range(50) %}{% set n.x = n.x ~ n.x %}"
            "{% endfor %}",
            "it needs too much memory",
        ),
        (
            f"{'{% for n in range(99999) %}' * 3}{'{% endfor %}' * 3}",
            "took longer than 0.1 seconds",
        ),
        ("{{ title | center(10 ** 12) }}", "it needs too much memory"),
        (b"\xff", "can't decode byte"),
    ],
)
def test_a_template_that_cannot_be_used(
    archive: Archive,
    tmp_path: Path,
    template: str | bytes,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may come with a pack: it reaches neither other files nor other code, and ends."""
    if reason.startswith("took longer"):
        monkeypatch.setattr("bulletins.announce._PATIENCE", 0.1)
    monkeypatch.setattr("secpack.programs._MEMORY", 64 * 1024 * 1024)
    file, line = tmp_path / "mail.txt", "" if isinstance(template, bytes) else ":2"
    file.write_bytes(b"words\n" + (template.encode() if isinstance(template, str) else template))
    with pytest.raises(SecpackError, match=f"^{file}{line}: the template .*{re.escape(reason)}"):
        texts(archive, bulletin(archive), tmp_path)


def test_lists_have_the_form_of_the_website(archive: Archive) -> None:
    bulletins = tuple(
        replace(b, title=title)
        for b, title in zip(
            archive.bulletins, ("It's", 'A "loud" bell', "Both \" and '"), strict=False
        )
    )
    files = texts(replace(archive, bulletins=bulletins), bulletin(archive))
    assert files["sec-qsb.yml"] == (
        '- qsb: "001"\n  title: "It\'s"\n  date: 2016-05-17\n\n'
        '- qsb: "002"\n  title: \'A "loud" bell\'\n  date: 2016-11-03\n\n'
        "- qsb: \"003\"\n  title: 'Both \" and '''\n  date: 2017-04-11\n"
    )
    assert files["sec-canary.yml"].endswith('\n\n- canary: "004"\n  date: 2025-03-10\n')


def test_tracker_data_with_the_bulletin(archive: Archive, tmp_path: Path) -> None:
    """Only the entries of advisories that it addresses change; what contradicts it stays."""
    new = replace(bulletin(archive), addresses=(9001, 9003, 9004, 9006))
    old = (
        "- xsa: 9001\n  date: 2025-05-06\n\n"
        "- xsa: 9003\n  date: 2025-05-06\n  affected: yes\n\n"
        "- xsa: 9004\n  date: 2025-05-06\n  affected: no\n\n"
        "- xsa: 9005\n  date: 2025-05-06\n  affected: no\n  unused: yes\n"
    )
    filled, notes = with_bulletin(old, new)
    ours = "  affected: yes\n  qsb: 012-2025\n"
    assert filled == (
        f"- xsa: 9001\n  date: 2025-05-06\n{ours}\n- xsa: 9003\n  date: 2025-05-06\n{ours}\n"
        f"{old[old.index('- xsa: 9004') :]}\n- xsa: 9006\n  date: 2025-05-06\n{ours}"
    )
    assert notes == [
        "XSA-9004 is not changed: its entry contradicts QSB-012",
        "XSA-9006 is new in the list, with the date of QSB-012",
    ]
    assert with_bulletin(filled, new) == (filled, notes[:1])
    (tmp_path / "xsa.yml").write_text(filled)
    assert load_advisories(tmp_path / "xsa.yml")[0].announced_in == 12
    for odd in (f"# words\n{old}", old.replace("\n\n", "\n"), "- {xsa: 9001}\n", f"{old}\n"):
        with pytest.raises(SecpackError, match="not a plain list"):
            with_bulletin(odd, new)


@pytest.mark.usefixtures("gpg_works")
def test_only_what_all_have_signed_is_announced(tmp_path: Path) -> None:
    shutil.copytree(CONTENT / "secpack", tmp_path / "pack")
    (tmp_path / "pack/QSBs/qsb-012-2025.txt.sig.tomek").unlink()
    (tmp_path / "pack/canaries/canary-004-2025.txt.sig.ines").unlink()
    archive = load(tmp_path / "pack", profile=PROFILE, checker=CHECKER, only_versions=True)
    for name, reason in (
        ("QSB-012", "waits for a signature by Tomek Varga"),
        ("canary-004", "waits for a signature by Ines Aldous"),
        ("QSB-013", "the pack has no such document, or it is under embargo"),
    ):
        with pytest.raises(SecpackError, match=f"^{name} cannot be announced: .*{reason}"):
            find(archive, name)
    unknown = replace(PROFILE, master_key="")
    archive = load(tmp_path / "pack", profile=unknown, checker=CHECKER, only_versions=True)
    with pytest.raises(SecpackError, match=r"QSB-011 cannot be announced: .*names no master key"):
        find(archive, "QSB-011")
    doubt = Finding("keys", 0, "no-gpg", "gpg is missing", Severity.ERROR)
    archive = load(tmp_path / "pack", profile=PROFILE, checker=CHECKER, only_versions=True)
    assert find(archive, "QSB-011").number == 11
    with pytest.raises(SecpackError, match="QSB-011 cannot be announced: gpg is missing"):
        find(replace(archive, findings=(*archive.findings, doubt)), "QSB-011")


def test_the_command_never_overwrites(
    archive: Archive,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bulletins.announce.load", lambda *_, **__: archive)
    monkeypatch.delenv("SITEURL", raising=False)
    to, profile = tmp_path / "to", CONTENT / "demo.toml"
    command = ["announce", "canary-004", "--pack", f"{CONTENT / 'secpack'}", "--to", f"{to}"]
    command += ["--profile", f"{profile}", "--xsa", f"{CONTENT / 'xsa.yml'}"]
    assert main(command, *COMMANDS) == 2
    assert capsys.readouterr().err == "links need a URL: set SITEURL, or url in the profile\n"
    monkeypatch.setenv("SITEURL", SITE.rstrip("/"))
    assert main(command, *COMMANDS) == 0
    start = "2025-03-10-canary-004"
    names = (f"{start}.md", f"{start}.txt", "sec-qsb.yml", "sec-canary.yml")
    assert capsys.readouterr().out.splitlines() == [f"{to}/{name}" for name in names]
    mail = (to / names[1]).read_text()
    assert mail.startswith("Subject: Quern Canary 004\n")
    assert f"{SITE}canary/004/canary-004-2025.txt.sig.ines" in mail
    assert main(command, *COMMANDS) == 2
    reason = "exists already, and nothing was written: name another folder with --to"
    assert capsys.readouterr().err == f"{to}/{names[0]}: {reason}\n"
    odd = tmp_path / "odd"
    odd.mkdir()
    (odd / names[3]).symlink_to(tmp_path / "elsewhere")
    assert main([*command[:5], f"{odd}", *command[6:]], *COMMANDS) == 2
    assert capsys.readouterr().err == f"{odd}/{names[3]}: {reason}\n"
    assert [each.name for each in odd.iterdir()] == [names[3]]
    assert (to / names[1]).read_text() == mail
    tracker = tmp_path / "xsa.yml"
    tracker.write_bytes(b"- xsa: \xff\n")
    assert main([*command[:1], "QSB-012", *command[2:-1], f"{tracker}"], *COMMANDS) == 2
    assert capsys.readouterr().err == f"{tracker}:1: not UTF-8\n"


@pytest.mark.slow
def test_lists_of_a_real_pack(real_pack: Path, real_tracker: Path) -> None:
    """The tracker already names each bulletin, unless its verdict is another."""
    profile = load_profile(CONTENT / "qubes.toml")
    archive = load(real_pack, profile=profile)
    tracker = real_tracker.read_text()
    for each in archive.bulletins[-9:]:
        filled, notes = with_bulletin(tracker, each)
        assert filled == tracker
        assert notes == []
    newest = archive.bulletins[-1]
    own = f"  qsb: {newest.number:03d}-{newest.published.year}\n"
    assert with_bulletin(tracker.replace(own, ""), newest) == (tracker, [])
