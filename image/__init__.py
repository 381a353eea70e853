"""Builds the worker image from Debian packages and this clone, without a registry."""
