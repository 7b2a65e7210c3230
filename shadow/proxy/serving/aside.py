"""Where a decision is made: at once, or, where the messages are large, in a thread beside the event loop.

Reading 10 MB takes a good part of a second. Meanwhile every other call would wait, the probes too.
"""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")

LARGE_BYTES = 256 * 1024
"""Of request and answer together; a decision on less takes milliseconds, and a thread costs a tenth of one."""


async def aside(
    size_bytes: int, decide: Callable[_Args, _Result], *args: _Args.args, **kwargs: _Args.kwargs
) -> _Result:
    """The result of a decision that looks at so many bytes; it must be a plain function of what only this call has."""
    if size_bytes < LARGE_BYTES:
        return decide(*args, **kwargs)
    return await asyncio.to_thread(decide, *args, **kwargs)
