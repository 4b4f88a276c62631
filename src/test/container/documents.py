"""The commands and outputs that a document shows. Not a test itself."""

import re
import shlex
import subprocess

from harness import ROOT

# What was counted is the same in each run; what was measured is not
COUNTED = r"\"?(?:total|records|bytes_?\w+)\"?:\s*\d+"


class Command:
    """One command of a document, and the output that is shown for it, or None."""

    def __init__(self, document, text, output=None):
        self.document, self.text, self.output = document, text, output

    def __str__(self):
        return f"{self.document}: {self.text}"

    def is_shown_by(self, actual):
        """Whether an output has the shape of the one that is shown: its words, and a number for each number."""
        return self.output is None or re.search(shape(self.output), actual, re.DOTALL) is not None

    def check(self, actual):
        """Fails unless an output has the shape of the one that is shown."""
        if not self.is_shown_by(actual):
            raise AssertionError(f"{self}\nshows\n{self.output}\nand not\n{actual}")


def shape(output):
    """A regular expression for outputs like this one, in which ... and the end of a line stand for anything."""
    pattern = ""
    # With TLS the kernel's bytes depend on the certificates
    application, kernel, rest = output.strip().partition('"kernel":')
    parts = r"\.\.\.|…|\s*\n\s*|\s+|-?\d+(?:\.\d+)?(?:E-?\d+)?|."
    for part in re.findall(f"{COUNTED}|{parts}", application) + re.findall(parts, kernel + rest):
        if re.fullmatch(COUNTED, part):
            name, count = part.split(":")
            pattern += rf"{re.escape(name)}:\s*{count.strip()}\b"
        elif part in ("...", "…") or "\n" in part:
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


def blocks(document, language):
    """The texts of a document's blocks of one language, "" for none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / document).read_text(), re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


def commands(document):
    """The commands of the blocks that have no language: all their lines, or those behind "$ ", if there are such."""
    found = []
    for block in blocks(document, ""):
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
    return only([command for command in commands(document) if command.text.startswith(beginning)],
                f"{document}: a command that begins with {beginning}")


def the_block(document, language, holds=""):
    """The only block of a language that has a text in it."""
    return only([text for text in blocks(document, language) if holds in text],
                f"{document}: a block of {language} with {holds!r}")


def only(found, what):
    if len(found) != 1:
        raise AssertionError(f"{what}: {len(found)} instead of one")
    return found[0]
