"""ClusterLoader2's workers on this site: their kind, their pods, and one object per pair instead of mailboxes."""
