"""From a Document to facts."""
