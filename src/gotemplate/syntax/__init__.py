"""From a template's text to its tree: tokens, literals, nodes, the grammar."""
