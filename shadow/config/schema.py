"""The JSON Schema of the configuration, for editors: completion, and the same words as the reference page."""

from typing import Any

from shadow.config.model import Configuration

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """As plain JSON. It is looser than the reading itself, which alone decides."""
    # Of the form in which the configuration is written out, so that defaults are spelled as people spell them.
    return {"$schema": DIALECT, **Configuration.model_json_schema(mode="serialization")}
