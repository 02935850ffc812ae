"""What a Dockerfile and a .dockerignore say, for the few instructions that ours uses. Anything else is an error: what
is not understood must not be passed over."""
import dataclasses
import fnmatch
import json
import pathlib
import re
import shlex

KNOWN = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "SHELL",
         "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}


class NotUnderstood(Exception):
    """The message names the line and what it is about."""


@dataclasses.dataclass
class Instruction:
    line: int  # of its first line, from 1
    name: str  # in upper case
    flags: dict  # --name=value
    text: str  # the rest, lines joined, comments gone

    def words(self):
        return shlex.split(self.text)

    def list(self):
        """The words of the JSON form, the only one that starts no shell."""
        try:
            words = json.loads(self.text)
        except ValueError as error:
            raise NotUnderstood(f"line {self.line}: {self.name} is not in JSON form: {self.text}") from error
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise NotUnderstood(f"line {self.line}: {self.name} is not a list of texts")
        return words

    def pairs(self):
        """NAME=VALUE of ENV, LABEL and ARG; a name alone has no value."""
        pairs = {}
        for word in self.words():
            name, equals, value = word.partition("=")
            pairs[name] = value if equals else None
        return pairs


@dataclasses.dataclass
class Stage:
    base: str
    name: str  # "" for one without
    instructions: list

    def all(self, name):
        return [instruction for instruction in self.instructions if instruction.name == name]

    def last(self, name):
        found = self.all(name)
        return found[-1] if found else None


def logical_lines(text):
    """(line number, text) with continuations joined; comment lines go, also between two continued lines."""
    start, parts = 0, []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("#") or not stripped:
            if number == 1 and re.match(r"#\s*(syntax|escape|check)\s*=", stripped):
                raise NotUnderstood(f"line {number}: a directive for the parser: {stripped}")
            continue
        if not parts:
            start = number
        continued = stripped.endswith("\\")
        parts.append(stripped[:-1].rstrip() if continued else stripped)
        if not continued:
            yield start, " ".join(parts)
            parts = []
    if parts:
        raise NotUnderstood(f"line {start}: continued beyond the end")


def parse(text):
    """The stages, in order."""
    stages = []
    for line, content in logical_lines(text):
        name, _, rest = content.partition(" ")
        name, rest = name.upper(), rest.strip()
        if name not in KNOWN:
            raise NotUnderstood(f"line {line}: {name} is not known here")
        flags = {}
        while match := re.match(r"--([a-z-]+)(?:=(\S+))?\s+", rest):
            flags[match[1]] = match[2] or ""
            rest = rest[match.end():]
        instruction = Instruction(line, name, flags, rest)
        if name == "RUN" and (flags or rest.startswith("[") or "<<" in rest):
            raise NotUnderstood(f"line {line}: RUN has flags, a JSON form or a document in it")
        if name == "COPY" and (set(flags) - {"from"} or rest.startswith("[") or re.search(r"[$*?]", rest)):
            raise NotUnderstood(f"line {line}: COPY may only have --from, and plain paths")
        if name == "FROM":
            words = instruction.words()
            if flags or len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != "AS"):
                raise NotUnderstood(f"line {line}: FROM {rest}")
            stages.append(Stage(words[0], words[2] if len(words) == 3 else "", []))
            continue
        if not stages:
            raise NotUnderstood(f"line {line}: {name} before FROM")
        if "$" in rest and name in {"ENV", "WORKDIR", "USER", "LABEL", "EXPOSE", "VOLUME"}:
            raise NotUnderstood(f"line {line}: a variable in {name}")
        stages[-1].instructions.append(instruction)
    return stages


class Ignored:
    """Whether a .dockerignore keeps a file out of the build: the last pattern that meets it or its folder counts."""

    def __init__(self, text):
        self.patterns = []
        for line in text.splitlines():
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            if "**" in line:
                raise NotUnderstood(f".dockerignore: ** in {line}")
            wanted = line.startswith("!")
            self.patterns.append((wanted, line.lstrip("!").strip("/").split("/")))

    def __call__(self, path):
        parts = pathlib.PurePosixPath(path).parts
        ignored = False
        for wanted, pattern in self.patterns:
            if len(pattern) <= len(parts) and all(map(fnmatch.fnmatchcase, parts, pattern)):
                ignored = not wanted
        return ignored
