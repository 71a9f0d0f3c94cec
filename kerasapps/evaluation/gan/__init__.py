"""How generators are evaluated."""
