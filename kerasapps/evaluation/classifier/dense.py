"""Dense evaluation: a network slides over the whole, uncropped image."""

import keras
import numpy as np

from kerasapps.errors import InputError


def dense_network(model: keras.Model) -> keras.Model:
    """Returns the network that takes images of other sizes, with the same weights.

    A network that has fully connected layers after its maps gets them as convolutions
    (`fully_convolutional`); one with global average pooling is built again for a free
    size, and without auxiliary classifiers, which training alone uses. One that already
    takes images of any size is returned as it is, so that a network which is used again
    and again need be turned only once.

    Args:
        model: A built classifier of the suite.

    Raises:
        InputError: If the classifier needs images of a fixed size.
    """
    if None in model.input_shape[1:3]:
        return model
    if hasattr(model, "fully_convolutional"):
        return model.fully_convolutional()
    config = model.get_config()
    if "input_shape" not in config:
        raise InputError(
            f"{model.name} can't be evaluated densely: it has neither "
            "fully_convolutional() nor a free input_shape"
        )
    config["input_shape"] = (None, None, model.input_shape[-1])
    if "auxiliary_classifiers" in config:
        config["auxiliary_classifiers"] = False
    try:
        network = type(model).from_config(config)
    except InputError as error:
        raise InputError(f"{model.name} can't be evaluated densely: {error}") from error
    for layer in network.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    return network


def dense_probabilities(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Classifies whole images, uncropped.

    Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
    Recognition", 2014, section 3.2: the network is applied to the whole image, and the
    map of class scores is averaged over its positions. The paper leaves open whether
    the map holds scores before or after the softmax; here they are those after it, as
    of the crops. Networks with global average pooling have no such map: they average
    before the softmax, as they always do. Where an image is as large as those of the
    training, the result is that of the plain network.

    A position of a larger image is not the same as the network on that crop, which has
    zeros around it where here the image goes on (section 3.2, too, has this to say).
    The average with the softmax of the mirrored image is the caller's.

    Args:
        model: A classifier of the suite, or what `dense_network` made of it, which
            saves turning it at each call.
        images: Images as the model takes them, float32 of shape `[batch, height, width,
            channels]`, height and width not smaller than in training.

    Returns:
        Probabilities, a float32 array of shape `[batch, num_classes]`.

    Raises:
        InputError: If the images are too small, or the classifier needs images of a
            fixed size.
    """
    network = dense_network(model)
    if len(network.output_shape) == 4:
        try:
            network.compute_output_shape(images.shape)
        except ValueError as error:
            size = "x".join(map(str, images.shape[1:3]))
            raise InputError(
                f"images of {size} are too small for {network.name}, which takes those "
                "of the size it was trained on and larger ones"
            ) from error
    logits = network.predict_on_batch(images)
    probabilities = keras.ops.softmax(logits, axis=-1)
    if len(probabilities.shape) == 4:
        probabilities = keras.ops.mean(probabilities, axis=(1, 2))
    return keras.ops.convert_to_numpy(probabilities)
