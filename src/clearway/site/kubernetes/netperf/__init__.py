"""ClusterLoader2's workers on this site: their kind, their pods, and an object a pair in place of mailboxes."""
