"""The commands: one app a task, `python -m apps.<name>`."""

import os as _os
import sys as _sys

from apps.run import stopping as _stopping

# While Python looks for what `-m` names, that is all that the process is called.
if _os.path.basename("".join(_sys.argv[:1])) in ("-m", "kerasapps"):
    _stopping.listen()
