"""Criteria + plan + ledger -> verdict tree. Pure."""
