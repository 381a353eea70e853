"""What the user asks for: the model, loading with file:line:column, the criterion grammar, the profiles."""
