"""Text that users type or providers assert: addresses in their normal form, and what cannot be seen made visible.

Functions of text alone, usable from models and forms.
No request, no database, no sentence for a page.
"""
