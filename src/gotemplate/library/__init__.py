"""The functions that every template has, and how others are added."""

from gotemplate.library.table import CHOICES, Functions

__all__ = ["CHOICES", "Functions"]
