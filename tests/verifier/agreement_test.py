#!/usr/bin/env python3
"""agreement_test.py MAKE_DECISIONS: both verifiers say the same of the same decisions, good and bad."""
import collections
import pathlib
import subprocess
import sys
import tempfile

import verify_decision

COUNT = 2000


def verdict(path):
    try:
        verify_decision.verify(path.read_bytes())
        return "ok", ""
    except verify_decision.Broken as broken:
        return "bad", ": ".join(broken.args)


def main():
    script = pathlib.Path(verify_decision.__file__)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.argv[1], name, str(COUNT)], check=True)

        def exit_code(*words):
            return subprocess.run([sys.executable, script, *words], stdout=subprocess.DEVNULL, check=False).returncode

        head = (folder / "head.txt").read_text()
        failures = []
        if exit_code("--head", head, folder / "chain") != 0:
            failures.append("the chain does not verify")
        if exit_code("--json", "--head", "0" * 64, folder / "chain") != 9:
            failures.append("a wrong head was not seen")

        counts = collections.Counter()
        for line in (folder / "expected.txt").read_text().splitlines():
            file, expected = line.split()
            said, why = verdict(folder / "each" / file)
            counts[expected] += 1
            if expected != "any" and said != expected:
                failures.append(f"{file}: the program says {expected}, this verifier {said} {why}")

        # Bytes changed without a new seal; the chain with a file gone.
        files = sorted((folder / "chain").glob("*.json"))
        data = files[0].read_bytes()
        for at in range(0, len(data), 97):
            (folder / "one.json").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            counts["flipped"] += 1
            if verdict(folder / "one.json")[0] != "bad":
                failures.append(f"byte {at} changed, and it verifies")
        files[3].unlink()
        if exit_code(folder / "chain") != 9:
            failures.append("a missing file was not seen")
    print(f"{COUNT} decisions changed and sealed again: {dict(counts)}; {len(failures)} disagreements")
    print("\n".join(failures[:20]))
    return 1 if failures or counts["ok"] < 100 or counts["bad"] < 500 else 0


if __name__ == "__main__":
    sys.exit(main())
