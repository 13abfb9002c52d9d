"""Long-term memory beside the state: values under a namespace and a key, shared by all threads and workflows.

The interface is LangGraph's. `base` says what a store is, `memory` and `sqlite` are two of them; on the server every node
gets a third, whose rows lie beside the runs.
"""
