#!/usr/bin/env python3
"""files_test.py BINARY: what is deployed agrees with itself: image, compose file, unit, configuration, manual."""
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import dockerfile
import stages

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARY = ""
DATA = "/var/lib/rebalancer"
CONFIGURATION = "/etc/rebalancer/config.yaml"


def text_of(name):
    return (SOURCE / name).read_text()


def image():
    return dockerfile.parse(text_of("Dockerfile"))[-1]


def shown(path):
    command = [BINARY, "--config", path, "config", "show", "--json"]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={})
    return json.loads(said.stdout)


def flat(value, path=""):
    """{"journal.path": ...} of nested objects."""
    if not isinstance(value, dict):
        return {path: value}
    leaves = {}
    for name, child in value.items():
        leaves.update(flat(child, f"{path}.{name}".strip(".")))
    return leaves


class Image(unittest.TestCase):
    def test_runs_as_a_number_without_a_shell(self):
        stage = image()
        self.assertEqual(stage.last("USER").text, "65532:65532")
        self.assertEqual(stage.last("ENTRYPOINT").list() + stage.last("CMD").list(), ["rebalancer", "serve"])
        self.assertEqual(stage.last("STOPSIGNAL").text, "SIGTERM")
        self.assertEqual(stages.Builder.health(stage.last("HEALTHCHECK"))["CMD"], ["rebalancer", "health"])

    def test_ports_are_those_of_the_configuration(self):
        ports = {str(port) for port in shown(SOURCE / "deploy/config/config.yaml")["http"]["ports"].values()}
        self.assertEqual(set(image().last("EXPOSE").words()), ports)
        published = re.findall(r'^      - "(\S+):(\d+):(\d+)"$', text_of("deploy/docker-compose.yml"), re.MULTILINE)
        self.assertEqual({inner for _, _, inner in published}, ports)
        for address, outer, inner in published:
            self.assertEqual((address, outer), ("127.0.0.1", inner))

    def test_configuration_is_where_its_commands_look(self):
        stage = image()
        self.assertIn(f"deploy/config/config.yaml {CONFIGURATION}", [copy.text for copy in stage.all("COPY")])
        self.assertEqual(stage.last("WORKDIR").text, str(pathlib.PurePosixPath(CONFIGURATION).parent))

    def test_no_secret_is_built_in(self):
        for stage in dockerfile.parse(text_of("Dockerfile")):
            for instruction in stage.all("ENV") + stage.all("ARG"):
                self.assertNotRegex(instruction.text.lower(), "token|secret|password|key")

    def test_what_is_left_out_stays_out(self):
        ignored = dockerfile.Ignored(text_of(".dockerignore"))
        for path in (".git/config", ".env", "data/journal.db", "build/dev/bin/rebalancer", "plugins/mine.so",
                     "server.pem", "deploy/token", "script/run", "tests/support/main.cpp"):
            self.assertTrue(ignored(path), path)
        for stage in dockerfile.parse(text_of("Dockerfile")):
            for copy in stage.all("COPY"):
                for source in copy.words()[:-1] if not copy.flags else []:
                    self.assertTrue((SOURCE / source).exists(), source)
                    self.assertFalse(ignored(source), source)


class Configuration(unittest.TestCase):
    def test_writes_into_the_data_folder_only(self):
        paths = [shown(SOURCE / "deploy/config/config.yaml")[part]["path"] for part in ("store", "journal", "broker")]
        self.assertEqual({str(pathlib.PurePosixPath(path).parent) for path in paths}, {DATA})
        self.assertEqual(image().last("VOLUME").list(), [DATA])
        self.assertIn(f"data:{DATA}\n", text_of("deploy/docker-compose.yml"))
        self.assertIn("StateDirectory=rebalancer\n", text_of("deploy/systemd/rebalancer.service"))

    def test_is_the_sample_but_for_where_it_lives(self):
        ours, sample = flat(shown(SOURCE / "deploy/config/config.yaml")), flat(shown(SOURCE / "config.yaml"))
        other = {key for key in ours.keys() | sample.keys() if ours.get(key) != sample.get(key)}
        self.assertEqual(other - {"broker.path"}, {"store.path", "journal.path", "plugins.directories", "log.format"})

    def test_unit_starts_it_with_that_file(self):
        unit = text_of("deploy/systemd/rebalancer.service")
        self.assertIn(f"ExecStart=/usr/bin/rebalancer --config {CONFIGURATION} serve\n", unit)
        plugins = shown(SOURCE / "deploy/config/config.yaml")["plugins"]["directories"]
        lines = re.findall(r"^ExecPaths=(.*)$", unit, re.MULTILINE)
        executable = [path.lstrip("-") for path in " ".join(lines).split()]
        for folder in plugins:  # a plugin in a folder that is not executable does not load
            self.assertTrue(any(pathlib.PurePosixPath(folder).is_relative_to(path) for path in executable), folder)


class Manual(unittest.TestCase):
    """docs/operations.md names what there is."""

    def test_commands_exist(self):
        known = subprocess.run([BINARY, "help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        before = r"(?:\S.* (?:--|exec rebalancer) |build/release/bin/)?"
        said = re.findall(rf"^ +{before}rebalancer (?:--config \S+ )?([a-z]+)\b", text_of("docs/operations.md"),
                          re.MULTILINE)
        self.assertGreater(len(set(said)), 8)
        for line in said:
            self.assertRegex(known, rf"(?m)^  {line} ", line)

    def test_metrics_exist(self):
        sources = "".join(path.read_text() for path in (SOURCE / "src").rglob("*.cpp"))
        named = text_of("docs/operations.md") + text_of("deploy/alerts.yml")
        for name in set(re.findall(r"\brebalancer_[a-z_]+[a-z]\b", named)):
            self.assertIn(f'"{re.sub("_(bucket|count|sum)$", "", name)}"', sources, name)

    def test_alerts_are_explained_and_tested(self):
        alerts = re.findall(r"- alert: (\w+)", text_of("deploy/alerts.yml"))
        tests = text_of("deploy/alerts_test.yml")
        explained = re.findall(r"^\| `(Rebalancer\w+)` \|", text_of("docs/operations.md"), re.MULTILINE)
        self.assertEqual(set(alerts), set(explained))
        for name in alerts:
            self.assertRegex(tests, rf"alertname: {name}\n +exp_alerts:\n +- exp_labels", "never seen firing")
            self.assertRegex(tests, rf"alertname: {name}, exp_alerts: \[\]", "never seen silent")

    def test_events_are_the_program_s(self):
        sources = "".join(path.read_text() for path in (SOURCE / "src").rglob("*.cpp"))
        rows = re.search(r"\| event \| level \|.*?\n(?=\n)", text_of("docs/operations.md"), re.DOTALL)[0]
        names = {name for row in rows.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
        self.assertGreater(len(names), 10)
        for name in names:
            self.assertIn(f'"{name}"', sources, name)
        self.assertEqual(set(re.findall(r'EventLevel::\w+,\s*"([a-z_]+)"', sources)) - names, set())


class Parser(unittest.TestCase):
    def test_joins_lines_and_drops_comments(self):
        first, second = dockerfile.parse("# one\nFROM a AS b\nRUN x && \\\n  # why\n  y\n\n"
                                         "FROM c\nCOPY --from=b /x y/\n")
        self.assertEqual((first.base, first.name, second.base, second.name), ("a", "b", "c", ""))
        self.assertEqual((first.instructions[0].line, first.instructions[0].text), (3, "x && y"))
        self.assertEqual((second.instructions[0].flags, second.instructions[0].words()), ({"from": "b"}, ["/x", "y/"]))

    def test_refuses_what_it_does_not_know(self):
        for text in ("FROM a\nADD x y\n", "RUN x\n", "FROM a\nRUN --mount=type=cache x\n",
                     "FROM a\nCOPY --chown=1 x y\n", "FROM a\nRUN <<END\n", "FROM a\nCOPY *.txt y\n",
                     "FROM a\nUSER $X\n", "FROM a\nRUN x \\\n", "# syntax=other\nFROM a\n", "FROM a\nRUN [\"x\"]\n"):
            with self.assertRaises(dockerfile.NotUnderstood, msg=text):
                dockerfile.parse(text)
        with self.assertRaises(dockerfile.NotUnderstood):
            dockerfile.parse("FROM a\nCMD serve\n")[0].last("CMD").list()

    def test_last_pattern_of_dockerignore_counts(self):
        ignored = dockerfile.Ignored("*\n!src\nsrc/*.tmp\n!deploy/config\n")
        paths = ("a", "src/a.cpp", "src/a.tmp", "deploy/x", "deploy/config/x")
        self.assertEqual([path for path in paths if not ignored(path)], ["src/a.cpp", "deploy/config/x"])

    def test_copy_takes_content_of_folders_and_obeys_dockerignore(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for path in ("context/src/a/b.cpp", "context/src/c.tmp", "context/one", "context/.dockerignore"):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text("*.tmp\nsrc/*.tmp\n" if path.endswith("ignore") else path)
            builder = stages.Builder(folder / "context", folder, folder, {})
            (stage,) = dockerfile.parse("FROM a\nCOPY src to\nCOPY one to/\nCOPY one other\n")
            copies = []
            builder.copy_file = lambda root, path, place: copies.append(str(place.relative_to(root)))
            for copy in stage.instructions:
                builder.copy(folder / "root", {"WORKDIR": "/work"}, copy)
            self.assertEqual(copies, ["work/to/a/b.cpp", "work/to/one", "work/other"])
            with self.assertRaises(FileNotFoundError):
                builder.copy(folder / "root", {"WORKDIR": "/"}, dockerfile.Instruction(1, "COPY", {}, "none to"))

    def test_interpreter_knows_the_dockerfile(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            builder = stages.Builder(SOURCE, folder, folder, {"COMMIT": "abc"})
            builder.run = lambda root, image, instruction: seen.append((image["ARG"], image["SHELL"][0]))
            builder.copy_file = lambda root, path, place: seen.append(str(place.relative_to(root)))
            seen = []
            (folder / "base").mkdir()
            builder.base = folder / "base"
            parts = dockerfile.parse(text_of("Dockerfile"))
            for path in ("usr/bin/rebalancer", "usr/lib/rebalancer/plugins/a.so", "usr/share/rebalancer/config.yaml"):
                (folder / "built/image" / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / "built/image" / path).touch()
            with contextlib.redirect_stdout(None):
                builder.build(parts[0])
                builder.roots["build"] = folder / "built"
                _, made = builder.build(parts[1])
            self.assertIn(({"COMMIT": "abc"}, "/bin/bash"), seen)
            self.assertIn("source/src/main.cpp", seen)
            self.assertIn("usr/lib/rebalancer/plugins/a.so", seen)
            self.assertEqual((made["USER"], made["WORKDIR"]), ("65532:65532", "/etc/rebalancer"))
            self.assertEqual(made["VOLUME"], [DATA])
            self.assertEqual(made["HEALTHCHECK"], {"interval": "30s", "timeout": "3s", "retries": "3",
                                                   "CMD": ["rebalancer", "health"]})


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
