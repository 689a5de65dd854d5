"""python -m premix_shards ARGUMENTS is premix ARGUMENTS."""

import os
import subprocess
import sys

from premix_shards import find_premix

if __name__ == "__main__":
    command = [find_premix(), *sys.argv[1:]]
    if sys.platform == "win32":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)
