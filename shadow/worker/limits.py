"""What a process that works for the proxy imposes on itself: to lose every contest with it. Outside Linux, less."""

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


def step_back(memory_bytes: int, name: str = "shadow-compare") -> None:
    """Idle priority, first to be killed when memory runs out, bounded in memory, ended with the parent.

    Idle priority rather than a thread or a nice process: JSON parsing holds the GIL, and a nice process still gets its
    slices while a call waits.
    """
    _lower_priority()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    with contextlib.suppress(ValueError, OSError):  # already bounded more tightly
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    if sys.platform == "linux":
        _end_with_parent(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the proxy, which then closes our pipe


def _lower_priority() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            return
    os.nice(19)


def _end_with_parent(name: str) -> None:
    """Even amid a comparison, when nobody is reading the pipe whose end would tell."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
    prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()), 0, 0, 0)


def cap_cpu(seconds: float) -> None:
    """Have the kernel end this process with SIGPROF after so much more CPU time; 0 lifts the cap.

    CPU time, not time on the clock: at idle priority a comparison may wait for long without doing anything wrong.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
