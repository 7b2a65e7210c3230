"""The tutorial, followed word for word: every file saved, every command typed, everything seen that it shows."""

import os
import re
import sys
from pathlib import Path

from tests.docs.walkthrough import Save, Terminal, Type, steps
from tests.proxy.running import free_port

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs/tutorial/first-migration.md"


def test_the_first_migration_goes_as_it_says(tmp_path: Path):
    ports = {port: str(free_port()) for port in ("8080", "8081", "9090")}
    page = re.sub(r"\b(8080|8081|9090)\b", lambda found: ports[found[0]], TUTORIAL.read_text())
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SHADOW_CONTROL": f"http://127.0.0.1:{ports['9090']}",
        "COLUMNS": "120",
    }
    followed = steps(page)
    assert sum(isinstance(step, Type) for step in followed) > 15
    with Terminal(tmp_path, environment) as terminal:
        for step in followed:
            if isinstance(step, Save):
                (tmp_path / step.name).write_text(step.text)
            else:
                terminal.follow(step)
