"""The functions that every template has, and those that it is given on top."""

from gotemplate.library.table import CHOICES, Functions

__all__ = ["CHOICES", "Functions"]
