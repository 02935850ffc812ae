#!/usr/bin/env python3
"""tools_test.py BINARY PLUGIN_FOLDER BUILD_FOLDER: what other people's tools say of the unit, the image and the compose
file. Each of them is also shown something wrong, so that silence means something."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import dockerfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
BINARY = PLUGINS = BUILD = pathlib.Path()
UNIT = SOURCE / "deploy/systemd/rebalancer.service"
EXPOSURE_TENTHS_MAX = 15


def needs(tool):
    """Decorates a test that is nothing without this tool."""
    if not shutil.which(tool):
        print(f"SKIPPED: {tool} is not installed", flush=True)
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not installed")


def run(*words, **options):
    """(exit code, stdout and stderr)."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    return done.returncode, done.stdout


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)


class Unit(Folder):
    def verify(self, text):
        """systemd looks for the program, so it gets the one that was built."""
        unit = self.folder / "rebalancer.service"
        unit.write_text(text.replace("ExecStart=/usr/bin/rebalancer", f"ExecStart={BINARY}"))
        return run("systemd-analyze", "verify", unit)

    @needs("systemd-analyze")
    def test_is_understood_in_every_line(self):
        self.assertEqual(self.verify(UNIT.read_text()), (0, ""))
        self.assertIn("Unknown key", self.verify(UNIT.read_text().replace("NoNewPrivileges", "NoNewPrivilege"))[1])

    @needs("systemd-analyze")
    def test_leaves_little_open(self):
        def judge(unit):
            return run("systemd-analyze", "security", "--offline=true", "--no-pager",
                       f"--threshold={EXPOSURE_TENTHS_MAX}", unit)

        code, said = judge(UNIT)
        print(said.strip().splitlines()[-1], flush=True)
        self.assertEqual(code, 0, said)
        weaker = self.folder / "rebalancer.service"
        weaker.write_text(re.sub(r"(?m)^(SystemCallFilter|CapabilityBoundingSet)=.*\n", "", UNIT.read_text()))
        self.assertNotEqual(judge(weaker)[0], 0)

    @needs("systemd-sysusers")
    def test_account_is_made(self):
        (self.folder / "etc").mkdir()
        code, said = run("systemd-sysusers", f"--root={self.folder}", SOURCE / "deploy/systemd/rebalancer.sysusers")
        self.assertEqual(code, 0, said)
        self.assertRegex((self.folder / "etc/passwd").read_text(),
                         "(?m)^rebalancer:.*:/var/lib/rebalancer:/usr/sbin/nologin$")
        for key in ("User", "Group"):
            self.assertIn(f"\n{key}=rebalancer\n", UNIT.read_text())


class Compose(Folder):
    @needs("docker-compose")
    def test_is_understood_in_every_line(self):
        self.assertEqual(run("docker-compose", "-f", SOURCE / "deploy/docker-compose.yml", "config", "-q"), (0, ""))
        wrong = self.folder / "docker-compose.yml"
        wrong.write_text((SOURCE / "deploy/docker-compose.yml").read_text().replace("read_only:", "readonly:"))
        self.assertNotEqual(run("docker-compose", "-f", wrong, "config", "-q")[0], 0)


class Alerts(Folder):
    @needs("promtool")
    def test_fire_and_are_silent_when_they_should(self):
        code, said = run("promtool", "check", "rules", SOURCE / "deploy/alerts.yml")
        self.assertEqual(code, 0, said)
        code, said = run("promtool", "test", "rules", SOURCE / "deploy/alerts_test.yml")
        self.assertEqual(code, 0, said)
        shutil.copy(SOURCE / "deploy/alerts_test.yml", self.folder)
        deaf = (SOURCE / "deploy/alerts.yml").read_text().replace("ambiguous > 0", "ambiguous > 2")
        (self.folder / "alerts.yml").write_text(deaf)
        self.assertNotEqual(run("promtool", "test", "rules", self.folder / "alerts_test.yml")[0], 0)


class Image(Folder):
    @needs("npm")
    def test_dockerfile_has_no_known_mistake(self):
        modules = BUILD / "npm-deploy"
        modules.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "npm" / name, modules)
        code, said = run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=modules)
        self.assertEqual(code, 0, said)

        def issues(path):  # its exit code does not survive every way it is called, its document does
            said = run("node", modules / "node_modules/dockerfilelint/bin/dockerfilelint", "-o", "json", path)[1]
            return json.loads(said)["files"][0]["issues"]

        self.assertEqual(issues(SOURCE / "Dockerfile"), [])
        wrong = self.folder / "Dockerfile"
        wrong.write_text((SOURCE / "Dockerfile").read_text().replace("EXPOSE 8080", "EXPOSE 80800"))
        self.assertNotEqual(issues(wrong), [])

    @needs("dpkg-query")
    def test_installs_the_libraries_that_are_linked(self):
        sanitizers = {"libasan8", "libubsan1", "libtsan2"}  # of the build that is tested, not of the one in the image
        read = {"ca-certificates", "tzdata"}  # not linked, but read
        linked = set()
        for file in [BINARY, *sorted(PLUGINS.glob("*.so"))]:
            code, said = run("ldd", file)
            self.assertEqual(code, 0, said)
            self.assertNotIn("not found", said)
            linked |= set(re.findall(r"(?:=> |^\s+)(/\S+) \(", said, re.MULTILINE))
        packages = {self.package_of(path) for path in linked} - sanitizers
        (install,) = [step for step in dockerfile.parse((SOURCE / "Dockerfile").read_text())[-1].all("RUN")
                      if "apt-get install" in step.text]
        listed = set(re.search(r"--no-install-recommends ([^&]+) &&", install.text)[1].split())
        self.assertEqual(sorted(listed), sorted(packages | read))

    def test_runs_with_time_zones_and_authorities_of_the_system(self):
        for path in ("/usr/share/zoneinfo/America/New_York", "/etc/ssl/certs/ca-certificates.crt"):
            self.assertTrue(pathlib.Path(path).exists(), path)

    def package_of(self, path):
        # /lib is /usr/lib, and packages may have written down either.
        for candidate in (path, "/usr" + path, path.removeprefix("/usr")):
            code, said = run("dpkg-query", "-S", candidate)
            if code == 0:
                return said.split(":")[0]
        # A name without its last numbers is a link that only the loader's cache made.
        real = str(pathlib.Path(path).resolve())
        self.assertNotEqual(real, path, "no package owns it")
        return self.package_of(real)


if __name__ == "__main__":
    BINARY, PLUGINS, BUILD = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
    del sys.argv[1:4]
    unittest.main()
