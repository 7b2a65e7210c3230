"""A decision on large messages is made beside the event loop, and is the same decision."""

import asyncio
import threading

from shadow.proxy.serving.aside import LARGE_BYTES, aside


async def test_small_messages_are_decided_on_at_once_and_large_ones_in_another_thread():
    here = threading.get_ident()
    assert await aside(LARGE_BYTES - 1, threading.get_ident) == here
    assert await aside(LARGE_BYTES, threading.get_ident) != here


async def test_others_get_their_turn_while_a_large_decision_is_made():
    reached = threading.Event()
    decision = asyncio.create_task(aside(LARGE_BYTES, reached.wait, 30))
    await asyncio.sleep(0)  # it has begun
    reached.set()  # which nobody could do if it held up the loop
    assert await decision
