"""From criteria, plan and ledger to a verdict. Pure."""
