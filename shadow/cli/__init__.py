"""The command `shadow`: one module a command, each with `register` and `run`. Only this room prints."""

from shadow.cli.main import main

__all__ = ["main"]
