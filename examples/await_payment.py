"""await-payment: an order that waits for its payment, reminds once, and gives up at last. Waiting costs nothing.

invoice → await_payment ──────────────→ cool_off (sleeps) → ship
                ↘ remind → await_late ↗
                               ↘ cancel

fastgraph serve examples/await_payment.py
fastgraph run await-payment --input '{"customer": "Ada"}'
fastgraph runs signal RUN_ID paid --body '{"cents": 4900}'
"""

from typing import Any, TypedDict

from pydantic import BaseModel

from fastgraph import (
    END,
    START,
    Command,
    SignalTimeoutError,
    StateGraph,
    log,
    sleep_node,
    wait_for_signal,
)

REMIND_AFTER_SECONDS = 3 * 86400
COOL_OFF_SECONDS = 2.0


class Paid(BaseModel):
    """What a payment's signal says."""

    cents: int


class State(TypedDict, total=False):
    customer: str
    days: float
    paid_cents: int
    reminders: int
    outcome: str


def invoice(state: State) -> dict[str, Any]:
    """Write the invoice: a node of its own, so that it is not written again when a wait is over."""
    log("invoice sent", customer=state.get("customer", "Ada"))
    return {"reminders": 0}


def await_payment(state: State) -> Command[str]:
    """Wait for the payment; after some days remind."""
    seconds = state.get("days", 3) * 86400
    try:
        paid = wait_for_signal("paid", schema=Paid, timeout=seconds)
    except SignalTimeoutError:
        return Command(goto="remind")
    return Command(update={"paid_cents": paid.cents}, goto="cool_off")


def remind(state: State) -> dict[str, Any]:
    log("reminder sent", customer=state.get("customer", "Ada"))
    return {"reminders": state["reminders"] + 1}


def await_late(state: State) -> Command[str]:
    """Wait once more, and then no longer."""
    try:
        paid = wait_for_signal("paid", schema=Paid, timeout=REMIND_AFTER_SECONDS * state["reminders"])
    except SignalTimeoutError:
        return Command(update={"outcome": "cancelled"}, goto=END)
    return Command(update={"paid_cents": paid.cents}, goto="cool_off")


def ship(state: State) -> dict[str, Any]:
    return {"outcome": f"shipped, paid {state['paid_cents'] / 100:.2f}"}


builder = StateGraph(State)
builder.add_node(invoice)
builder.add_node(await_payment, destinations=("remind", "cool_off"))
builder.add_node(remind)
builder.add_node(await_late, destinations=("cool_off", END))
builder.add_node("cool_off", sleep_node(COOL_OFF_SECONDS))
builder.add_node(ship)
builder.add_edge(START, "invoice")
builder.add_edge("invoice", "await_payment")
builder.add_edge("remind", "await_late")
builder.add_edge("cool_off", "ship")
builder.add_edge("ship", END)
graph = builder.compile(name="await-payment")
