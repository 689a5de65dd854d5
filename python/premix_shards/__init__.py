"""The program premix, which is not written in Python. See find_premix."""

import os
import sys
import sysconfig

__all__ = ["find_premix"]


def find_premix() -> str:
    """Return the path of the program that was installed with this package."""
    name = "premix.exe" if sys.platform == "win32" else "premix"
    here = os.path.dirname(os.path.abspath(__file__))
    user = "posix_user" if os.name == "posix" else os.name + "_user"
    if sys.platform == "darwin" and sys._framework:
        user = "osx_framework_user"
    places = [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", user),
        os.path.join(os.path.dirname(here), "bin"),  # pip install --target
    ]
    for place in places:
        path = os.path.join(place, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"{name} is not in {', '.join(places)}: install premix-shards again")
