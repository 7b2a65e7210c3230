"""The composition root of the proxy: the only place where its parts are put together, started and ended."""

from shadow.app.start import serve

__all__ = ["serve"]
