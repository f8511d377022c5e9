"""Every example runs and says something; so does every Python block of the documents.

Each runs as a program of its own, since that is how a reader runs it.
"""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks():
    """A test case per ```python block; what is not to be run is fenced as ```text."""
    for document in DOCUMENTS:
        text = document.read_text()
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            name = f"{document.relative_to(ROOT)}:{line}"
            # Empty lines in front keep the line numbers of the document in tracebacks.
            yield pytest.param("\n" * line + match[1], id=name)


def run(program, directory):
    command = [sys.executable, program]
    done = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example(example, tmp_path):
    assert run(example, tmp_path).strip()


@pytest.mark.parametrize("block", list(blocks()))
def test_document(block, tmp_path):
    program = tmp_path / "block.py"
    program.write_text(block)
    run(program, tmp_path)


def test_there_are_examples_and_blocks():
    assert len(EXAMPLES) >= 6
    assert any(document.name == "README.md" for document in DOCUMENTS)
    assert list(blocks())
