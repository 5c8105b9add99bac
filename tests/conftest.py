"""What all tests share: options, and where real data lies if there is any."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write expected results anew")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where expected results are written, nothing else is run."""
    if config.getoption("--golden"):
        items[:] = [item for item in items if "golden" in getattr(item, "fixturenames", ())]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests keep for later runs lies in a folder of their own."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> bool:
    """Whether expected results are to be written instead of compared."""
    return bool(request.config.getoption("--golden"))


@pytest.fixture(scope="session")
def real_pack() -> Path:
    """A real pack; tests that need one skip where SECPACK names none."""
    if not os.environ.get("SECPACK"):
        pytest.skip("needs a real pack: make test SECPACK=path/to/secpack")
    return Path(os.environ["SECPACK"])


@pytest.fixture(scope="session")
def real_tracker() -> Path:
    """Real tracker data; tests that need it skip where XSA names none."""
    if not os.environ.get("XSA"):
        pytest.skip("needs tracker data: make test XSA=path/to/xsa.yml")
    return Path(os.environ["XSA"])
