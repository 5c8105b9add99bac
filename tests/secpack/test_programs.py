"""Programs that run on hostile input end in time, with all that they started."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from secpack.programs import LimitError, Program, end_all, run
from tests.processes import has_ended, script


def program(folder: Path, lines: str) -> Program:
    return Program(str(script(folder / "program", lines)), "1")


def test_input_output_and_status(tmp_path: Path) -> None:
    done = run(program(tmp_path, 'cat; echo "$1 $HOME"; exit 3'), ["a b"], data=b"x\n", seconds=5)
    assert (done.status, done.output) == (3, b"x\na b \n")


@pytest.mark.slow
def test_the_time_is_limited_for_the_whole_group(tmp_path: Path) -> None:
    started = program(tmp_path, f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    with pytest.raises(LimitError, match="program did not finish within 1 seconds"):
        run(started, [], seconds=1)
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_what_a_program_leaves_running_is_ended(tmp_path: Path) -> None:
    started = program(tmp_path, f"sleep 60 & echo $! > {tmp_path}/pid")
    assert run(started, [], seconds=5).status == 0
    assert has_ended(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits what runs")
@pytest.mark.parametrize(
    "greed", ["exec yes", "sleep 0.2; dd if=/dev/zero bs=2G count=1 || kill -9 $$"]
)
def test_output_and_memory_are_limited(tmp_path: Path, greed: str) -> None:
    with pytest.raises(LimitError, match="program was killed by signal"):
        run(program(tmp_path, greed), [], seconds=20)


def test_limits_of_ours_are_not_exceeded(tmp_path: Path) -> None:
    """A build under lower limits than those that it sets."""
    code = (
        "from secpack.programs import Program, run; "
        "print(run(Program('/bin/true', ''), [], seconds=5).status)"
    )
    program(tmp_path, f'ulimit -f 1000; exec "{sys.executable}" -c "{code}"')
    done = subprocess.run([str(tmp_path / "program")], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr


def test_all_can_be_ended_from_another_thread(tmp_path: Path) -> None:
    raised: list[LimitError] = []

    def work() -> None:
        try:
            run(program(tmp_path, f"touch {tmp_path}/started; sleep 60"), [], seconds=60)
        except LimitError as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 10
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    end_all()
    thread.join(10)
    assert not thread.is_alive()
    assert len(raised) == 1


def test_no_variable_of_ours_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNUPGHOME", "/nowhere")
    done = run(program(tmp_path, "env | sort"), [], seconds=5, environment={"A": "b"})
    names = {line.partition(b"=")[0] for line in done.output.splitlines()} - {
        b"PWD",
        b"_",
        b"OLDPWD",
    }
    assert names == {b"A", b"LC_ALL", b"PATH", b"SHLVL"} - ({b"SHLVL"} - names)
    assert os.environ["GNUPGHOME"] == "/nowhere"
