"""What fields of questions have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Natural = Annotated[int, Field(ge=0, le=2**53 - 1)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Projection = Annotated[
    str, Field(min_length=1, max_length=64, description="one of the card's projections")
]
Special = Annotated[
    bool, Field(description="whether names of special tokens in the text mean them")
]
