"""What every section of the configuration has in common: frozen, and an unknown key is an error."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping of the configuration file. Field docstrings become the reference page and the editor's schema."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_default=False,
        hide_input_in_errors=True,
        regex_engine="rust-regex",
    )
