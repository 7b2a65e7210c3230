"""Recorded calls, compared once more: with the answers in the recording, or with those of today's implementations."""
