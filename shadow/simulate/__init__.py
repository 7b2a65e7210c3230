"""A cluster in memory: an API server with just enough truth, and Metacontroller's two reconcile loops.

The loops call real hooks over HTTP; what they write is kept in an audit log. Nothing in here knows the proxy.
"""

from shadow.simulate.audit import Write
from shadow.simulate.cluster import Cluster, Settled
from shadow.simulate.errors import ApiError, HookError
from shadow.simulate.kinds import Kind, Kinds
from shadow.simulate.record import SyncRecord
from shadow.simulate.release import Release
from shadow.simulate.webhook import WebhookClient

__all__ = [
    "ApiError",
    "Cluster",
    "HookError",
    "Kind",
    "Kinds",
    "Release",
    "Settled",
    "SyncRecord",
    "WebhookClient",
    "Write",
]
