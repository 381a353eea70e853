"""The agent: one program on every site. It takes requests from its mailbox and puts results back."""
