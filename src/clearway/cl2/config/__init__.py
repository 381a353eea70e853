"""Test configs: from templates and overrides to a checked model, or to everything that is wrong with them."""
