"""The examples of both READMEs, run and type-checked as they stand there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import KEY, clean_environment

from spark_t2i.testing import Emulator

ROOT = Path(__file__).resolve().parents[2]

# A notebook's cell, which may await: nothing else knows how to run one.
CELL = """
import ast, asyncio, inspect, sys
source = open(sys.argv[1], encoding="utf-8").read()
code = compile(source, sys.argv[1], "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
async def cell():
    done = eval(code, {"__name__": "__main__"})
    if inspect.isawaitable(done):
        await done
asyncio.run(cell())
"""


def blocks(readme: str, language: str) -> list[str]:
    """The blocks of a language, in their order."""
    text = (ROOT / readme).read_text("utf-8")
    return [rest.split("```", 1)[0] for rest in text.split(f"```{language}\n")[1:]]


EXAMPLES = {
    f"{readme} {number}": block
    for readme in ("README.md", "python/README.md")
    for number, block in enumerate(blocks(readme, "python"), 1)
}


def run(command: list[str], folder: Path, emulator: Emulator) -> None:
    environment = clean_environment(SPARK_T2I_API_KEY=KEY, SPARK_T2I_BASE_URL=emulator.url)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_there_are_examples() -> None:
    assert len([name for name in EXAMPLES if name.startswith("python/")]) >= 12
    assert [name for name in EXAMPLES if name.startswith("README")]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name: str, emulator: Emulator, tmp_path: Path) -> None:
    example = tmp_path / "test_example.py"
    example.write_text(EXAMPLES[name], "utf-8")
    if "def test_" in EXAMPLES[name]:
        run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(example)], tmp_path, emulator)
    else:
        run([sys.executable, str(example)], tmp_path, emulator)


def test_a_notebook_runs(emulator: Emulator, tmp_path: Path) -> None:
    [cell] = blocks("python/README.md", "ipython")
    (tmp_path / "cell.py").write_text(cell, "utf-8")
    run([sys.executable, "-c", CELL, "cell.py"], tmp_path, emulator)


@pytest.mark.parametrize("tool", [["mypy", "--strict", "--config-file="], ["pyright"]], ids=lambda tool: str(tool[0]))
def test_the_examples_are_typed(tool: list[str], emulator: Emulator, tmp_path: Path) -> None:
    files = []
    for number, example in enumerate(EXAMPLES.values()):
        files.append(f"example_{number}.py")
        (tmp_path / files[-1]).write_text(example, "utf-8")
    more = ["--pythonpath", sys.executable] if tool[0] == "pyright" else []
    run([sys.executable, "-m", *tool, *more, *files], tmp_path, emulator)
