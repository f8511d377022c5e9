"""The mirrored C structs have the sizes and offsets of the headers of the Python that runs; the words machine
code reads are where the interpreter has them."""

import array
import ctypes
import pathlib
import shutil
import subprocess
import sys
import sysconfig

import pytest
from brolga._native import _testing

HERE = pathlib.Path(__file__).resolve().parent


@pytest.mark.native_required
def test_mirrors_match_the_headers(tmp_path):
    compiler = shutil.which("gcc") or shutil.which("cc")
    include = pathlib.Path(sysconfig.get_paths()["include"])
    if compiler is None or not (include / "internal" / "pycore_frame.h").exists():
        pytest.skip("no compiler or no internal headers")
    table = _testing.layout()
    lines = []
    for name in table:
        struct, dot, field = name.partition(".")
        if struct == "sizeof":
            lines.append(f"SIZE({field})")
        elif dot:
            lines.append(f"OFFSET({struct}, {field})")
        else:
            lines.append(f"VALUE({name})")
    (tmp_path / "rows.h").write_text("\n".join(lines) + "\n")
    program = tmp_path / "layout"
    # Debian's pyconfig.h includes one that lies beside `include`, in a folder named after the machine.
    includes = [include, include.parent, include / "internal", include / "internal" / "mimalloc"]
    includes.append(tmp_path)
    subprocess.run(
        [compiler, "-w", *(f"-I{folder}" for folder in includes), "-o", program]
        + [HERE / "layout" / "layout.c"],
        check=True,
    )
    printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    real = {}
    for line in printed.splitlines():
        name, value = line.rsplit(" ", 1)
        real[name] = int(value)
    assert table == real


def test_self_test_accepts_this_interpreter():
    assert _testing.self_test() is None


def numbers(text):
    """The integer fields of the layout's text."""
    found = {}
    for line in text.splitlines():
        name, colon, value = line.strip().rstrip(",").partition(": ")
        if colon and value.lstrip("-").isdigit():
            found.setdefault(name, int(value))
    return found


def word(address):
    return ctypes.c_size_t.from_address(address).value


@pytest.mark.native_required
def test_objects_lie_as_generated_code_expects():
    fields = numbers(_testing.runtime_layout())
    thing = object()
    assert word(id(thing) + fields["class"]) == id(object)
    number = 1.5
    assert ctypes.c_double.from_address(id(number) + fields["float_value"]).value == number
    items = [thing, number, items_none := None]
    assert word(id(items) + fields["var_size"]) == 3
    assert word(word(id(items) + fields["list_items"])) == id(thing)
    assert word(id(items) + fields["list_allocated"]) >= 3
    pair = (thing, number)
    assert word(id(pair) + fields["tuple_items"] + 8) == id(number)
    data = b"brolga"
    assert ctypes.string_at(id(data) + fields["bytes_data"], 6) == data
    buffer = bytearray(b"xbrolga")
    del buffer[0]
    assert ctypes.string_at(word(id(buffer) + fields["bytearray_start"]), 6) == b"brolga"
    text = "twelve signs"
    assert word(id(text) + fields["str_length"]) == 12
    numbers_array = array.array("i", [1, 2, 3])
    assert word(id(numbers_array) + fields["array_items"]) == numbers_array.buffer_info()[0]
    description = word(id(numbers_array) + fields["array_descr"])
    assert ctypes.string_at(description + fields["array_descr_typecode"], 1) == b"i"
    assert word(id(numbers_array) + fields["var_size"]) == 3

    def function(a=thing, *, b=number):
        return text

    assert word(id(function) + fields["function_code"]) == id(function.__code__)
    assert word(id(function) + fields["function_defaults"]) == id(function.__defaults__)
    assert word(id(function) + fields["function_kwdefaults"]) == id(function.__kwdefaults__)
    assert word(id(function.__closure__[0]) + fields["cell_content"]) == id(text)
    assert fields["none_object"] == id(None)
    assert (fields["true_object"], fields["false_object"]) == (id(True), id(False))
    assert items_none is None


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="no version tag there")
def test_dict_version_changes_with_every_store():
    fields = numbers(_testing.runtime_layout())
    offset = int(_testing.runtime_layout().split("offset: ")[-1].split(",")[0])
    table = {"a": 1}
    seen = set()
    for k in range(10):
        table["a"] = k * 1000
        seen.add(word(id(table) + offset) >> fields["shift"])
    assert len(seen) == 10


@pytest.mark.native_required
def test_tracing_is_noticed():
    def f():
        return 1

    outside = _testing.tracing_active(f)
    assert outside == (False, False)
    answers = []
    previous = sys.gettrace()
    sys.settrace(lambda *event: None)
    answers.append(_testing.tracing_active(f)[0])
    sys.settrace(previous)
    answers.append(_testing.tracing_active(f)[0])
    sys.setprofile(lambda *event: None)
    answers.append(_testing.tracing_active(f)[0])
    sys.setprofile(None)
    answers.append(_testing.tracing_active(f)[0])
    assert answers == [True, False, True, False]


@pytest.mark.native_required
@pytest.mark.skipif(sys.version_info < (3, 12), reason="no monitoring there")
def test_monitoring_tools_are_noticed():
    def f():
        return 1

    def other():
        return 1

    monitoring = sys.monitoring
    events = monitoring.events
    monitoring.use_tool_id(2, "tool")
    try:
        assert _testing.tracing_active(f) == (False, False)
        monitoring.set_events(2, events.PY_START)
        assert _testing.tracing_active(f)[0] is True
        assert _testing.tracing_active(f)[0] is True
        monitoring.set_events(2, 0)
        assert _testing.tracing_active(f) == (False, False)
        monitoring.set_local_events(2, f.__code__, events.LINE)
        assert _testing.tracing_active(f) == (False, True)
        assert _testing.tracing_active(other) == (False, False)
        monitoring.set_local_events(2, f.__code__, 0)
        assert _testing.tracing_active(f) == (False, False)
    finally:
        monitoring.free_tool_id(2)
