"""Calls kept in files that travel: written beside the proxy by a process of their own, read by `shadow replay`."""
