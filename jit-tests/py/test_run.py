"""`python -m brolga run`: programs behave as under `python`, and their functions run native."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile

import pytest

LINES = """
import sys, os, atexit
print(sys.argv, __name__, __file__, __spec__, __package__, __doc__, sys.path[0] , sys.modules['__main__'].__dict__ is globals())
print(sorted(name for name in globals() if name != '__annotations__'), type(__loader__).__name__, __cached__)
print(sys.gettrace(), sys.excepthook is sys.__excepthook__, sys.flags.interactive)
atexit.register(print, "at exit")
"""
PROGRAMS = {
    "names": "'''doc'''" + LINES,
    "returns a status": LINES + "sys.exit(7)\n",
    "exits with a text": LINES + "sys.exit('no')\n",
    "exits with none": LINES + "raise SystemExit\n",
    "raises": LINES + "def f(n):\n    if n: return f(n - 1)\n    raise ValueError('a', n)\nf(3)\n",
    "raises with a cause": LINES + "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError(2) from e\n",
    "raises with a hook": LINES + "sys.excepthook = lambda t, v, tb: print('hook', t, v, tb.tb_lineno, tb.tb_next)\n[][1]\n",
    "raises a group": LINES + "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])\n",
    "keyboard interrupt": LINES + "raise KeyboardInterrupt\n",
    "syntax error": "print(1\n",
    "future import": "from __future__ import annotations\ndef f(a: unknown): pass\nprint(f.__annotations__)\nx: y = 3\nprint(__annotations__)\n",
    "unpickles its classes": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)\n",
    "reads": "import sys\nprint(sys.stdin.read().upper())\n",
    "main idiom": "def main():\n    t = 0\n    for i in range(50000):\n        t += i % 7\n    return t\nif __name__ == '__main__':\n    print(main())\n",
    "last traceback": LINES + "import atexit\natexit.register(lambda: print(sys.last_value, sys.last_traceback.tb_lineno))\n{}[1]\n",
    "threads": "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()\nprint('end')\n",
    "fork": "import os\nif os.fork() == 0:\n    print('child', flush=True)\n    raise SystemExit(3)\nprint(os.waitstatus_to_exitcode(os.wait()[1]))\n",
    "multiprocessing": "import multiprocessing as m\ndef f(n): return n * 2\nif __name__ == '__main__':\n    with m.get_context('spawn').Pool(1) as pool:\n        print(pool.map(f, [1, 2]))\n",
    "inspects itself": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f), inspect.getfile(f) == __file__)\n",
    "warns": "import warnings\ndef f(): warnings.warn('w', stacklevel=2)\nf()\n",
}


def execute(arguments, folder, *, text="input", flags=(), **environment):
    done = subprocess.run(
        [sys.executable, *flags, *arguments],
        input=text,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def both(folder, *arguments, flags=(), **environment):
    plain = execute(arguments, folder, flags=flags, **environment)
    ours = execute(("-m", "brolga", "run", *arguments), folder, flags=flags, **environment)
    assert ours == plain
    return plain


@pytest.mark.parametrize("name", PROGRAMS)
def test_scripts(name, tmp_path):
    (tmp_path / "script.py").write_text(PROGRAMS[name])
    both(tmp_path, "script.py", "a", "--stats", "-x")


def test_scripts_elsewhere(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "beside.py").write_text("value = 3\n")
    (folder / "script.py").write_text("import beside" + LINES + "print(beside.value)\n")
    (tmp_path / "link.py").symlink_to(folder / "script.py")
    both(tmp_path, "folder/script.py")
    both(tmp_path, "link.py")
    both(tmp_path, str(folder / "script.py"), flags=("-P",), PYTHONPATH=os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(folder)]))


def test_modules_and_packages(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    show = LINES.replace("__spec__", "__spec__.name")
    (package / "__main__.py").write_text(show)
    (package / "module.py").write_text(show + "raise ValueError(3)\n")
    both(tmp_path, "-m", "package", "x")
    both(tmp_path, "-m", "package.module", "-m")
    both(tmp_path, "-m", "package.nothing")
    both(tmp_path, "-m", "nothing")


def test_folders_and_archives(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    show = LINES.replace("__spec__", "__spec__.name").replace("type(__loader__).__name__", "0")
    (folder / "__main__.py").write_text(show)
    both(tmp_path, "folder", "x")
    with zipfile.ZipFile(tmp_path / "archive.pyz", "w") as archive:
        archive.writestr("__main__.py", "import sys\nprint(sys.argv, __name__, sys.path[0])\n")
    both(tmp_path, "archive.pyz", "x")


def test_a_file_that_is_not_there(tmp_path):
    status, output, error = both(tmp_path, "nothing.py")
    assert status == 2 and "can't open file" in error


def test_misuse(tmp_path):
    for arguments in ((), ("--fast", "x.py"), ("-m",)):
        status, output, error = execute(("-m", "brolga", "run", *arguments), tmp_path)
        assert status == 2 and "usage: python -m brolga run" in error, error
    assert execute(("-m", "brolga", "run", "--help"), tmp_path)[0] == 0


def test_functions_run_native_and_stats_say_so(tmp_path, native_required):
    (tmp_path / "script.py").write_text(textwrap.dedent("""
        def work(n):
            total = 0
            for i in range(n):
                total += i & 3
            return total
        print(work(8_000_000))
    """))
    status, output, error = execute(("-m", "brolga", "run", "--stats", "script.py"), tmp_path)
    assert (status, output) == (0, "12000000\n")
    row = next(line for line in error.splitlines() if line.startswith("work "))
    assert "native loops" in row or "native" in row, error


def test_ctrl_c(tmp_path):
    (tmp_path / "script.py").write_text(
        "def main():\n    n = 0\n    while True:\n        n += 1\n        n &= 1023\nprint('go', flush=True)\nmain()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "brolga", "run", "script.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout.readline() == "go\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert error.startswith("Traceback") and "_run.py" not in error and error.rstrip().endswith("KeyboardInterrupt")
