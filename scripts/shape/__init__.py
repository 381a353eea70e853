"""How easy the source is to read, in figures. `make shape` takes them."""
