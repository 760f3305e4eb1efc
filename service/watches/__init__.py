"""Standing questions: a claim, a query, a topic or a verdict is watched, and whoever asked is told when it changes.

The log of events is read in order and held against the watches (`evaluation`); what comes of it is noted in the store
in one transaction with the place in the log, and sent from there (`delivery`). One process at a time works (`worker`).
"""
