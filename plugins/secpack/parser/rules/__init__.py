"""The rules of the parser: a module for each kind of block."""
