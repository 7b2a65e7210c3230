"""Traces by OpenTelemetry: spans are made by hand, after the call, off the path of the answer."""

from shadow.telemetry.record import AskedImplementation, TracedCall
from shadow.telemetry.telemetry import Telemetry
from shadow.telemetry.trace import TraceContext, begin

__all__ = ["AskedImplementation", "Telemetry", "TraceContext", "TracedCall", "begin"]
