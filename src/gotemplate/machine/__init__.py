"""From a tree to closures, and running them."""
