"""The instructions, one small function each; `registry` has the table they fill.

`load` imports every module of this package, so that the table is complete before the first instruction is decoded.
"""
from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import the modules that declare instructions; further calls cost nothing that matters."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
