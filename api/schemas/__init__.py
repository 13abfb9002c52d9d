"""The shapes of the API's JSON, one module a resource.

They are what the OpenAPI document says; answers are built as bytes beside them and a test compares the two.
"""
