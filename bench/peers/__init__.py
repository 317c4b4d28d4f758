"""What signs people in over HTTP: Amplisso and those it is compared with, each in a process of its own."""
