"""How a report's window is spelled: a duration that counts back from now, or an instant."""

from datetime import UTC, datetime

from shadow.config.scalars import seconds


def parse_instant(text: str, now: float) -> float:
    """`1h` is an hour ago; else RFC 3339, taken as UTC where it names no offset.

    Args:
        text: `90s`, `1h`, `7d`, `2027-01-31`, `2027-01-31T08:00:00Z`.
        now: unix seconds.

    Returns:
        Unix seconds.

    Raises:
        ValueError: it is neither; the text is one line fit for a person.
    """
    try:
        return now - seconds(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
        seconds_since_1970 = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        seconds_since_1970 = -1.0
    if seconds_since_1970 < 0:
        raise ValueError(f"must be a duration such as 1h or 7d, or a time such as 2027-01-31T08:00:00Z, not {text!r}")
    return seconds_since_1970


def instant(at: float | None) -> datetime | None:
    """Unix seconds as the report's times are written: UTC, to the millisecond."""
    return None if at is None else moment(at)


def moment(at: float) -> datetime:
    """The same of a time that is known."""
    return datetime.fromtimestamp(round(at, 3), UTC)
