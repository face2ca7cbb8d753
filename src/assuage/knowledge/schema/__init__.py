"""The shape of every knowledge file; a file that does not fit is refused."""
