"""SavedModels that the training apps exported."""

from pathlib import Path

from kerasapps.errors import InputError
from kerasapps.serving import checksums

# By what they take, the signatures of what is exported with the dtype and the rank of
# what these return.
_SIGNATURES = {
    "image_bytes": {
        "serving_default": {"class_names": ("string", 2), "probabilities": ("float", 2)}
    },
    "sentences": {
        "serving_default": {"translations": ("string", 1), "scores": ("float", 1)},
        "n_best": {"translations": ("string", 2), "scores": ("float", 2)},
    },
}


def folder(model: str, app: str) -> str:
    """Returns the folder of a SavedModel.

    Args:
        model: It itself, or that of numbered versions, of which the newest is taken.
        app: The app that exports such, for the error.

    Raises:
        InputError: If there is none, or it isn't as it was written.
    """
    if not model:
        raise InputError(
            f"--model is empty; give a folder in saved_models/, such as `python -m "
            f"apps.{app}` writes"
        )
    if Path(model, "saved_model.pb").is_file():
        checksums.check(Path(model))
        return model
    # The names that TensorFlow Serving takes. Of a damaged one any of these is left.
    kept = [
        path
        for path in Path(model).glob("*/")
        if (path / "saved_model.pb").is_file() or (path / checksums.FILE).is_file()
    ]
    versions = [p for p in kept if p.name.isascii() and p.name.isdigit()]
    if not versions:
        raise InputError(
            f"no SavedModel in --model={model}; give a folder in saved_models/, such "
            f"as `python -m apps.{app}` writes"
        )
    newest = max(versions, key=lambda path: int(path.name))
    checksums.check(newest)
    return str(newest)


def signature(folder: str, takes: str, kind: str, app: str):
    """Returns the default signature of a SavedModel.

    Args:
        folder: Its folder.
        takes: The signature's input.
        kind: What it should be, for the error.
        app: The app that exports such, for the error.

    Raises:
        InputError: If it is damaged, or it is another kind.
    """
    # Imported only now, as it takes seconds: help and errors come at once.
    import apps.run.quiet_tensorflow  # noqa: F401, I001
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(folder)
        signatures = dict(loaded.signatures)
    # Of any type: a damaged or a foreign program fails anywhere.
    except Exception as error:
        raise InputError(
            f"the SavedModel in {folder!r} can't be loaded, it is damaged or none; "
            "export it again"
        ) from error
    for name, returns in _SIGNATURES[takes].items():
        if name not in signatures or not _is(signatures[name], takes, returns):
            raise InputError(
                f"the SavedModel in {folder!r} is no {kind}; export one with "
                f"`python -m apps.{app}`"
            )
    found = signatures["serving_default"]
    # It lives only as long as its model does.
    found.model = loaded
    return found


def _is(signature, takes, returns):
    """Returns whether a signature takes strings alone, and returns such."""
    inputs = signature.structured_input_signature[1]
    if set(inputs) != {takes} or inputs[takes].dtype.name != "string":
        return False
    outputs = signature.structured_outputs
    return all(
        name in outputs
        and outputs[name].dtype.name.startswith(dtype)
        and outputs[name].shape.rank in (None, rank)
        for name, (dtype, rank) in returns.items()
    )
