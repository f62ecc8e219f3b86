"""Cells: sandboxed processes in which submissions live, and the trusted side of talking to them."""
