"""The command line: `fastgraph <noun> <verb>`, a thin way to the server's own HTTP interface and to its
processes."""
