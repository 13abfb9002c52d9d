"""The version of FastGraph Server: the one place where it is written.

The distribution's metadata is made from it, and code reads it here: a tree that is run with its requirements alone
(`pip install -r requirements.txt`, `uvicorn api.main:app`) is not installed and has no metadata.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
