"""The commands and outputs that a document shows. Not a test itself."""

import re
import shlex
import subprocess

from harness import ROOT

# What was counted is the same in each run; what was measured is not
COUNTED = r"\"?(?:total|records|bytes_?\w+)\"?:\d+"


class Command:
    """One command of a document, and the output that is shown for it, or None."""

    def __init__(self, document, text, output=None):
        self.document, self.text, self.output = document, text, output

    def __str__(self):
        return f"{self.document}: {self.text}"

    def check(self, actual):
        """Fails unless the output has the shape of the one that is shown: its words, and a number for each number."""
        if self.output is not None and not re.search(shape(self.output), actual, re.DOTALL):
            raise AssertionError(f"{self}\nshows\n{self.output}\nand not\n{actual}")


def shape(output):
    """A regular expression for outputs like this one, in which ... and the end of a line stand for anything."""
    pattern = ""
    for part in re.findall(rf"{COUNTED}|\.\.\.|…|\s*\n\s*|\s+|-?\d+(?:\.\d+)?(?:E-?\d+)?|.", output.strip()):
        if part in ("...", "…") or "\n" in part:
            pattern += ".*?"
        elif part.isspace():
            pattern += r"\s*"
        elif re.match(r"-?\d", part):
            pattern += r"-?\d+(?:\.\d+)?(?:E-?\d+)?"
        else:
            pattern += re.escape(part)
    return pattern


def is_whole(text):
    return not text.endswith("\\") and subprocess.run(
        ["bash", "-n", "-c", text], capture_output=True).returncode == 0


def commands(document):
    """The commands of the blocks that have no language: all their lines, or those behind "$ ", if there are such."""
    text = (ROOT / document).read_text()
    found = []
    for block in re.findall(r"^```\n(.*?)^```$", re.sub(r"^```\w+\n.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE),
                            re.DOTALL | re.MULTILINE):
        lines = block.splitlines()
        transcript = any(line.startswith("$ ") for line in lines)
        while lines:
            line = lines.pop(0)
            if transcript and not line.startswith("$ "):
                found[-1].output = (found[-1].output or "") + line + "\n"
                continue
            line = line.removeprefix("$ ")
            while not is_whole(line) and lines:
                line += "\n" + lines.pop(0)
            found.append(Command(document, line))
    return found


def words(command):
    return shlex.split(command.text.replace("\\\n", " "))


def the_one(document, beginning):
    """The only command of a document that begins so."""
    found = [command for command in commands(document) if command.text.startswith(beginning)]
    if len(found) != 1:
        raise AssertionError(f"{document} has {len(found)} commands that begin with {beginning}")
    return found[0]
