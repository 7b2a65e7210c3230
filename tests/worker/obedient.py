"""A compare process that does what a pair's request says: the real loop and limits around a comparison made up."""

import os
import resource
import sys
import time
from pathlib import Path

from shadow.compare.model import Comparison, Pair
from shadow.terms import Outcome
from shadow.worker.frames import Setup
from shadow.worker.serve import serve


class Obedient:
    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.rules: dict[str, bytes] = {}

    def set_rules(self, digest: str, rules: bytes) -> None:
        self.rules[digest] = self.rules.get(digest, b"") + rules

    def forget_rules(self, digest: str) -> None:
        del self.rules[digest]

    def compare(self, pair: Pair) -> Comparison:
        order, _, argument = pair.request.decode().partition(" ")
        said = getattr(self, order)(pair, argument)
        return Comparison(
            pair.id, Outcome.MATCHED, said, "steady", (), (), (), (), pair.old.body, pair.new.body, cpu_seconds=0.25
        )

    def match(self, pair: Pair, argument: str) -> str | None:
        return argument or None

    def key(self, pair: Pair, argument: str) -> str:
        return f"{self.setup.redaction_key.decode()} {self.setup.redaction_paths}"

    def named_rules(self, pair: Pair, argument: str) -> str:
        return self.rules[pair.rules_digest].decode()

    def show(self, pair: Pair, argument: str) -> str:
        print("a stray line")  # noqa: T201
        return argument

    def crash(self, pair: Pair, argument: str) -> str:
        os._exit(3)

    def fail(self, pair: Pair, argument: str) -> str:
        raise ValueError(argument)

    def burn(self, pair: Pair, argument: str) -> str:
        while True:
            pass

    def sleep(self, pair: Pair, argument: str) -> str:
        time.sleep(float(argument))
        return "woke"

    def hoard(self, pair: Pair, argument: str) -> str:
        return str(len(bytes(8 << 30)))

    def babble(self, pair: Pair, argument: str) -> str:
        for descriptor in range(3, 32):
            try:
                os.write(descriptor, b"\xff" * 64)
            except OSError:
                continue
        return argument

    def status(self, pair: Pair, argument: str) -> str:
        idle = os.sched_getscheduler(0) == os.SCHED_IDLE
        memory = resource.getrlimit(resource.RLIMIT_AS)[0]
        adjusted, name = (Path("/proc/self", file).read_text().strip() for file in ("oom_score_adj", "comm"))
        return f"{idle} {adjusted} {memory} {name}"

    def environment(self, pair: Pair, argument: str) -> str:
        return str(sorted(name for name in os.environ if name.startswith("SHADOW_")))

    def loaded(self, pair: Pair, argument: str) -> str:
        return " ".join(name for name in argument.split() if name in sys.modules)


if __name__ == "__main__":
    serve(Obedient)
