"""A `.keras` file that runs code where it is loaded without Keras's safe mode."""

import keras


def write_keras_file(path, marker):
    """Writes to `path` a real model whose code makes the file `marker`."""
    name = str(marker)
    code = keras.layers.Lambda(lambda x: (open(name, "w").close(), x)[1])
    model = keras.Sequential([keras.Input([2]), code, keras.layers.Dense(1)])
    model.save(path)
    # To build it has run the code. So does loading it:
    marker.unlink()
    keras.saving.load_model(path, safe_mode=False)
    marker.unlink()
