"""The command line's commands, one file each: what it takes (``add_options``) and what it does (``run``)."""
