"""What runs inside a cell: the standard library, msgspec and this package only.

Nothing here is trusted by the other side, and nothing here knows what is expected of a submission.
"""
