"""What `jit` answers: every report prints, reads as data, and has a notebook form."""

import copy
import json
import os
import pickle
import subprocess
import sys

import pytest

from brolga import _report, jit


@jit
def total(values):
    result = 0
    for value in values:
        result += value
    return result


@pytest.fixture(scope="module", autouse=True)
def warm():
    for _ in range(100):
        assert total([1, 2, 3]) == 6


QUESTIONS = {
    "stats of all": lambda: jit.stats(),
    "stats": lambda: jit.stats(total),
    "explain": lambda: jit.explain(total),
    "compile": lambda: jit.compile(total, [1, 2]),
    "bytecode": lambda: jit.inspect(total, "bytecode"),
    "hir": lambda: jit.inspect(total),
    "config": lambda: jit.config,
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_report_has_three_forms(question):
    report = QUESTIONS[question]()
    text, html, data = str(report), report._repr_html_(), report.to_dict()
    assert text.strip() and repr(report) == text
    assert html.startswith("<") and html.endswith(">")
    assert isinstance(data, dict) and data
    json.dumps(data)


@pytest.mark.parametrize("question", ["stats of all", "stats", "explain", "bytecode"])
def test_reports_are_plain_data(question):
    report = QUESTIONS[question]()
    assert copy.deepcopy(report).to_dict() == report.to_dict()
    assert pickle.loads(pickle.dumps(report)).to_dict() == report.to_dict()


def test_fields_read_as_attributes_and_keys():
    report = jit.explain(total)
    assert report.name == report["name"] == "total"
    assert report.verdict and "verdict" in dir(report)
    with pytest.raises(AttributeError, match="no field 'verdikt'; its fields are: name, verdict"):
        report.verdikt


def test_to_dict_is_a_copy():
    report = jit.explain(total)
    report.to_dict()["lines"].append("mine")
    assert "mine" not in report.to_dict()["lines"]


def test_explain_shows_source_status_reason_and_hint():
    data = {
        "name": "total",
        "verdict": "native",
        "reason": "",
        "lines": [
            {"line": 3, "source": "    for v in values:", "status": "native", "why": "", "hint": ""},
            {
                "line": 14,
                "source": "        t += v.x < 1",
                "status": "runtime call",
                "why": "attribute of an unknown class",
                "hint": "read it once, before the loop",
            },
        ],
    }
    report = _report.ExplainReport(data, total)
    assert str(report).splitlines() == [
        "total: native",
        "",
        "   3  native       | for v in values:",
        "  14  runtime call |     t += v.x < 1",
        "                   |   ^ attribute of an unknown class",
        "                   |   ^ hint: read it once, before the loop",
    ]
    assert "t += v.x &lt; 1" in report._repr_html_()


def test_explain_finds_the_source_of_lines():
    first = total.__code__.co_firstlineno
    data = {"name": "total", "verdict": "native", "reason": "", "lines": [{"line": first + 1, "status": "native"}]}
    assert "def total(values):" in str(_report.ExplainReport(data, total))


def test_stats_are_a_table():
    data = {
        "native": True,
        "compiles": 1200,
        "functions": [
            {"name": "f", "calls": 12345, "exits": {"overflow": 2, "type": 1}, "compile_ms": 0.25},
            {"name": "longer", "calls": 1, "exits": {}, "versions": 2},
        ],
    }
    text = str(_report.Stats(data))
    assert text.splitlines() == [
        "native: yes",
        "compiles: 1,200",
        "",
        "name     calls  exits               compile ms  versions",
        "------  ------  ------------------  ----------  --------",
        "f       12,345  overflow 2, type 1        0.25         -",
        "longer       1  -                            -         2",
    ]


def test_config_knows_its_options():
    assert "disable" in list(jit.config)
    assert jit.config.disable is False
    assert jit.config.to_dict()["disable"] is False
    assert "BROLGA_DISABLE" in str(jit.config)
    known = ".*".join(jit.config)
    with pytest.raises(AttributeError, match=f"no option 'treshold'.*{known}"):
        jit.config.treshold
    with pytest.raises(TypeError, match=f"no option 'treshold'.*{known}"):
        jit.config.treshold = 3
    with pytest.raises(TypeError, match=f"no option 'treshold'.*{known}"):
        jit.config(treshold=3)


def test_inspect_names_its_kinds():
    with pytest.raises(ValueError, match="bytecode, hir, clif, asm, guards"):
        jit.inspect(total, "llvm")


PROGRAM = """
from brolga import jit

@jit
def triple(x):
    return x * 3

class Box:
    @jit
    def half(self, x):
        return x // 2

jit.compile(triple, 5)
jit.compile(Box.half, Box(), 5)
"""


@pytest.mark.parametrize(
    ("entry", "kind", "name"),
    [
        ("hir:triple", "int_mul", "triple"),
        ("hir:__main__.Box.half", "int_floordiv", "half"),
        ("clif:triple", "imul", "triple"),
        ("asm:__main__.triple", "ret", "triple"),
        ("hir:all", "func ", "triple half"),
        ("hir:other.triple,asm:half", "", ""),
    ],
)
@pytest.mark.native_required
def test_dumps_are_by_kind_and_name(entry, kind, name):
    """What is asked for is printed while compiling, and nothing else."""
    environment = {**os.environ, "BROLGA_DUMP": entry}
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    if not name:
        assert run.stderr == ""
        return
    assert kind in run.stderr
    if entry.startswith("hir"):
        names = {line.split("(")[0].split(".")[-1] for line in run.stderr.splitlines() if line.startswith("func ")}
        assert {found.removeprefix("func ") for found in names} == set(name.split())
