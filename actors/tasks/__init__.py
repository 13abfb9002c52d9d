"""Nodes in processes of their own: the pool on the host's side, the program on the other, the messages between them."""
