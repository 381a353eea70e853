"""Inventory -> probes and rounds: pure, and the same for the same seed."""
