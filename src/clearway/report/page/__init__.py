"""What stands on the HTML report, before any markup: records that the template in `assets` only writes down."""
