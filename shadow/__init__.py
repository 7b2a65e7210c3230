"""shadow: the dual-mode proxy between Metacontroller and two implementations of one hook."""

__version__ = "0.1.0"
