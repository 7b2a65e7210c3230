"""A page that is to be followed word for word: the files it has the reader save, what they type, what they then see.

A block of YAML or Python whose first line is `# NAME` is a file. In a `console` block a line after `$ ` is typed and
the lines under it are what it prints; `...` stands for anything, within a line or for any number of lines.
"""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
READS_ONLY = re.compile(r"(sleep \d; )?(cat|tail|shadow (report|verdict|plan|history)) ")
END = "--- typed "


@dataclass(frozen=True)
class Save:
    name: str
    text: str


@dataclass(frozen=True)
class Type:
    command: str
    prints: str

    def looks_like(self, output: str) -> bool:
        if not self.prints:
            return True
        lines = [r"(?:.*\n)*" if line == "..." else f"{wild(line)}\n" for line in self.prints.split("\n")]
        return re.fullmatch("".join(lines), output + "\n") is not None


def wild(line: str) -> str:
    return re.escape(line).replace(r"\.\.\.", ".*")


def steps(page: str) -> list[Save | Type]:
    found: list[Save | Type] = []
    for language, body in FENCE.findall(page):
        named = re.match(r"# (\S+)\n", body)
        if language in ("yaml", "python") and named:
            found.append(Save(named[1], body))
        elif language == "console":
            for typed in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, _, prints = typed.partition("\n")
                found.append(Type(command, prints.rstrip("\n")))
    return found


class Terminal:
    """One shell, as the reader has it open."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=directory,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.communicate()

    def type(self, command: str) -> str:
        """What it prints until the prompt is back."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{command}\necho '{END}'$?\n")
        self._shell.stdin.flush()
        printed = ""
        for line in self._shell.stdout:
            before, end, _ = line.partition(END)
            printed += before
            if end:
                break
        return printed.rstrip("\n")

    def follow(self, step: Type, attempts: int = 60) -> None:
        """Type it and see what the page says; what only reads may be typed again until it is so."""
        for _ in range(attempts if READS_ONLY.match(step.command) else 1):
            printed = self.type(step.command)
            if step.looks_like(printed):
                return
            time.sleep(0.25)
        raise AssertionError(f"$ {step.command}\n{printed}\n--- instead of\n{step.prints}")
