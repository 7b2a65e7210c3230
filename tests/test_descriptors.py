"""Limits of a process are its own, so each test has one."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource
from shadow import descriptors
soft, hard = {limits}
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
descriptors.claim()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], descriptors.most())
"""


@pytest.mark.parametrize(("limits", "expected"), [((256, 512), "512 512"), ((512, 512), "512 512")], ids=str)
def test_as_many_as_are_allowed_are_claimed(limits: tuple[int, int], expected: str):
    script = SCRIPT.format(limits=limits)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == expected
