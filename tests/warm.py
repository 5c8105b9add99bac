"""Imports all of our code, for a process that is forked where a program is to run."""

from __future__ import annotations

import gc
from importlib import import_module
from pkgutil import walk_packages

import bulletins
import secpack

for package in (bulletins, secpack):
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            import_module(module.name)

gc.freeze()  # forks share what is never looked at
