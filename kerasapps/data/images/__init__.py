"""Images, and what is told of them."""
