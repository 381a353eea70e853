"""Go's fmt: values as text, by verbs and by themselves."""

from gotemplate.formatting.printf import sprintf
from gotemplate.formatting.printing import shown, sprint, sprintln

__all__ = ["shown", "sprint", "sprintf", "sprintln"]
