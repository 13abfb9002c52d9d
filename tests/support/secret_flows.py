"""A workflow that is given a password, keeps it, uses it, and speaks about it as carelessly as people do."""

from typing import Any

from pydantic import BaseModel, SecretStr

from fastgraph import END, START, StateGraph, get_stream_writer, log


class Login(BaseModel):
    user: str
    password: SecretStr
    spare: list[SecretStr] = []
    length: int = 0


def use(state: Login) -> dict[str, Any]:
    print("using", state.password, state)
    log(f"logged in as {state.user} with {state.password}")
    get_stream_writer()({"login": state.password})
    return {"length": len(state.password.get_secret_value()), "spare": [state.password]}


def end(state: Login) -> dict[str, Any]:
    return {"user": state.user.upper()}


builder: Any = StateGraph(Login)
builder.add_node("use", use)
builder.add_node("end", end)
builder.add_edge(START, "use")
builder.add_edge("use", "end")
builder.add_edge("end", END)
graph = builder.compile(name="login")
