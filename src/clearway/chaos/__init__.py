"""Nodes broken on purpose, and always put back: by us, or by themselves."""
