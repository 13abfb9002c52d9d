"""How quick FastGraph is, and how near to what the machine allows: one question a file, one harness for all."""
