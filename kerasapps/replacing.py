"""Files that appear whole or not at all."""

import contextlib
import os
import pathlib
import secrets
from collections.abc import Iterator


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Gives a temporary path to write to, which then takes the place of `path`.

    After an error what was written is removed, and `path` is as it was. Where it can't
    be written, the `OSError` names `path`.

    Args:
        path: Where the file is to appear; its folder exists. The temporary path has
            the same suffix.
    """
    path = pathlib.Path(path)
    # Of its own name: several workers may write the same file.
    partial = path.with_name(f".partial-{secrets.token_hex(4)}-{path.name}")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        if error.filename in (str(partial), partial):
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)
