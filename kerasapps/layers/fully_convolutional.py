"""Networks that slide over images of any size."""

import keras


def fully_convolutional(network: keras.Model) -> keras.Model:
    """Turns the fully connected layers of a network into convolutions.

    Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
    Recognition", 2014, section 3.2.

    The first one becomes a convolution of the size of the maps that it sees, the
    others 1x1 convolutions; so the network can slide over images that are larger than
    those it was trained on.

    Args:
        network: A built chain of layers: convolutions, `Flatten` and `Dense` layers.

    Returns:
        A `keras.Model` from images `[batch, height, width, channels]`, of any size from
        that of `network` on, to class scores `[batch, rows, columns, num_classes]`, its
        logits at each position. It has a copy of the weights.
    """
    image = keras.Input(
        (None, None, network.input_shape[-1]), name="image", dtype="float32"
    )
    x, shape, window = image, network.input_shape, 1
    for layer in network.layers[1:]:
        if isinstance(layer, keras.layers.Flatten):
            window = shape[1:3]
        shape = layer.compute_output_shape(shape)
        if isinstance(layer, keras.layers.Flatten):
            continue
        if isinstance(layer, keras.layers.Dense):
            again = keras.layers.Conv2D(
                layer.units,
                window,
                activation=layer.activation,
                kernel_initializer="zeros",
                name=layer.name,
                dtype=layer.dtype_policy,
            )
            window = 1
        else:
            again = type(layer).from_config(layer.get_config())
        x = again(x)
        for new, old in zip(again.weights, layer.weights, strict=True):
            new.assign(keras.ops.reshape(old, new.shape))
    return keras.Model(image, x, name=f"{network.name}_fully_convolutional")
