"""ClusterLoader2's templates: Go's language, its functions, its protection against values that change the YAML."""

from clearway.cl2.templates.render import Templates

__all__ = ["Templates"]
