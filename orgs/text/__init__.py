"""Text that users type or providers assert: addresses in their normal form, and hidden characters made visible.

Functions of text alone, usable from models and forms.
No request, no database, no sentence for a page.
"""
