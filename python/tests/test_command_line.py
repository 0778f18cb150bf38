"""The command of the wheel: the same as the one of Rust, by its script and by `python -m`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import KEY, clean_environment, command

import spark_t2i
from spark_t2i.testing import Emulator

WAYS = [command(), [sys.executable, "-m", "spark_t2i"]]

both = pytest.mark.parametrize("way", WAYS, ids=["script", "module"])


def run(way: list[str], *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*way, *arguments],
        env=clean_environment(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_script_is_installed() -> None:
    assert len(command()) == 1, "no script stands beside the interpreter"


@both
def test_its_version_is_the_one_of_the_package(way: list[str]) -> None:
    done = run(way, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["spark-t2i", spark_t2i.__version__]


@both
def test_generate(way: list[str], emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "fox.png"
    done = run(
        way, "generate", "a red fox", "-o", str(file), "--json", SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "completed"
    assert file.read_bytes().startswith(b"\x89PNG")


@both
def test_exit_codes(way: list[str], emulator: Emulator) -> None:
    assert run(way, "submit", " ", SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url).returncode == 2
    assert run(way, "submit", "a red fox", SPARK_T2I_BASE_URL=emulator.url).returncode == 3
    assert run(way, "no-such-command").returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
@both
def test_ctrl_c_ends_a_server(way: list[str]) -> None:
    server = subprocess.Popen(
        [*way, "serve"], env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("http://127.0.0.1:")
        begin = time.monotonic()
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=20)
        assert time.monotonic() - begin < 10
    finally:
        server.kill()
    assert server.returncode in (0, 130)
    assert "Traceback" not in errors


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
@both
def test_ctrl_c_while_waiting_names_the_task(way: list[str], slow_emulator: Emulator) -> None:
    created = slow_emulator.stats().tasks.created
    waiting = subprocess.Popen(
        [*way, "generate", "a red fox", "-o", "-"],
        env=clean_environment(SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=slow_emulator.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while slow_emulator.stats().tasks.created == created:
            assert waiting.poll() is None
            time.sleep(0.02)
        time.sleep(0.3)
        waiting.send_signal(signal.SIGINT)
        _, errors = waiting.communicate(timeout=20)
    finally:
        waiting.kill()
    assert waiting.returncode == 130
    assert "spark-t2i task" in errors or "task " in errors
    assert "Traceback" not in errors


def test_arguments_come_through_as_they_are() -> None:
    done = run(WAYS[1], "validate", "-", "--json")
    assert "Traceback" not in done.stderr
