"""Which images of a folder a run has held out, kept with the run."""

import hashlib
import json
from pathlib import Path

from kerasapps.data.images.dataset import ImageDataset
from kerasapps.errors import InputError
from kerasapps.replacing import replacing

_FILE = "held_out.json"


def facts(data: ImageDataset) -> dict[str, str]:
    """Returns what tells these images from others, for `Checkpoint`; fit for JSON.

    Args:
        data: What a run learns from.
    """
    if data.held_out is None:
        return {}
    digest = hashlib.sha256(json.dumps(data.held_out).encode()).hexdigest()
    return {"images held out": digest}


def write(directory: str | Path, data: ImageDataset) -> None:
    """Writes the list, where images were parted from those to learn from.

    Args:
        directory: The run directory.
        data: What the run learned from.
    """
    path = Path(directory, _FILE)
    if data.held_out is None:
        path.unlink(missing_ok=True)
        return
    with replacing(path) as partial:
        # In ASCII: the names of files may not even be UTF-8.
        partial.write_text(json.dumps(data.held_out, indent=0))


def read(directory: str | Path) -> tuple[str, ...] | None:
    """Returns the list as `folder.load` takes it; None where there is none.

    Args:
        directory: The run directory.

    Raises:
        InputError: If it can't be read, or is damaged.
    """
    path = Path(directory, _FILE)
    try:
        found = json.loads(path.read_bytes())
        if not isinstance(found, list) or not all(isinstance(n, str) for n in found):
            raise ValueError
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is no list of images that a run has held out; train again"
        ) from error
    return tuple(found)
