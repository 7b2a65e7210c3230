"""What the campaign's command line takes."""

import subprocess
import sys


def test_words_that_name_no_fault_are_refused_with_those_that_there_are():
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults", "hang", "nosuch"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "no fault has 'nosuch' in its name; there are: an implementation hangs," in ended.stderr
