"""Types, by the names that annotations give them."""

from typing import Annotated, Any

Tensor = Any
"""A tensor of whatever backend, or what a backend makes one of."""

Shape = tuple[Any, ...]
"""Shape of a tensor; an axis of None is free."""

# To a type checker a size is anything, as most networks take no None.
_Size = Annotated[Any, int | None]

ImageShape = tuple[_Size, _Size, int]
"""Height, width and channels of images; a height or width of None is free."""
