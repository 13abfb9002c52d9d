"""approve-order: an order that a person has to approve before money moves.

    validate → reserve → approve (waits for an answer) → charge → ship
                                                       ↘ release

Charging carries an idempotency key that is the same on every attempt, so a till that honours it never charges twice,
whatever is killed in between.
"""

import json
from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field

from fastgraph import (
    END,
    START,
    Command,
    RetryPolicy,
    StateGraph,
    idempotency_key,
    interrupt,
    log,
    save_artifact,
)

STOCK = {"book": (120, 14.90), "lamp": (8, 49.00), "desk": (3, 289.00)}
SMALL_CENTS = 2_000

DECISION = {
    "type": "object",
    "title": "Decision",
    "properties": {
        "decision": {"type": "string", "enum": ["approve", "reject"], "title": "Decision"},
        "note": {"type": "string", "title": "Note", "default": ""},
    },
    "required": ["decision"],
}


class Order(TypedDict, total=False):
    """An order of one product."""

    product: Annotated[
        Literal["book", "lamp", "desk"],
        Field(description="What is ordered", json_schema_extra={"default": "lamp"}),
    ]
    quantity: Annotated[int, Field(ge=1, le=100, description="How many", json_schema_extra={"default": 2})]
    customer: Annotated[str, Field(description="Who orders", json_schema_extra={"default": "Ada"})]


class State(TypedDict, total=False):
    product: str
    quantity: int
    customer: str
    total_cents: int
    reservation: str
    decision: dict[str, Any]
    payment: dict[str, Any]
    outcome: str
    receipt: str


def validate(state: State) -> dict[str, Any]:
    """Check the order and compute its price; a bad order fails here, before anything was done."""
    product, quantity = state.get("product", "lamp"), state.get("quantity", 2)
    if product not in STOCK:
        raise ValueError(f"There is no product {product!r}. There are: {', '.join(STOCK)}.")
    in_stock, price = STOCK[product]
    if not 1 <= quantity <= in_stock:
        raise ValueError(f"{quantity} of {product} can't be ordered: 1 to {in_stock} are in stock.")
    return {
        "product": product,
        "quantity": quantity,
        "customer": state.get("customer", "Ada"),
        "total_cents": round(price * 100) * quantity,
    }


def reserve(state: State) -> dict[str, Any]:
    """Take the goods off the shelf, under a name that a repeated attempt finds again."""
    reservation = f"res-{idempotency_key('reserve')[:12]}"
    log(f"reserved {state['quantity']} x {state['product']}", reservation=reservation)
    return {"reservation": reservation}


def approve(state: State) -> Command[Literal["charge", "release"]]:
    """Ask a person, unless the order is small."""
    if state["total_cents"] <= SMALL_CENTS:
        return Command(update={"decision": {"decision": "approve", "note": "small order"}}, goto="charge")
    answer = interrupt(
        {
            "question": f"Approve {state['quantity']} x {state['product']} for {state['customer']}?",
            "total": f"{state['total_cents'] / 100:.2f} EUR",
        },
        response_schema=DECISION,
    )
    decision = (
        answer
        if isinstance(answer, dict)
        else {"decision": "approve" if answer in (True, "approve") else "reject"}
    )
    return Command(
        update={"decision": decision}, goto="charge" if decision.get("decision") == "approve" else "release"
    )


def charge(state: State) -> dict[str, Any]:
    """Charge the customer once; the key goes to the till with the amount."""
    key = idempotency_key("charge")
    log(f"charged {state['total_cents'] / 100:.2f} EUR", key=key)
    return {"payment": {"amount_cents": state["total_cents"], "idempotency_key": key}}


def ship(state: State) -> dict[str, Any]:
    """Send the goods and write the receipt."""
    receipt = {
        "customer": state["customer"],
        "product": state["product"],
        "quantity": state["quantity"],
        "paid_cents": state["payment"]["amount_cents"],
        "payment_key": state["payment"]["idempotency_key"],
        "reservation": state["reservation"],
        "note": state["decision"].get("note", ""),
    }
    return {
        "outcome": "shipped",
        "receipt": save_artifact("receipt.json", json.dumps(receipt, indent=2), "application/json"),
    }


def release(state: State) -> dict[str, Any]:
    """Put the goods back."""
    log(f"released {state['reservation']}", level="warning", note=state["decision"].get("note", ""))
    return {"outcome": "rejected"}


builder = StateGraph(State, input_schema=Order)
builder.add_node(validate)
builder.add_node(reserve)
builder.add_node(approve)
builder.add_node(charge, retry_policy=RetryPolicy(max_attempts=5))
builder.add_node(ship)
builder.add_node(release)
builder.add_edge(START, "validate")
builder.add_edge("validate", "reserve")
builder.add_edge("reserve", "approve")
builder.add_edge("charge", "ship")
builder.add_edge("ship", END)
builder.add_edge("release", END)
graph = builder.compile(
    name="approve-order", description="Waits for a person before an order is charged and shipped."
)
