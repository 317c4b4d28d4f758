"""Applications that sign users in over HTTP: Amplisso and its peers, each in a process of its own."""
