"""The compare process: comparing costs as much as serving a call, and must never be felt by one."""
