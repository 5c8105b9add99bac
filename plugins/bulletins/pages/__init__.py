"""Pages as data: one frozen object for each page, which is all that its template sees."""
