"""What every section of the configuration has in common, and how a value gets its spelling and its errors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class Section(BaseModel):
    """A mapping of the configuration file. Field docstrings become the reference page and the editor's schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True, eq=False)  # hashed by typing, which a schema is not
class Spelled:
    """Metadata of a field's type: how its text is read and written, and what an editor is told of it.

    Attributes:
        read: From the plain value of the file; raises what `fault` makes.
        write: Back to the plain value, so that defaults and digests show what people write.
        schema: The JSON Schema.
    """

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    schema: dict[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self.write)
        return core_schema.no_info_plain_validator_function(self.read, serialization=written)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self.schema)


def fault(message: str) -> PydanticCustomError:
    """An error whose text is ours: `shadow.config.problems` shows it as it is."""
    return PydanticCustomError("fault", "{message}", {"message": message})


def shown(value: object) -> str:
    """A value as an error may repeat it: short, and on one line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
