"""SavedModels that the training apps exported."""

from pathlib import Path

from kerasapps.errors import InputError


def folder(model: str, app: str) -> str:
    """Returns the folder of a SavedModel.

    Args:
        model: It itself, or that of numbered versions, of which the newest is taken.
        app: The app that exports such, for the error.

    Raises:
        InputError: If there is none.
    """
    found = (path.parent for path in Path(model).glob("*/saved_model.pb"))
    versions = [path for path in found if path.name.isdigit()]
    if Path(model, "saved_model.pb").is_file():
        return model
    if versions:
        return str(max(versions, key=lambda path: int(path.name)))
    raise InputError(
        f"no SavedModel in --model={model}; give a folder in saved_models/, such as "
        f"`python -m apps.{app}` writes"
    )


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
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"the SavedModel in {folder!r} can't be loaded, it is damaged; export it "
            "again"
        ) from error
    found = loaded.signatures.get("serving_default")
    if found is None or takes not in found.structured_input_signature[1]:
        raise InputError(
            f"the SavedModel in {folder!r} is no {kind}; export one with "
            f"`python -m apps.{app}`"
        )
    # It lives only as long as its model does.
    found.model = loaded
    return found
