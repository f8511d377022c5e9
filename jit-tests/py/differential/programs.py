"""The text form of differential programs, shared by `corpus/` and by what the fuzzer saves.

A file holds one or more programs; each starts with a line `# ==== name`. Inside a program

* `# call: 1, [2]` adds a call of `f` with these arguments;
* `# options: private_builtins threshold=9` sets options of `harness.check`;
* everything else is the program.

A file without `# ====` lines is one program, named like the file.
"""

import dataclasses
import pathlib

HEAD = "# ==== "
CALL = "# call:"
OPTIONS = "# options:"


@dataclasses.dataclass
class Saved:
    """One program with its calls."""

    name: str
    source: str
    calls: list
    options: dict

    def text(self):
        """The form that `parse` reads."""
        lines = [f"{HEAD}{self.name}"]
        if self.options:
            words = [name if value is True else f"{name}={value}" for name, value in self.options.items()]
            lines.append(f"{OPTIONS} {' '.join(words)}")
        lines += [f"{CALL} {call}" for call in self.calls]
        return "\n".join(lines) + "\n" + self.source.strip("\n") + "\n"


def parse(text, name):
    """The programs in `text`."""
    blocks = []
    for line in text.splitlines():
        if line.startswith(HEAD):
            blocks.append((line[len(HEAD) :].strip(), []))
        else:
            if not blocks:
                blocks.append((None, []))
            blocks[-1][1].append(line)
    if len(blocks) > 1 and blocks[0][0] is None:
        # What stands before the first program is the file's own comment.
        del blocks[0]
    return [_program(block_name or name, lines) for block_name, lines in blocks]


def _program(name, lines):
    calls, options, body = [], {}, []
    for line in lines:
        if line.startswith(CALL):
            calls.append(line[len(CALL) :].strip())
        elif line.startswith(OPTIONS):
            for word in line[len(OPTIONS) :].split():
                option, _, value = word.partition("=")
                options[option] = int(value) if value else True
        else:
            body.append(line)
    return Saved(name, "\n".join(body).strip("\n") + "\n", calls or [""], options)


def load_folder(folder):
    """[(file stem, program)] of every `.py` file in `folder`."""
    found = []
    for path in sorted(pathlib.Path(folder).glob("*.py")):
        for program in parse(path.read_text(encoding="utf-8"), path.stem):
            found.append((path.stem, program))
    return found
