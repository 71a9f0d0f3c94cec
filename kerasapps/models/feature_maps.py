"""Feature maps of a classifier, as detectors and style transfer take them."""

from collections.abc import Sequence

import keras

from kerasapps.errors import InputError, unknown_name
from kerasapps.layers.annotations import ImageShape

_PADDING = keras.layers.ZeroPadding2D
_NO_MAPS = (
    keras.layers.InputLayer,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
)


def feature_maps(
    model: keras.Model,
    maps: Sequence[str] | Sequence[int],
    input_shape: ImageShape | None = None,
) -> keras.Model:
    """Returns a model from images to some of the maps that a classifier makes of them.

        backbone = feature_maps(VGGD(weights="imagenet"), [8, 16], (None, None, 3))
        maps = backbone(images)  # {8: ..., 16: ...}

    It has the classifier's layers up to these maps, and shares their weights: training
    it trains the classifier. What the classifier's own `call` adds in training, as
    auxiliary classifiers or recomputation, it leaves out.

    A stride tells how many pixels lie between two neighbours of a map. Of all maps of a
    stride it means the last, just before the next halving. At stride 16 that is conv5
    of AlexNet, conv5_3 of VGG-16, conv4_6_relu of ResNet-50, transition3_conv of
    DenseNet-121 and block7_1_expand_swish of EfficientNet-B0. At the largest stride it
    is what the classifier flattens or averages. Any other map, and the tokens of a ViT,
    are taken by the layer's name.

    Args:
        model: A classifier of the suite, or any other functional model of one image
            that uses each layer once.
        maps: Names of layers, as `model.summary()` has them, or strides.
        input_shape: Height, width and channels of the images; by default those of the
            model. A network of convolutions takes any, though it was built for a fixed
            size; None is a free height or width.

    Returns:
        A `keras.Model`. Inputs: `image`, float32 of shape
        `[batch, height, width, channels]`. Outputs: a dictionary of the maps by what is
        in `maps`, each of shape `[batch, rows, columns, channels]`, of the layers'
        compute dtype.

    Raises:
        InputError: If there are no such maps, or they can't be made of images of this
            shape.
    """
    names = {key: _name(model, key) for key in maps}
    outputs = {key: model.get_layer(name).output for key, name in names.items()}
    tapped = keras.Model(model.input, outputs, name=f"{model.name}_feature_maps")
    if input_shape is None:
        return tapped
    image = keras.Input(input_shape, name="image", dtype="float32")
    try:
        resized = keras.models.clone_model(tapped, image, lambda layer: layer)
    # Layers of a fixed size say so in many ways.
    except Exception as error:
        raise _fixed(model, input_shape) from error
    if None in input_shape and not all(
        None in tensor.shape[1:] for tensor in resized.output.values()
    ):
        raise _fixed(model, input_shape)
    return resized


def _fixed(model, input_shape):
    size = "x".join("any" if n is None else str(n) for n in input_shape[:2])
    return InputError(
        f"the maps of {model.name} can't be made of images of {size} pixels; leave out "
        f"input_shape, or build the model for that size",
        argument="input_shape",
    )


def _name(model, key):
    """Returns the name of the layer that makes the maps."""
    if isinstance(key, int):
        last = _last_of_each_stride(model)
        if key not in last:
            raise InputError(
                f"{model.name} has no maps of stride {key}; give one of "
                f"{', '.join(map(str, sorted(last)))}",
                argument="maps",
            )
        return last[key]
    layers = [layer.name for layer in model.layers]
    if key not in layers:
        raise unknown_name(f"layer of {model.name}", key, layers, argument="maps")
    return key


def _last_of_each_stride(model):
    """Returns the names of the layers by the strides whose last maps they make."""
    strides, last = {id(model.input): (1, 1)}, {}
    for operation in model.operations:
        inputs = keras.tree.flatten(operation.input)
        # A gate of one number a channel has no stride; all that meet else agree.
        before = [strides[id(x)] for x in inputs if id(x) in strides]
        output = operation.output
        if isinstance(operation, _NO_MAPS) or not before or len(output.shape) != 4:
            continue
        own = getattr(operation, "strides", 1)
        own = (own, own) if isinstance(own, int) else own
        rows, columns = (n * m for n, m in zip(before[0], own, strict=True))
        strides[id(output)] = rows, columns
        # Maps that are only padded are no others.
        is_layer = isinstance(operation, keras.layers.Layer)
        if is_layer and rows == columns and not isinstance(operation, _PADDING):
            last[rows] = operation.name
    return last
