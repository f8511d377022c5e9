"""CPython's own tests of the language core, with every function under the JIT.

    cpython_tests.py                          all modules on every Python found, threshold 1 and 2
    cpython_tests.py --fast                   the modules that take seconds
    cpython_tests.py --python 3.13 test_dict  these only
    cpython_tests.py --here ...               with this very interpreter, which can import brolga

Each module runs in processes of its own: plain, and with `jit.enable()` at each threshold, every test
twice, so that what the first round compiled runs in the second. The outcome of every test method must
be the same. `jit-tests/cpython/differences.txt` lists the differences that are known, each with a
reason; one that is not listed, or listed in vain, is a failure.
"""

import argparse
import concurrent.futures
import contextlib
import gc
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIFFERENCES = ROOT / "jit-tests" / "cpython" / "differences.txt"
ROUNDS = 2
# Seconds of one process. A slower module is measured by its plain run.
TIMEOUT = 300

# Seconds at most, and a good share of what can go wrong.
FAST = """
test_augassign test_baseexception test_binop test_bool test_call test_class test_compare
test_complex test_contains test_contextlib test_decorators test_dictcomps test_dictviews
test_dynamic test_enumerate test_exception_variations test_extcall test_float test_frame
test_funcattrs test_generators test_genexps test_global test_index test_isinstance test_iter
test_keywordonlyarg test_list test_listcomps test_metaclass test_named_expressions test_opcodes
test_operator test_patma test_positional_only_arg test_pow test_property test_raise test_range
test_scope test_setcomps test_slice test_super test_sys_settrace test_tuple test_unpack
test_unpack_ex test_with test_yield_from
""".split()

FULL = """
test__locale test_abc test_argparse test_array test_ast test_asyncgen test_atexit test_base64
test_bdb test_bigmem test_binascii test_bisect test_buffer test_builtin test_bytes test_calendar
test_cmath test_cmd test_code test_codeop test_collections test_colorsys test_compile
test_configparser test_context test_copy test_copyreg test_coroutines test_cprofile test_csv
test_dataclasses test_decimal test_defaultdict test_deque test_descr test_descrtut
test_dict test_difflib test_dis test_doctest test_dynamicclassattribute test_enum test_eof
test_except_star test_exception_group test_exception_hierarchy test_exceptions test_filter
test_finalization test_fnmatch test_fractions test_fstring test_functools test_future test_gc
test_generator_stop test_genericalias test_getargs2 test_getopt test_grammar test_graphlib test_hash
test_hashlib test_heapq test_html test_inspect test_int test_int_literal test_io test_ipaddress
test_iterlen test_itertools test_json test_keyword test_linecache test_locale test_logging test_long
test_lzma test_math test_memoryio test_memoryview test_module test_monitoring test_mutants
test_ntpath test_numeric_tower test_optparse test_ordered_dict test_os test_pathlib test_pdb
test_peepholer test_pep479 test_pickle test_pickletools test_pkgutil test_plistlib test_posixpath
test_pprint test_print test_profile test_pyclbr test_queue test_quopri test_random test_re test_repr
test_reprlib test_richcmp test_sched test_secrets test_set test_shelve test_shlex test_sort
test_statistics test_str test_strftime test_string test_string_literals test_stringprep test_strtod
test_struct test_structseq test_subclassinit test_symtable test_syntax test_sys test_sys_setprofile
test_tabnanny test_tempfile test_textwrap test_threading test_threading_local test_threadsignals
test_timeit test_tokenize test_tomllib test_trace test_traceback test_type_annotations
test_type_comments test_type_params test_types test_typing test_ucn test_unary test_unicode
test_univnewlines test_urlparse test_userdict test_userlist test_userstring test_utf8_mode test_uuid
test_warnings test_weakref test_weakset test_xml_etree test_zip test_zipfile
""".split()


# The part that runs the tests, in a process of its own.


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def remove_tools():
    """A test of `sys.monitoring` that fails leaves its tools behind, and then all others fail, too."""
    monitoring = getattr(sys, "monitoring", None)
    for tool in range(6) if monitoring else ():
        if monitoring.get_tool(tool) not in (None, "brolga"):
            monitoring.set_events(tool, 0)
            for event in range(20):
                with contextlib.suppress(ValueError):
                    monitoring.register_callback(tool, 1 << event, None)
            monitoring.free_tool_id(tool)


class Recorder(unittest.TestResult):
    """Writes a line per finished test; the last line of a crash is the test that began."""

    def __init__(self, file, round_number, before_test):
        super().__init__()
        self.file = file
        self.round_number = round_number
        self.before_test = before_test
        self.outcome = "ok"
        self.detail = ""

    def line(self, test, outcome):
        row = [self.round_number, test.id(), outcome, self.detail]
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()

    def startTest(self, test):
        super().startTest(test)
        self.before_test()
        self.outcome, self.detail = "ok", ""
        self.line(test, "began")

    def stopTest(self, test):
        super().stopTest(test)
        remove_tools()
        self.line(test, self.outcome)

    def note(self, outcome, error):
        self.outcome = outcome
        if error is not None:
            self.detail += self._exc_info_to_string(error, self)[-1500:]

    def _exc_info_to_string(self, error, test):
        import traceback

        try:
            return "".join(traceback.format_exception(*error))
        except Exception as problem:
            return f"{error[0].__name__} ({problem!r})"

    def addError(self, test, error):
        self.note("error", error)

    def addFailure(self, test, error):
        self.note("failed", error)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outcome = "skipped"

    def addExpectedFailure(self, test, error):
        self.outcome = "expected failure"

    def addUnexpectedSuccess(self, test):
        self.outcome = "unexpected success"

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.note("failed", error)


def work(module, mode, path):
    """Runs a test module, twice. `mode`: plain or jit."""

    def before_test():
        return None

    if mode == "jit":
        from brolga import jit

        assert jit.enable(), "brolga cannot run native here"
        if sys.version_info < (3, 12):
            # No watcher there: what exists is handed over before each test.
            from brolga import _native

            def before_test():
                _native.enable_all(gc.get_objects())

    loaded = importlib.import_module(f"test.{module}")
    # Handlers of tests that time out, and the like, are not of interest.
    real = sys.stdout, sys.stderr
    with open(path, "w") as file:
        for number in range(ROUNDS):
            sys.stdout = sys.stderr = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")
            try:
                suite = unittest.defaultTestLoader.loadTestsFromModule(loaded)
                suite.run(Recorder(file, number, before_test))
            finally:
                sys.stdout, sys.stderr = real
        file.write('"end"\n')
    if mode == "jit":
        rows = jit.stats().to_dict()["functions"]
        native = sum(bool(row["native_calls"] or row["loop_entries"]) for row in rows)
        broken = [f"{r['name']}: {r['reason']}" for r in rows if r["reason"].startswith("internal")]
        Path(f"{path}.native").write_text(json.dumps([native, broken]))
    sys.stdout.flush()
    # Threads and children that tests left behind are not waited for.
    os._exit(0)


# The part that compares.


class Run:
    """What one process said."""

    def __init__(self, outcomes, ending, native=0, broken=(), seconds=0.0):
        self.outcomes = outcomes
        self.ending = ending
        self.native = native
        self.broken = broken
        self.seconds = seconds


def run(python, module, mode, threshold, timeout=TIMEOUT):
    with tempfile.TemporaryDirectory(prefix="brolga-cpython-") as folder:
        path = os.path.join(folder, "results")
        clean = {k: v for k, v in os.environ.items() if not k.startswith("BROLGA_")}
        environment = {
            **clean,
            "PYTHONHASHSEED": "0",
            "BROLGA_THRESHOLD": str(threshold),
            "BROLGA_LOOP_THRESHOLD": str(2 * threshold),
            "BROLGA_COMPILE_SHARE": "100",
            "TMPDIR": folder,
        }
        command = [
            python,
            "-X",
            "faulthandler",
            os.path.abspath(__file__),
            "--work",
            module,
            mode,
            path,
        ]
        began = time.monotonic()
        log = os.path.join(folder, "log")
        with open(log, "w") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = process.wait(timeout)
            except subprocess.TimeoutExpired:
                status = None
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        seconds = time.monotonic() - began
        text = Path(log).read_text(errors="replace")
        return understand(path, status, text, seconds, timeout)


def understand(path, status, text, seconds, timeout):
    outcomes, began, ended = {}, "", False
    if os.path.exists(path):
        for line in Path(path).read_text().splitlines():
            row = json.loads(line)
            if row == "end":
                ended = True
                continue
            number, name, outcome, detail = row
            if outcome == "began":
                began = name
            else:
                outcomes[number, name] = (outcome, detail)
    native, broken = 0, []
    if os.path.exists(f"{path}.native"):
        native, broken = json.loads(Path(f"{path}.native").read_text())
    ending = ""
    if status is None:
        ending = f"took more than {timeout:.0f} s, in {began}"
    elif not ended:
        tail = "\n".join(text.splitlines()[-25:])
        ending = f"ended with status {status}, in {began or 'importing'}\n{tail}"
    return Run(outcomes, ending, native, broken, seconds)


def differences(plain, jitted):
    """Lines (test, what) where the two runs do not agree."""
    if jitted.ending and not plain.ending:
        first = jitted.ending.splitlines()[0]
        yield first.rpartition(" in ")[2], f"the process {jitted.ending}"
    for text in jitted.broken:
        yield text, "the compiler says so"
    for (number, name), (outcome, _) in plain.outcomes.items():
        other = jitted.outcomes.get((number, name))
        if other is not None and other[0] != outcome:
            tail = "\n      ".join(other[1].strip().splitlines()[-6:])
            yield (
                name,
                f"round {number + 1}: {outcome} plain, {other[0]} under the JIT\n      {tail}",
            )


def known_differences(version):
    """Test id to reason, of one version."""
    known = {}
    for line in DIFFERENCES.read_text().splitlines():
        if line and not line.startswith("#"):
            versions, name, reason = line.split(None, 2)
            if versions == "all" or version in versions.split(","):
                known[name] = reason
    return known


def compare(python, module, thresholds):
    plain = run(python, module, "plain", 50)
    if plain.ending and not plain.outcomes:
        return module, None, plain.ending, 0, plain.seconds
    found, native, seconds = {}, 0, plain.seconds
    for threshold in thresholds:
        # At threshold 1 nearly everything is compiled, which takes its time.
        jitted = run(python, module, "jit", threshold, max(TIMEOUT, 5 * plain.seconds))
        native = max(native, jitted.native)
        seconds += jitted.seconds
        for name, what in differences(plain, jitted):
            found.setdefault(name, f"threshold {threshold}: {what}")
    return module, len(plain.outcomes) // ROUNDS, found, native, seconds


def has_tests(python):
    done = subprocess.run(
        [python, "-c", "import test.support, test.test_list"], capture_output=True
    )
    return done.returncode == 0


def check(python, version, modules, thresholds, jobs, verbose):
    """Number of differences that are not known."""
    if not has_tests(python):
        print(f"-- {version}: SKIPPED, this Python comes without the `test` package")
        return 0, 0
    known = known_differences(version)
    unexpected = tests = 0
    seen = set()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        pending = [pool.submit(compare, python, module, thresholds) for module in modules]
        for future in pending:
            module, count, found, native, seconds = future.result()
            if count is None:
                if verbose:
                    print(f"   {module}: not here ({found.splitlines()[-1]})", flush=True)
                continue
            tests += count
            new = {name: what for name, what in found.items() if name not in known}
            seen |= set(found)
            unexpected += len(new)
            if new or verbose:
                print(
                    f"   {module}: {count} tests, {native} native functions, {seconds:.0f} s",
                    flush=True,
                )
            for name, what in new.items():
                print(f"   DIFFERENT {name}\n      {what}", flush=True)
    for name in sorted(set(known) - seen):
        if name.split(".")[1] in modules and verbose:
            print(f"   listed, but the same here: {name}")
    # As pytest says it, for check.py to count.
    parts = [f"{unexpected} failed", f"{tests - unexpected} passed"]
    print(
        f"{', '.join(parts if unexpected else parts[1:])} in {0.0:.2f}s  ({version}, CPython's tests)"
    )
    return unexpected, tests


def interpreters(versions):
    """(version, Python with brolga installed) of every Python found, or the wanted ones."""
    import environments
    import find_pythons

    for minor, executable in sorted(find_pythons.find().items()):
        version = f"3.{minor}"
        if versions and version not in versions:
            continue
        if minor not in find_pythons.NATIVE_MINORS:
            continue
        made = environments.environment(version, executable)
        environments.install_wheel(made, environments.wheel(version, executable))
        yield version, str(made)


def main():
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:])
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "modules", nargs="*", help="test modules (default: all of the language core)"
    )
    parser.add_argument("--fast", action="store_true", help="only the modules that take seconds")
    parser.add_argument("--python", action="append", metavar="3.N", help="only this version")
    parser.add_argument("--here", action="store_true", help="with this interpreter as it is")
    parser.add_argument("--threshold", action="append", type=int, help="default: 1 and 2")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--verbose", action="store_true", help="a line for every module")
    options = parser.parse_args()
    modules = options.modules or (FAST if options.fast else sorted({*FAST, *FULL}))
    thresholds = options.threshold or [1, 2]
    if options.here:
        pythons = [(".".join(map(str, sys.version_info[:2])), sys.executable)]
    else:
        pythons = interpreters(options.python)
    unexpected = tests = 0
    for version, python in pythons:
        print(f"-- CPython's tests on {version}, {len(modules)} modules", flush=True)
        more, count = check(
            python,
            version,
            modules,
            thresholds,
            options.jobs,
            options.verbose or bool(options.modules),
        )
        unexpected += more
        tests += count
    if not tests:
        print("no Python with the `test` package was found; nothing was compared")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
