"""The first workflow of a newcomer: `fastgraph serve examples/hello.py`."""

from typing import TypedDict

from fastgraph import StateGraph


class State(TypedDict, total=False):
    name: str
    greeting: str


def greet(state: State) -> State:
    return {"greeting": f"Hello {state.get('name', 'world')}!"}


graph = StateGraph(State).add_sequence([greet]).set_entry_point("greet").compile(name="hello")
