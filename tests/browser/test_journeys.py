"""What readers come for, by keyboard alone, with and without JavaScript."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest

from tests.browser.conftest import watched
from tests.browser.served import BASE, Served, serve
from tests.bulletins.sites import build, site_of_pack
from tests.keys import new_gnupg, stop_agent
from tests.packs import bulletin, numbered

pytestmark = pytest.mark.slow

BOTH = pytest.mark.parametrize("script", [False, True], ids=["without-script", "with-script"])


@pytest.fixture(params=["server", "server-without-script", "mirror", "folder"])
def place(request: pytest.FixtureRequest) -> str:
    """Where the site is, and whether there is JavaScript."""
    return str(request.param)


@pytest.fixture
def site(place: str, copies: dict[str, Served]) -> Served:
    """The site that a tab shows."""
    return copies[place.partition("-")[0]]


@pytest.fixture
def tab(place: str, browser: Any, site: Served) -> Iterator[Any]:
    """A tab at the overview."""
    with watched(browser, site.url, script="without" not in place) as page:
        page.goto(site.url + "index.html")
        yield page


@pytest.fixture
def scripted(browser: Any, demo: Served) -> Iterator[Any]:
    """A tab with JavaScript at the page to search from."""
    with watched(browser, demo.url) as page:
        page.goto(demo.url + "search/")
        yield page


def reach(tab: Any, selector: str, words: str = "") -> None:
    """Go on, by keyboard, to the next of such elements that has these words."""
    for _ in range(200):
        tab.keyboard.press("Tab")
        if tab.locator(f"{selector}:focus", has_text=words).count():
            return
    pytest.fail(f"no {selector} {words!r} on {tab.url}")


def follow(tab: Any, words: str) -> None:
    """Go to the next link that has these words, and follow it, by keyboard."""
    reach(tab, "a", words)
    with tab.expect_event("framenavigated"):
        tab.keyboard.press("Enter")
    tab.wait_for_load_state()


def ask(tab: Any, words: str) -> None:
    """Search from any page, by keyboard."""
    reach(tab, ".site input")
    tab.keyboard.type(words)
    with tab.expect_event("framenavigated"):
        tab.keyboard.press("Enter")
    tab.wait_for_load_state()


def where(tab: Any) -> str:
    """The address of a tab's page on the site."""
    return str(tab.url).partition(BASE)[2]


def test_the_newest_bulletin(tab: Any) -> None:
    follow(tab, "QSB-012")
    assert where(tab) == "qsb/012/index.html"
    assert tab.locator("main h2").first.inner_text() == "What to do"


def test_from_a_bulletin_to_its_advisory_and_back(tab: Any) -> None:
    follow(tab, "QSB-012")
    follow(tab, "XSA-9034")
    assert where(tab) == "xsa/9034/index.html"
    follow(tab, "QSB-012")
    assert where(tab) == "qsb/012/index.html"


def test_a_bulletin_of_2016(tab: Any) -> None:
    follow(tab, "Bulletins")
    follow(tab, "2016")
    assert where(tab) == "qsb/index.html#year-2016"
    follow(tab, "log hopper")
    assert where(tab) == "qsb/001/index.html"


def test_first_comes_what_leads_past_the_navigation(tab: Any) -> None:
    tab.keyboard.press("Tab")
    assert tab.locator(":focus").inner_text() == "Skip to content"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.locator("main :focus").count() == 1


def test_the_original_is_shown_without_leaving_the_page(tab: Any, site: Served) -> None:
    tab.goto(site.url + "qsb/003/index.html")
    follow(tab, "original on this page")
    assert where(tab) == "qsb/003/index.html#page-original"
    assert tab.locator("#page-original").is_visible()
    original = (site.folder / "qsb/003/qsb-003-2017.txt").read_text("utf-8")
    assert tab.locator("#page-original").text_content() == original


def test_a_long_original_is_a_link(browser: Any, long: Served) -> None:
    name = "qsb-021-2021.txt"
    with watched(browser, long.url) as tab:
        tab.goto(long.url + "qsb/021/")
        assert tab.get_by_text("original on this page").count() == 0
        assert tab.locator(".original, iframe").count() == 0
        assert tab.locator(".facts a", has_text=name).get_attribute("href") == name
    assert (long.folder / "qsb/021" / name).is_file()


#: What a page would do, if somebody had put this into it.
ATTACKS = {
    "script": "<script>document.title = 'run'</script>",
    "handler": "<img src='x' onerror=\"document.title = 'run'\">",
    "drawing": "<svg onload=\"document.title = 'run'\"></svg>",
    "address": "<a id='attack' href=\"javascript:document.title='run'\">x</a>",
    "data": "<script src=\"data:text/javascript,document.title='run'\"></script>",
    "frame": "<iframe srcdoc=\"<script>parent.document.title = 'run'</script>\"></iframe>",
    "object": "<object data='qsb/003/index.html'></object>",
    "style": "<p style='position: fixed'>x</p>",
    "base": "<base href='https://evil.example.org/'>",
    "form": "<form id='attack' action='https://evil.example.org/'></form>",
    "picture": "<img src='https://evil.example.org/x.png'>",
}


@pytest.mark.parametrize("where_it_is", ["mirror", "folder"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_the_page_itself_forbids_what_it_does_not_need(
    browser: Any, copies: dict[str, Served], where_it_is: str, attack: str
) -> None:
    """Where no server sends a policy, and a page is not what we wrote."""
    site = copies[where_it_is]
    page = (site.folder / "index.html").read_text("utf-8")
    assert page.count('<main id="main">') == 1
    altered = site.folder / "altered.html"
    altered.write_text(page.replace('<main id="main">', f'<main id="main">{ATTACKS[attack]}'))
    context = browser.new_context()
    tab, said = context.new_page(), []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(site.url + "altered.html")
    if attack == "form":
        tab.locator("#attack").evaluate("(one) => one.submit()")
    if attack == "address":
        tab.locator("#attack").click()
    for _ in range(50):  # a busy machine may need longer than a tenth of a second
        tab.wait_for_timeout(100)
        if any("Content Security Policy" in words for words in said):
            break
    altered.unlink()
    assert tab.title() != "run"
    assert tab.url == site.url + "altered.html"
    if attack != "form":  # after which Chromium shows nothing at all
        assert tab.evaluate("document.baseURI") == site.url + "altered.html"
    assert [words for words in said if "Content Security Policy" in words]
    context.close()


@pytest.mark.parametrize("where_it_is", ["server", "mirror", "folder"])
def test_no_page_needs_more_than_its_policy_allows(
    browser: Any, copies: dict[str, Served], where_it_is: str
) -> None:
    site = copies[where_it_is]
    paths = sorted(p.relative_to(site.folder).as_posix() for p in site.folder.rglob("*.html"))
    styled = "() => getComputedStyle(document.querySelector('main')).maxWidth !== 'none'"
    with watched(browser, site.url) as tab:
        for path in paths:
            if path in ("bulletins/index.html", "canaries/index.html", "pack/index.html"):
                tab.goto(site.url + path)
                tab.wait_for_url(re.compile("/(qsb|canary|about)/index.html$"))
            elif path not in ("404.html", "search/index.html"):  # for one address; for a server
                tab.goto(site.url + path)
                assert tab.evaluate(styled), path


@BOTH
@pytest.mark.parametrize(
    "wrong",
    ["<p style='color: red'>x", "<script>x = 1</script>", "<img src='https://example.org'>"],
)
def test_what_a_policy_blocks_is_noticed(
    browser: Any, demo: Served, script: bool, wrong: str
) -> None:
    page = demo.folder / "wrong.html"
    page.write_text(f"<!DOCTYPE html><title>x</title>{wrong}")
    noticed = pytest.raises(AssertionError)
    silent = wrong.startswith("<script") and not script
    with (
        contextlib.nullcontext() if silent else noticed,
        watched(browser, demo.url, script=script) as tab,
    ):
        tab.goto(demo.url + "wrong.html")
        tab.wait_for_timeout(200)
    page.unlink()


@pytest.fixture(params=["as they are", "altered"])
def altered(request: pytest.FixtureRequest) -> bool:
    """Whether somebody has altered a text."""
    return bool(request.param == "altered")


def test_commands_copied_from_a_page_verify(
    tab: Any, site: Served, copies: dict[str, Served], tmp_path: Path, altered: bool
) -> None:
    """They also fetch all files, into an empty folder; here from where the test serves the site."""
    tab.goto(site.url + "qsb/003/index.html")
    begin, verify, _ = tab.locator("details:not(.original) pre code").all_text_contents()
    begin = begin.replace(f"http://127.0.0.1{BASE}", copies["mirror"].url)
    alter = "sed -i 0,/a/s//e/ qsb-003-2017.txt\n" * altered
    with new_gnupg() as gnupg:
        done = subprocess.run(
            ["bash", "-e"],  # noqa: S607 - wherever it is
            input=f"{begin}{alter}{verify}gpgconf --kill all\n",
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "TMPDIR": str(gnupg.home), "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        for home in gnupg.home.iterdir():  # the commands stop at a bad signature
            stop_agent(home)
    assert (done.returncode == 0) is not altered, done.stderr
    found = re.findall(r"(Good|BAD) signature from .* \[full\]$", done.stderr, re.MULTILINE)
    assert found == (["BAD"] if altered else ["Good", "Good"])


def test_a_feed_is_found_by_itself(tab: Any, site: Served) -> None:
    found = tab.locator('link[type="application/atom+xml"]').evaluate_all(
        "(all) => all.map((one) => one.href)"
    )
    assert len(found) >= 3
    for url in found:
        feed = feedparser.parse((site.folder / url.partition(BASE)[2]).read_bytes())
        assert feed.entries


@BOTH
def test_what_is_not_there_is_said_kindly(browser: Any, demo: Served, script: bool) -> None:
    context = browser.new_context(java_script_enabled=script)
    other = context.new_page()
    other.goto(demo.url + "qsb/999/no/such/page")
    assert other.locator("h1").inner_text() == "Page not found"
    assert other.locator("main").evaluate("(one) => getComputedStyle(one).maxWidth") != "none"
    follow(other, "All bulletins")
    assert where(other) == "qsb/index.html"
    context.close()


def test_searching_without_script_says_where_to_look(browser: Any, demo: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(demo.url)
    ask(tab, "CVE-2025-90034")
    assert where(tab) == "search/index.html?q=CVE-2025-90034"
    assert not tab.locator("form").is_visible()
    assert tab.get_by_text("Search needs JavaScript").is_visible()
    follow(tab, "All CVEs")
    assert where(tab) == "cve/index.html"
    context.close()


def search(tab: Any, words: str) -> list[str]:
    """Type words and wait for what is found: the addresses, best first."""
    tab.locator("#query").focus()
    tab.keyboard.press("Control+A")
    tab.keyboard.type(words)
    tab.keyboard.press("Enter")
    tab.wait_for_timeout(300)
    tab.locator(".status", has_text="found").wait_for()
    links = tab.locator(".results a").evaluate_all("(all) => all.map((one) => one.href)")
    return [link.partition(BASE)[2] for link in links]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("xsa9034", "xsa/9034/index.html"),
        ("XSA-9034", "xsa/9034/index.html"),
        ("Xen Security Advisory 9034", "xsa/9034/index.html"),
        ("qsb 12", "qsb/012/index.html"),
        ("QSB #003", "qsb/003/index.html"),
        ("QSB003", "qsb/003/index.html"),
        ("canary-4", "canary/004/index.html"),
        ("canary 004", "canary/004/index.html"),
        ("CVE-2025-90034", "cve/index.html#CVE-2025-90034"),
        ("cve 2025 90034", "cve/index.html#CVE-2025-90034"),
        ("log hopper", "qsb/001/index.html"),
        ("Quern OS 4.1", "release/4.1/index.html"),
        ("3.2", "release/3.2/index.html"),
        ("sluice", "package/quern-sluice/index.html"),
        ("2025-05", "qsb/012/index.html"),
        ("2017-04-11", "qsb/003/index.html"),
        ("april 2017", "qsb/003/index.html"),
        ("7961 FFB2 E875", "keys/index.html#7961FFB2E875FF73201BC296EBFE307C073FF6D7"),
        ("0xEBFE307C073FF6D7", "keys/index.html#7961FFB2E875FF73201BC296EBFE307C073FF6D7"),
        ("tomek varga", "keys/index.html#BF138F4023D688C45EC709501C37380FB790B87A"),
    ],
)
def test_search_for_an_id_or_a_title(scripted: Any, words: str, first: str) -> None:
    assert search(scripted, words)[0] == first


def test_search_by_keyboard_alone(browser: Any, demo: Served) -> None:
    with watched(browser, demo.url) as tab:
        tab.goto(demo.url)
        ask(tab, "qsb3")
        tab.locator(".status", has_text="found").wait_for()
        follow(tab, "QSB-003")
        assert where(tab) == "qsb/003/index.html"


def test_the_way_back_leads_to_what_was_found(scripted: Any) -> None:
    scripted.locator("#query").fill("log hopper")  # without Enter
    scripted.locator(".results a").first.wait_for()
    found = scripted.locator(".results a").all_inner_texts()
    scripted.locator(".results a").first.click()
    scripted.wait_for_url("**/qsb/**")
    scripted.go_back()
    scripted.locator(".results a").first.wait_for()
    assert scripted.locator("#query").input_value() == "log hopper"
    assert scripted.locator(".results a").all_inner_texts() == found


@pytest.mark.parametrize("words", ["CVE-2031-1", "xsa 9999", "QSB-999", "QSB-999 $&"])
def test_an_id_that_no_text_names(scripted: Any, words: str) -> None:
    scripted.locator("#query").fill(words)
    scripted.locator(".status", has_text=f"No text names {words}.").wait_for()
    assert scripted.locator(".results a").count() == 0


def test_digits_match_whole_and_the_newest_comes_first(scripted: Any) -> None:
    found = search(scripted, "XSA")
    assert "xsa/9034/index.html" in found
    assert search(scripted, "903") == []
    found = [path for path in search(scripted, "hearth") if path.startswith("qsb/")]
    assert len(found) > 3
    assert found == sorted(found, reverse=True)


def test_words_with_underscores_are_found(browser: Any, tmp_path: Path) -> None:
    body = "rc = memory_exchange(guest_handle_cast(arg, xen_memory_exchange_t));"
    files = {"QSBs/qsb-021-2021.txt": bulletin(21, body=body)}
    site = site_of_pack(tmp_path, files, SEARCH="1")
    with serve(site.folder) as served, watched(browser, served.url) as tab:
        tab.goto(served.url + "search/")
        for words in ("memory_exchange", "memory exchange", "xen_memory_exchange_t"):
            assert search(tab, words) == ["qsb/021/index.html"], words


def test_a_site_without_an_index_has_no_box(browser: Any, long: Served) -> None:
    with watched(browser, long.url) as tab:
        tab.goto(long.url)
        assert tab.locator("form").count() == 0
        follow(tab, "Search")
        assert where(tab) == "search/index.html"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("xsa212", "xsa/212/index.html"),
        ("XSA-212", "xsa/212/index.html"),
        ("qsb 29", "qsb/029/index.html"),
        ("QSB029", "qsb/029/index.html"),
        ("canary 47", "canary/047/index.html"),
        ("cve-2023-23583", "cve/index.html#CVE-2023-23583"),
        ("Critical Xen bug", "qsb/029/index.html"),
    ],
)
def test_search_of_a_real_pack(browser: Any, real: Served, words: str, first: str) -> None:
    with watched(browser, real.url) as tab:
        tab.goto(real.url + "search/")
        found = search(tab, words)
    assert first in found[:2] if " bug" in words else found[0] == first


def test_search_for_a_phrase(scripted: Any, demo: Served) -> None:
    text = (demo.folder / "qsb/003/qsb-003-2017.txt").read_text("utf-8")
    paragraph = next(p for p in text.split("\n\n")[5:] if re.fullmatch(r"[\w\s,.-]{80,}", p))
    words = " ".join(paragraph.split()[:6]).strip(",.")
    assert "qsb/003/index.html" in search(scripted, f'"{words}"')
    first = scripted.locator(".results li").first
    assert re.search(r"QSB-\d{3} .+\n? ?\d{4}-\d\d-\d\d", first.inner_text())
    assert first.locator("mark").count() > 0
    follow(scripted, "QSB-003")
    assert where(scripted) == "qsb/003/index.html"


def test_an_excerpt_is_of_what_a_page_shows(scripted: Any) -> None:
    """Not of the marks around a banner, which are there for those who copy."""
    assert search(scripted, "Quern Security Bulletin")
    shown = scripted.locator(".results").inner_text()
    assert "Bulletin" in shown
    assert "===" not in shown


def test_search_for_nothing_and_for_what_is_not_there(scripted: Any) -> None:
    assert search(scripted, "zanzibar") == []
    assert scripted.locator(".status").inner_text() == "Nothing found."
    scripted.locator("#query").fill("")
    scripted.locator(".status:empty").wait_for(state="attached")


def test_search_has_an_address(scripted: Any, demo: Served) -> None:
    search(scripted, "qsb 3")
    assert scripted.url.endswith("?q=qsb+3")
    scripted.goto(demo.url + "search/?q=qsb+3")
    scripted.wait_for_selector(".results a")
    assert scripted.locator(".results a").first.inner_text().startswith("QSB-003")


def test_search_on_a_plain_mirror(browser: Any, copies: dict[str, Served]) -> None:
    with watched(browser, copies["mirror"].url) as tab:
        tab.goto(copies["mirror"].url + "search/")
        assert search(tab, "qsb 12")[0] == "qsb/012/index.html"
        assert len(search(tab, "lighthouse")) > 1
        assert "Only ids and titles" not in tab.locator(".status").inner_text()


def test_search_in_a_folder_finds_ids_and_titles(browser: Any, demo: Served) -> None:
    tab, said = browser.new_context().new_page(), []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(f"file://{demo.folder}/index.html")
    ask(tab, "qsb3")
    tab.wait_for_selector(".results a")
    assert tab.locator(".results a").first.get_attribute("href").endswith("qsb/003/index.html")
    assert "Only ids and titles were searched" in tab.locator(".status").inner_text()
    assert [words for words in said if "Content Security Policy" in words] == []
    tab.context.close()


@pytest.mark.parametrize(
    ("day", "said"), [("2025-03-01", ""), ("2031-01-01", "no newer canary in this copy")]
)
def test_a_canary_is_overdue_by_the_readers_clock(
    browser: Any, demo: Served, day: str, said: str
) -> None:
    context = browser.new_context()
    context.clock.set_fixed_time(f"{day}T12:00:00Z")
    tab = context.new_page()
    for page in ("", "canary/", "canary/004/"):
        tab.goto(demo.url + page)
        shown = tab.locator("time[data-due] + strong")
        assert shown.count() == bool(said), page
        assert not said or said in shown.inner_text()
    tab.goto(demo.url + "canary/002/")
    assert tab.locator("time[data-due]").count() == 0
    context.close()


def test_the_index_is_the_same_on_every_build(demo: Served, tmp_path: Path) -> None:
    site = build(tmp_path / "site", SEARCH="1").ok()
    written = {path: data for path, data in site.files().items() if "pagefind" in path}
    assert len(written) > 10
    for path, data in written.items():
        assert (demo.folder / path).read_bytes() == data, path


def test_an_index_of_a_pack_with_one_text(tmp_path: Path) -> None:
    site_of_pack(tmp_path, numbered(1), SEARCH="1")
