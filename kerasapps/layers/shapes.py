"""Shapes, by the names that annotations give them."""

ImageShape = tuple[int | None, int | None, int]
"""Height, width and channels of images; a height or width of None is free."""
