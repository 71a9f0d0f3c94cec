"""How translators search and are evaluated."""
