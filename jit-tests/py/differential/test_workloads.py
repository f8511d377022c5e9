"""The programs of `benches/workloads`: with every kernel jitted each must give its recorded result.

`expected.json` was recorded from plain CPython; `plain` there and here is the same encoding.
"""

import importlib.util
import json
import pathlib
import sys

import pytest

from differential import provider

WORKLOADS = pathlib.Path(__file__).resolve().parents[3] / "benches" / "workloads"
NAMES = sorted(path.stem for path in WORKLOADS.glob("*.py")) if WORKLOADS.is_dir() else []
RECURSION_LIMIT = 5000

pytestmark = pytest.mark.skipif(not NAMES, reason="benches/workloads is not there")


def plain(value):
    """A result in the form of `expected.json`."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return f"int:{value}" if abs(value) >= 1 << 53 else value
    if isinstance(value, float):
        return ["f", value.hex()]
    if value is None or isinstance(value, str):
        return value
    if hasattr(value, "item"):
        return ["np", plain(value.item())]
    return repr(value)


def load(name, decorator):
    """The program as a fresh module with `decorator` on its kernels."""
    module_name = f"workload_{name}"
    spec = importlib.util.spec_from_file_location(module_name, WORKLOADS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        pytest.skip(str(error))
    for kernel in module.KERNELS:
        holder, _, attribute = kernel.rpartition(".")
        target = getattr(module, holder) if holder else module
        setattr(target, attribute, decorator(getattr(target, attribute)))
    return module


@pytest.fixture
def deep_recursion():
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(RECURSION_LIMIT)
    yield
    sys.setrecursionlimit(before)


@pytest.fixture(scope="module")
def expected():
    return json.loads((WORKLOADS / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_small(name, expected, deep_recursion):
    module = load(name, provider.eager())
    for _ in range(4):
        assert plain(module.run(module.N_SMALL)) == expected[name]["small"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_full(name, expected, deep_recursion):
    module = load(name, provider.eager())
    plain(module.run(module.N_SMALL))
    plain(module.run(module.N_SMALL))
    assert plain(module.run(module.N)) == expected[name]["full"]


@pytest.mark.native_required
@pytest.mark.parametrize("name", [name for name in NAMES if name[0] == "a"])
def test_scalar_kernels_run_natively(name, deep_recursion):
    module = load(name, provider.eager())
    for _ in range(3):
        module.run(module.N_SMALL)
    kernels = [getattr(module, kernel) for kernel in module.KERNELS if "." not in kernel]
    # `run` comes under the JIT as their neighbour. Native code calls them directly then, which nobody counts.
    callers = [*kernels, module.run]
    assert all(provider.stats_of(kernel)["versions"] for kernel in kernels)
    assert any(provider.native_calls(caller) for caller in callers), [
        provider.explanation(kernel) for kernel in kernels
    ]
