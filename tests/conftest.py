"""What all tests share: options, sites to look at, and where real data lies if there is any."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.util import get_temp_dir
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.bulletins.sites import Shared, Site
from tests.keys import need_gpg
from tests.processes import agents_that_stay

JUDGES = Path(__file__).parent / "judges" / "node_modules"

#: Tests that ask for one of these are slow.
_SLOW = {"browser", "judges", "real_pack", "real_tracker"}

#: How many random examples a test tries.
settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("all", max_examples=500, deadline=None)
settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write expected results anew")
    parser.addoption("--no-skips", action="store_true", help="fail where a test is skipped")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is slow. Where expected results are written, nothing else is run."""
    if config.getoption("--golden"):
        items[:] = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
    for item in items:
        if _SLOW & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing in /tmp: pytest has removed all folders but the one around them."""
    base = getattr(getattr(config, "_tmp_path_factory", None), "_basetemp", None)
    if base and base.parent.name.startswith("pytest-of-"):
        with suppress(OSError):  # it is not empty
            base.parent.rmdir()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say in one line what was left out, and what runs it."""
    left = ["slow tests"] if config.getoption("-m") == "not slow" else []
    if skipped := terminalreporter.stats.get("skipped", []):
        reasons = sorted({report.longrepr[2].partition(":")[2].strip() for report in skipped})
        left.append(f"{len(skipped)} that miss something ({'; '.join(reasons)})")
    if left:
        terminalreporter.write_line(f"Left out: {', and '.join(left)}. All tests: make test-all")


@pytest.fixture(scope="session", autouse=True)
def _own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests keep, for later runs or for a while, lies in folders of their own.

    No agent of gpg may be left. Its sockets want a short path, which that of pytest is not.
    """
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    get_temp_dir()  # multiprocessing's own outlives the folder
    with tempfile.TemporaryDirectory(prefix="tests-") as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        yield
        assert agents_that_stay() == []


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """Sites that tests only look at, for all workers."""
    base = tmp_path_factory.getbasetemp()
    return Shared((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared")


@pytest.fixture(scope="session")
def demo(shared: Shared) -> Site:
    """The site of the demo pack."""
    return shared.build("demo")


@pytest.fixture(scope="session")
def gpg_works() -> None:
    """Tests that ask for it skip where there is no gpg."""
    need_gpg()


@pytest.fixture(scope="session")
def judges() -> Path:
    """The folder with the judges from npm; tests that need one skip where they are missing."""
    if not (JUDGES / ".package-lock.json").exists():
        pytest.skip("needs judges from npm: make judges")
    return JUDGES


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected results are to be written instead of compared."""
    return bool(request.config.getoption("--golden"))


def _named(variable: str, needs: str) -> Path:
    """What a variable names; tests that need it skip where it is missing."""
    if not os.environ.get(variable):
        pytest.skip(needs)
    return Path(os.environ[variable])


@pytest.fixture(scope="session")
def real_pack() -> Path:
    """A real pack; tests that need one skip where SECPACK names none."""
    return _named("SECPACK", "needs a real pack: make test-all SECPACK=path/to/secpack")


@pytest.fixture(scope="session")
def sister_pack() -> Path:
    """The pack of content/dasharo.toml, a checkout with its history; SISTER names it."""
    return _named("SISTER", "needs the pack of content/dasharo.toml: SISTER=path/to/pack")


@pytest.fixture(scope="session")
def real_tracker() -> Path:
    """Real tracker data; tests that need it skip where XSA names none."""
    return _named("XSA", "needs tracker data: make test-all XSA=path/to/xsa.yml")


@pytest.fixture(scope="session")
def real_site(shared: Shared, real_pack: Path, real_tracker: Path) -> Site:
    """The site of a real pack, built strictly, with an index to search."""
    sources = {"SECPACK": real_pack.resolve(), "XSA": real_tracker.resolve()}
    return shared.build("real", settings="publishconf.py", SEARCH="1", **sources)


@pytest.fixture(scope="session")
def other_gnupg() -> Path:
    """The folder of another Debian's gpg and gpgv; .ci/run makes one, and names it OTHER_GNUPG."""
    return _named(
        "OTHER_GNUPG", "needs another Debian's gpg: OTHER_GNUPG=folder, as .ci/run makes it"
    )
