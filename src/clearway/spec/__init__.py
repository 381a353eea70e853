"""The user's wish: the model, loading with file:line:column, the criterion grammar, the profiles."""
