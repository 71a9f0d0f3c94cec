"""Text and pairs of sentences."""
