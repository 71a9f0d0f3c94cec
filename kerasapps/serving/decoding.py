"""Images as they come to a SavedModel."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from kerasapps.data.images.dataset import MAX_PIXELS
from kerasapps.data.images.encoded import decode_png_or_jpeg

# All that is read of a header, but for what GIF and JPEG have farther on.
_HEADER_BYTES = 70
# Of red, green and blue, in the one order of 32 bits that TensorFlow reads.
_BMP_MASKS = (0xFF0000, 0xFF00, 0xFF)
_BMP_PALETTE = 256


def preprocess(
    pixels: tf.Tensor, preprocessing: Callable[[tf.Tensor], tf.Tensor]
) -> tf.Tensor:
    """Returns what a network takes, of images whose channels only a request tells.

    Args:
        pixels: uint8 `[batch, height, width, channels]` with 1, 3 or 4 channels (grey,
            RGB, RGBA); alpha is dropped.
        preprocessing: The network's.
    """
    return tf.cond(
        tf.shape(pixels)[-1] < 3,
        lambda: preprocessing(_first_channels(pixels, 1)),
        lambda: preprocessing(_first_channels(pixels, 3)),
    )


def decode_and_preprocess(
    image_bytes: tf.Tensor,
    preprocessing: Callable[[tf.Tensor], tf.Tensor],
    shape: Sequence[int],
    max_pixels: int = MAX_PIXELS,
) -> tf.Tensor:
    """The same of encoded images, each of its own size.

    Args:
        image_bytes: string `[batch]`: encoded images as `decode` takes them.
        preprocessing: The network's.
        shape: `(height, width, channels)` that the network takes.
        max_pixels: As in `decode`.
    """

    def one(encoded):
        pixels = decode(encoded, max_pixels)
        return preprocess(pixels[tf.newaxis], preprocessing)[0]

    # One by one: their sizes differ until they are preprocessed.
    return tf.map_fn(
        one, image_bytes, fn_output_signature=tf.TensorSpec(shape, tf.float32)
    )


def decode(encoded: tf.Tensor, max_pixels: int = MAX_PIXELS) -> tf.Tensor:
    """Decodes an image in TensorFlow ops; its size is looked at before.

    Args:
        encoded: A string: PNG, JPEG, GIF, of which the first frame is taken, or BMP of
            8 bits with a palette, 24 or 32 bits.
        max_pixels: Height times width at most.

    Returns:
        uint8 `[height, width, channels]` with 1 to 4 channels. Grey ones of two
        channels and coloured ones of four have their alpha last. Of 16 bits the higher
        eight are taken.

    Raises:
        tf.errors.InvalidArgumentError: When it runs, if the image is larger, is damaged
            or is of another kind; with what `refusal` finds, but where it is damaged.
    """
    header = tf.cast(
        tf.io.decode_raw(encoded, tf.uint8, fixed_length=_HEADER_BYTES), tf.int64
    )

    def begins_with(signature):
        return tf.reduce_all(header[: len(signature)] == list(signature))

    def png():
        with _within(_big_endian(header, 16), _big_endian(header, 20), max_pixels):
            return _decoded(encoded)

    def jpeg():
        height, width, _ = tf.unstack(tf.image.extract_jpeg_shape(encoded, tf.int32))
        with _within(width, height, max_pixels):
            return decode_png_or_jpeg(tf.identity(encoded))

    def other():
        with _asserted(
            False, "an image is none of PNG, JPEG, GIF and BMP, or is cut off"
        ):
            return tf.zeros([0, 0, 3], tf.uint8)

    # One in the other, as `tf.case` would hold all conditions against each other.
    return tf.cond(
        begins_with(b"\x89PNG\r\n\x1a\n"),
        png,
        lambda: tf.cond(
            begins_with(b"\xff\xd8\xff"),
            jpeg,
            lambda: tf.cond(
                begins_with(b"BM"),
                lambda: _decode_bmp(encoded, header, max_pixels),
                lambda: tf.cond(
                    begins_with(b"GIF8"),
                    lambda: _decode_gif(encoded, header, max_pixels),
                    other,
                ),
            ),
        ),
    )


def refusal(error: tf.errors.InvalidArgumentError) -> str | None:
    """Returns why `decode` refused an image; None if it was only found damaged.

    Args:
        error: What came of it.
    """
    _, found, rest = str(error.message).partition("assertion failed: [")
    return rest.partition("]")[0] if found else None


def _decode_bmp(encoded, header, max_pixels):
    """Returns the pixels of a BMP, of which TensorFlow would return palette indices."""
    # Lines from the top down have a negative height.
    width, height = (
        tf.bitcast(tf.cast(_little_endian(header, place), tf.uint32), tf.int32)
        for place in (18, 22)
    )
    header_size, compression = (_little_endian(header, place) for place in (14, 30))
    bits = _little_endian(header, 28, 2)
    masks = [_little_endian(header, place) for place in (54, 58, 62)]
    plain = compression == 0
    usual_masks = (compression == 3) & tf.reduce_all(tf.stack(masks) == _BMP_MASKS)
    is_readable = (header_size >= 40) & (
        (plain & ((bits == 8) | (bits == 24))) | ((bits == 32) & (plain | usual_masks))
    )

    def through_palette():
        used = _little_endian(header, 46)
        colours = tf.where(used == 0, tf.constant(_BMP_PALETTE, tf.int64), used)
        stored = tf.strings.substr(encoded, 14 + header_size, 4 * colours)
        palette = tf.io.decode_raw(stored, tf.uint8, fixed_length=4 * _BMP_PALETTE)
        indices = tf.cast(tf.io.decode_bmp(encoded)[..., 0], tf.int64)
        with _asserted(
            tf.reduce_all(indices < colours), "a BMP has colours beyond its palette"
        ):
            # Stored as blue, green, red and nothing.
            return tf.gather(tf.reshape(palette, [-1, 4])[:, 2::-1], indices)

    with (
        _asserted(
            is_readable,
            "a BMP needs 8, 24 or 32 bits a pixel, without compression; it has ",
            tf.strings.as_string(bits),
            " and compression ",
            tf.strings.as_string(compression),
        ),
        _within(width, tf.abs(height), max_pixels),
    ):
        return tf.cond(
            bits == 8, through_palette, lambda: tf.io.decode_bmp(encoded)[..., :3]
        )


def _decode_gif(encoded, header, max_pixels):
    """Returns the pixels of the first frame of a GIF; the others aren't decoded."""
    content = tf.io.decode_raw(encoded, tf.uint8)
    size = tf.shape(content)[0]

    def value(position, count=1):
        places = tf.minimum(position + tf.range(count), size - 1)
        return tf.cast(_sum(tf.cast(tf.gather(content, places), tf.int64)), tf.int32)

    def table_size(flags):
        return tf.where(flags >= 128, 3 * 2 ** (flags % 8 + 1), 0)

    # Block by block to the end of the first frame. `frame` is where that one begins.
    def step(position, in_data, frame):
        byte = value(position)
        begins_frame = ~in_data & (byte == 0x2C)
        after = tf.where(
            in_data,
            position + 1 + byte,
            # An extension has its kind before the data, a frame its place, its size,
            # its palette and the bits of its codes.
            position + tf.where(begins_frame, 11 + table_size(value(position + 9)), 2),
        )
        frame = tf.where(begins_frame, position, frame)
        is_block = begins_frame | (byte == 0x21)
        return after, tf.where(in_data, byte > 0, is_block), frame

    def goes_on(position, in_data, frame):
        begins = in_data | (value(position) == 0x21) | (value(position) == 0x2C)
        # Not beyond the end of the first frame.
        return (position < size) & tf.where(frame > 0, in_data, begins)

    start = 13 + table_size(tf.cast(header[10], tf.int32))
    end, _, frame = tf.while_loop(goes_on, step, [start, tf.constant(False), 0])
    place = [value(frame + offset, 2) for offset in (1, 3, 5, 7)]
    screen = [_little_endian(header, offset, 2) for offset in (6, 8)]
    fills = tf.reduce_all(
        tf.stack(place) == tf.cast(tf.stack([0, 0, *screen]), tf.int32)
    )
    with (
        _asserted((frame > 0) & (end <= size), "a GIF is cut off in its first frame"),
        _asserted(fills, "the first frame in a GIF is another size than its picture"),
        _within(place[2], place[3], max_pixels),
    ):
        return _decoded(tf.strings.substr(encoded, 0, end) + b";")


def _decoded(encoded):
    return tf.io.decode_image(encoded, expand_animations=False)


def _little_endian(header, place, count=4):
    return _sum(header[place : place + count])


def _big_endian(header, place):
    return _sum(header[place : place + 4][::-1])


def _sum(digits):
    """Returns the number of which these are the bytes, the last one first."""
    places = 256 ** tf.range(tf.shape(digits, tf.int64)[0])
    return tf.reduce_sum(digits * places)


def _within(width, height, max_pixels):
    """Returns the context in which an image is known to be small enough."""
    width, height = tf.cast(width, tf.int64), tf.cast(height, tf.int64)
    # Each by itself as well: the product of two crafted numbers may overflow.
    fits = tf.reduce_all(
        [width <= max_pixels, height <= max_pixels, width * height <= max_pixels]
    )
    return _asserted(
        fits,
        "an image has ",
        tf.strings.as_string(width),
        "x",
        tf.strings.as_string(height),
        f" pixels, more than the {max_pixels} that the model takes",
    )


def _asserted(condition, *message):
    """Returns the context in which a condition is known to hold."""
    assertion = tf.debugging.Assert(condition, [tf.strings.join(message)])
    # Eagerly it has been run.
    return tf.control_dependencies([] if assertion is None else [assertion])


def _first_channels(pixels, channels):
    """Returns the first channels, their number known when the graph is built."""
    return tf.ensure_shape(pixels[..., :channels], [None, None, None, channels])
