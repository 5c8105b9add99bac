"""Commands for those who examine the program."""
