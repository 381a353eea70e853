"""The pages, and parts of pages, that are made of the source. `make docs` writes them."""
