"""The only SQL written by hand.

What each sign-in reads, where Django's own queries cost a tenth of the request or more.
Each statement names its measurement. Nothing else writes SQL, and nothing here decides who may sign in.
"""
