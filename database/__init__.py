"""What every use of the database has in common: connections that live, deadlines, and which faults pass.

Knows nothing of the application: every other part may use it, and it imports none of them.
"""
