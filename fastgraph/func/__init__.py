"""Workflows as plain functions: `@entrypoint` makes one of a function, `@task` keeps what a function gave.

    @task
    def fetch(url: str) -> str: ...

    @entrypoint(checkpointer=InMemorySaver())
    def workflow(urls: list[str]) -> list[str]:
        pages = [fetch(url) for url in urls]      # in parallel
        answer = interrupt("go on?")              # executed again from the top; no page is fetched again
        return [page.result() for page in pages]

LangGraph's functional API under the same names. An entrypoint is a compiled graph like any other.
"""

from fastgraph.func.entrypoints import entrypoint
from fastgraph.func.tasks import TaskFunction, task

__all__ = ["TaskFunction", "entrypoint", "task"]
