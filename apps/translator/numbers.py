"""What fits numbers in words: the papers' sizes would take hours to train."""

# Of each model the arguments of a small one.
_SMALL = {
    "seq2seqlstm": ("embedding_size=64", "units=128", "num_layers=2"),
    "rnnencdec": ("embedding_size=64", "units=96", "maxout_units=64"),
    "rnnsearch": (
        *("embedding_size=64", "units=96", "maxout_units=64"),
        "alignment_units=64",
    ),
    "transformer": ("num_layers=2", "d_model=64", "d_ff=256", "num_heads=4"),
}


def defaults(model: str) -> dict:
    """Returns the defaults of flags where numbers are learned, by their names.

    Args:
        model: The model's name, as --model has it.
    """
    found = {"vocabulary_size": 150, "tokens_per_batch": 1024, "epochs": 10}
    if model in _SMALL:
        found |= {"schedule": "cosine", "model_options": [*_SMALL[model]]}
    if model in _SMALL and model != "transformer":
        found["learning_rate"] = 3e-3
    return found
