"""The flags of training a classifier."""

from absl import flags

from apps.run import common_flags


def define(values: flags.FlagValues, **defaults) -> None:
    """Defines the flags of apps.train_classifier.

    Args:
        values: The app's flags.
        **defaults: Those that the app has other than apps.train_classifier, by name.
    """
    usual = {
        "model": "lenet5",
        "dataset": "digits",
        "learning_rate": 4e-3,
        "schedule": "cosine",
    }
    common_flags.define(values, **usual | defaults)
    flags.DEFINE_list(
        "input_shape",
        None,
        "Height, width and channels of the input; the model's own.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "num_classes",
        None,
        "Classes; the data set's own.",
        2,
        flag_values=values,
    )
    flags.DEFINE_string(
        "train_split",
        None,
        "Split of TensorFlow Datasets to train on.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "validation_split",
        None,
        "Split to validate on.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "augment",
        ["pad_and_crop:1"],
        "Augmentations in their order, with settings: random_crop:256:480, "
        "random_resized_crop:0.08:1, pad_and_crop:4, reflection, pca_colour_shift:0.1, "
        "rotation:15, translation:2, cutout:8, elastic_distortion:34:4. Empty: none.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "shorter_side",
        None,
        "Evaluate and serve the centre of the image, its shorter side resized to this, "
        "as in 256; default: the whole image, squeezed to the input's size.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "normalize",
        "deviation",
        ["deviation", "mean"],
        "Whether each channel of the images is brought to mean 0 and deviation 1, or "
        "only to mean 0, as AlexNet, GoogLeNet and VGG have it.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "scale",
        None,
        "Factors of the model's depth, width and resolution, as in 1.2,1.1,1.15.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "label_smoothing",
        0.0,
        "Label smoothing of cross-entropy.",
        0,
        1,
        flag_values=values,
    )
    flags.register_validator(
        "label_smoothing",
        lambda smoothing: smoothing < 1,
        "needs a number from 0 to below 1",
        flag_values=values,
    )
