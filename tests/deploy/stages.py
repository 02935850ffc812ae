"""Carries a Dockerfile out without a container engine: each stage in a copy of a debootstrapped Debian, RUN by chroot
in namespaces of its own. Needs root. Nothing stays mounted, however it ends."""
import os
import pathlib
import shutil
import subprocess
import time

import dockerfile

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Debian's slim images leave these out, and so does this base, for the sake of an honest size.
SLIM = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*",
        "/usr/share/groff/*", "/usr/share/linda/*"]

# What a RUN sees beside its root: kernel file systems, this machine's package sources and name servers. They are mounts
# of its own namespace, so that nothing of them is in the image.
RUN_MOUNTS = r"""
set -e
root=$1; shift
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount --bind /etc/apt "$root/etc/apt"
mount -o remount,bind,ro "$root/etc/apt"
for file in /etc/resolv.conf /etc/hosts; do
  touch "$root$file"
  mount --bind "$(readlink -f "$file")" "$root$file"
done
if [ -n "$COMPILER_CACHE" ]; then
  mkdir -p "$COMPILER_CACHE" "$root/root/.cache/ccache"
  mount --bind "$COMPILER_CACHE" "$root/root/.cache/ccache"
fi
exec chroot "$root" "$@"
"""


def say(text):
    print(text, flush=True)


def inside(root, command):
    """The words that run a command in a root folder, in namespaces of its own, with RUN_MOUNTS."""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "--", "sh", "-c",
            RUN_MOUNTS, "sh", root, *command]


class Timed:
    """with Timed("what"): prints it with its seconds."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        self.started = time.monotonic()

    def __exit__(self, kind, value, trace):
        say(f"-- {self.what}: {'failed after ' if kind else ''}{time.monotonic() - self.started:.1f} s")


def base_of(folder, mirror):
    """Debian 12 as its slim image has it, made once."""
    root = folder / "base"
    if root.exists():
        return root
    making = folder / "base.making"
    shutil.rmtree(making, ignore_errors=True)
    with Timed("debootstrap"), open(folder / "debootstrap.log", "w", encoding="utf-8") as log:
        subprocess.run(["debootstrap", "--variant=minbase", "bookworm", making, mirror], stdout=log, stderr=log,
                       check=True)
        rules = "".join(f"path-exclude {pattern}\n" for pattern in SLIM) + "path-include /usr/share/doc/*/copyright\n"
        (making / "etc/dpkg/dpkg.cfg.d/docker").write_text(rules)
        for pattern in SLIM:
            for path in making.glob(pattern.lstrip("/")):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        for listed in (making / "var/lib/apt/lists").glob("*_*"):
            listed.unlink()
        for package in (making / "var/cache/apt").glob("**/*.*"):
            if package.is_file():
                package.unlink()
    making.rename(root)
    return root


class Builder:
    """Stages by name, each a root folder below `folder`; the last one, without a name, is `image`."""

    def __init__(self, context, folder, base, arguments, compiler_cache=""):
        self.context = context
        self.folder = folder
        self.base = base
        self.arguments = arguments
        self.compiler_cache = compiler_cache
        self.ignored = dockerfile.Ignored((context / ".dockerignore").read_text())
        self.roots = {}

    def build(self, stage, reuse=False):
        """The stage's root and what its image would say of itself: {"ENV": ..., "USER": ..., ...}."""
        name = stage.name or "image"
        root = self.folder / name
        image = {"ENV": {"PATH": PATH}, "USER": "0:0", "WORKDIR": "/", "ENTRYPOINT": [], "CMD": [], "VOLUME": [],
                 "EXPOSE": [], "LABEL": {}, "STOPSIGNAL": "SIGTERM", "SHELL": ["/bin/sh", "-c"], "ARG": {}}
        self.roots[name] = root
        if reuse and root.exists():
            say(f"-- stage {name}: as it was left")
            return root, image
        shutil.rmtree(root, ignore_errors=True)
        if stage.base != "debian:bookworm-slim":
            raise dockerfile.NotUnderstood(f"stage {name} is from {stage.base}, and there is only debian:bookworm-slim")
        with Timed(f"stage {name}: base"):
            subprocess.run(["cp", "-a", "--reflink=auto", self.base, root], check=True)
        for instruction in stage.instructions:
            self.apply(root, image, instruction)
        return root, image

    def apply(self, root, image, instruction):
        kind = instruction.name
        if kind in {"ENV", "LABEL"}:
            image[kind].update(instruction.pairs())
        elif kind == "ARG":
            for name, value in instruction.pairs().items():
                image["ARG"][name] = self.arguments.get(name, value or "")
        elif kind in {"SHELL", "ENTRYPOINT", "CMD", "VOLUME"}:
            image[kind] = instruction.list()
        elif kind in {"USER", "STOPSIGNAL"}:
            image[kind] = instruction.text
        elif kind == "EXPOSE":
            image[kind] += instruction.words()
        elif kind == "HEALTHCHECK":
            image[kind] = self.health(instruction)
        elif kind == "WORKDIR":
            image[kind] = os.path.join(image[kind], instruction.text)
            self.place(root, image[kind]).mkdir(parents=True, exist_ok=True)
        elif kind == "COPY":
            with Timed(f"line {instruction.line}: COPY {instruction.text}"):
                self.copy(root, image, instruction)
        elif kind == "RUN":
            with Timed(f"line {instruction.line}: RUN {instruction.text[:60]}..."):
                self.run(root, image, instruction)
        else:
            raise dockerfile.NotUnderstood(f"line {instruction.line}: {kind}")

    @staticmethod
    def health(instruction):
        words = dockerfile.Instruction(instruction.line, "CMD", {}, instruction.text.removeprefix("CMD").strip())
        return {**instruction.flags, "CMD": words.list()}

    @staticmethod
    def place(root, path):
        return root / pathlib.PurePosixPath(path).relative_to("/")

    def copy(self, root, image, instruction):
        *sources, to = instruction.words()
        origin = self.roots[instruction.flags["from"]] if "from" in instruction.flags else None
        target = self.place(root, os.path.join(image["WORKDIR"], to))
        for source in sources:
            begin = self.place(origin, source) if origin else self.context / source
            if not begin.exists():
                raise FileNotFoundError(f"line {instruction.line}: {source} does not exist")
            if begin.is_dir():  # its content, not itself
                files = [path for path in sorted(begin.rglob("*")) if not path.is_dir() or path.is_symlink()]
                pairs = [(path, target / path.relative_to(begin)) for path in files]
            else:
                pairs = [(begin, target / begin.name if to.endswith("/") or len(sources) > 1 else target)]
            if origin is None:
                pairs = [pair for pair in pairs if not self.ignored(pair[0].relative_to(self.context))]
            if not pairs:
                raise FileNotFoundError(f"line {instruction.line}: .dockerignore leaves nothing of {source}")
            for path, place in pairs:
                self.copy_file(root, path, place)

    @staticmethod
    def copy_file(root, path, place):
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.parent.resolve().is_relative_to(root.resolve()):
            raise ValueError(f"{place} leaves the root")
        shutil.copy2(path, place, follow_symlinks=False)
        os.chown(place, 0, 0, follow_symlinks=False)

    def run(self, root, image, instruction):
        if image["USER"] != "0:0":
            raise dockerfile.NotUnderstood(f"line {instruction.line}: RUN after USER")
        variables = {**image["ARG"], **image["ENV"], "HOME": "/root"}
        command = inside(root, ["/usr/bin/env", "-i", "--chdir=" + image["WORKDIR"],
                                *(f"{name}={value}" for name, value in variables.items()), *image["SHELL"],
                                instruction.text])
        log = self.folder / f"{root.name}-line-{instruction.line}.log"
        with open(log, "w", encoding="utf-8") as output:
            status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                    check=False, env={**os.environ, "COMPILER_CACHE": self.compiler_cache}).returncode
        if status != 0:
            say("\n".join(log.read_text(errors="replace").splitlines()[-60:]))
            raise RuntimeError(f"line {instruction.line}: exit code {status}, all of it in {log}")
