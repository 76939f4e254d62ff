"""Bindings in schemas of files (pydantic); `core.binding` is without it, for the reader of foreign networks."""

from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from livegan.core.binding import Binding, parse_binding

BindingField = Annotated[
    Binding, BeforeValidator(parse_binding), PlainSerializer(lambda binding: binding.written(), return_type=Any)
]
"""A binding in a schema: a name, or a table."""
