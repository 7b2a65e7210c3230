"""How many file descriptors this process may have: a connection costs one, and so does a file that the store opens."""

import resource

_ENOUGH = 65_536
"""More would be of no use: some systems allow a thousand million, and bound nothing by it."""


def claim() -> None:
    """Raise the soft limit, 1,024 on many systems for the sake of programs that use `select`, to what is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most() -> int:
    """That there can be at once."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _ENOUGH if soft == resource.RLIM_INFINITY else min(soft, _ENOUGH)
