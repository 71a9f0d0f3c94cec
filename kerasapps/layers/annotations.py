"""Types, by the names that annotations give them."""

from typing import Any

Tensor = Any
"""A tensor of whatever backend, or what a backend makes one of."""

Shape = tuple[Any, ...]
"""Shape of a tensor; an axis of None is free."""

ImageShape = tuple[Any, Any, int]
"""Height, width and channels of images; a height or width of None is free."""
