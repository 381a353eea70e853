"""The records that both ends and all stages share, the metric table and the JSON codec."""
