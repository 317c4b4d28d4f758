"""Mails with codes and links: posted without them, and made when they are sent. Notices are in `orgs.emails`."""
