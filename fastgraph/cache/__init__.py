"""Caches for the results of nodes: `base.BaseCache`, `memory.InMemoryCache`, `sqlite.SqliteCache`."""
