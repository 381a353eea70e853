"""Where workers live, behind one Protocol. Sites don't know each other."""
