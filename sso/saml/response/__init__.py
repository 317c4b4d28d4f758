"""The checklist for a response: one short function for each rule, in the order of the standard, with its clause.

validate runs it on a ResponseContext and returns a Verdict; unverified is the only module that reads before it.
No rule looks at anything outside the context, and no setting turns one off.
"""
