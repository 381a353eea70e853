"""The functions that every template has."""

from gotemplate.library.table import BUILTINS, CHOICES

__all__ = ["BUILTINS", "CHOICES"]
