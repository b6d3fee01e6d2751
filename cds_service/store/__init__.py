"""
What was shown and what became of it: evaluations, cards and feedback.

A web worker appends to a `Spool` on its own disk; a `Drain` moves the lines into the database.
"""
