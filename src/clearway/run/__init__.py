"""One round on a site: hand out requests, await results. Decides when it starts, and ends it when cancelled."""
