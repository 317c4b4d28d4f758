"""The sentences that pages say about refused sign-ins."""
