"""A user's own folder as a data set: `folder:PATH`."""

import hashlib
import os
import re

_KIND = "folder:"


def is_own_folder(dataset: str) -> bool:
    """Returns whether a data set is a user's own folder.

    Args:
        dataset: The data set, for example "folder:PATH" or "digits".
    """
    return dataset.startswith(_KIND)


def path_of(dataset: str) -> str:
    """Returns the folder of a data set, as it was written.

    Args:
        dataset: The data set, `folder:PATH`.
    """
    return dataset.removeprefix(_KIND)


def resolved(dataset: str) -> str:
    """Returns a data set so that it reads the same wherever it is named.

    Args:
        dataset: The data set. That of a folder gets its whole path, without links;
            another stays as it is.
    """
    path = path_of(dataset)
    # There is no such path; the loader says so.
    if not is_own_folder(dataset) or not path or "\0" in path:
        return dataset
    return _KIND + os.path.realpath(os.path.expanduser(path))


def unique_name(dataset: str) -> str:
    """Returns a name that no other folder has, fit for a file's name.

    Args:
        dataset: The data set, `folder:PATH`.

    Returns:
        The folder's own name and six hexadecimal digits of its whole path's SHA-256.
    """
    path = path_of(resolved(dataset))
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()
    return f"{short_name(path)}-{digest[:6]}"


def short_name(path: str) -> str:
    """Returns a folder's own name, fit for a file's name.

    Args:
        path: The folder.
    """
    name = os.path.basename(os.path.realpath(path)) if "\0" not in path else ""
    return re.sub(r"[^\w.-]+", "_", name) or "folder"
