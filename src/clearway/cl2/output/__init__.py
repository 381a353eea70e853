"""What a run of the door leaves in its report folder."""
