"""The bill of materials: valid CycloneDX that lists what the lock installs, with the hashes of the lock."""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCKED = re.compile(r"^([a-z0-9-]+)==([^\s;]+).*?\n((?:    --hash=\S+.*\n?)+)", re.MULTILINE)


def test_it_is_valid_and_lists_every_locked_package(tmp_path: Path):
    written = tmp_path / "sbom.json"
    script = ROOT / "requirements" / "sbom.sh"  # which validates what it wrote
    subprocess.run([script, written], check=True, capture_output=True, timeout=100)
    listed = {
        (part["name"], part["version"]): {
            hash["content"] for reference in part["externalReferences"] for hash in reference["hashes"]
        }
        for part in json.loads(written.read_text())["components"]
    }
    lock = (ROOT / "requirements" / "run.txt").read_text()
    locked = {
        (name, version): set(re.findall("--hash=sha256:([0-9a-f]+)", hashes))
        for name, version, hashes in LOCKED.findall(lock)
    }
    assert len(locked) == len(re.findall("^[a-z]", lock, re.MULTILINE)) > 30
    assert listed == locked
