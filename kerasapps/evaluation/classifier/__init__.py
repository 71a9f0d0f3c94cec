"""How classifiers are evaluated."""
