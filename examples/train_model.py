"""train-model: trains several models on a data set that scikit-learn carries, all at once, and keeps the best.

    load → split → train (one task a model) → choose → evaluate

Data never travels through the state: every node loads the same set and makes the same split from the same seed. Needs the
extra `ml`.
"""

import io
import json
import operator
from typing import Annotated, Any, Literal, TypedDict

import numpy as np
from matplotlib.figure import Figure
from pydantic import Field
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, f1_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fastgraph import END, START, Send, StateGraph, log, progress, save_artifact

SEED = 7
FOLDS = 5
LOADERS = {"digits": load_digits, "wine": load_wine, "breast_cancer": load_breast_cancer}
MODELS = {
    "logistic regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000)),
    "nearest neighbours": lambda: make_pipeline(StandardScaler(), KNeighborsClassifier()),
    "random forest": lambda: RandomForestClassifier(n_estimators=120, random_state=SEED),
}


class Score(TypedDict):
    model: str
    mean: float
    spread: float


class Input(TypedDict, total=False):
    """What to learn."""

    dataset: Annotated[
        Literal["digits", "wine", "breast_cancer"],
        Field(description="A set that scikit-learn carries", json_schema_extra={"default": "digits"}),
    ]
    test_share: Annotated[
        float,
        Field(gt=0.05, lt=0.9, description="Share kept for the test", json_schema_extra={"default": 0.25}),
    ]


class State(TypedDict, total=False):
    dataset: str
    test_share: float
    rows: int
    features: int
    classes: list[str]
    train_rows: int
    scores: Annotated[list[Score], operator.add]
    best: str
    metrics: dict[str, Any]
    artifacts: dict[str, str]


class Training(TypedDict):
    dataset: str
    test_share: float
    model: str
    number: int


def load(state: State) -> dict[str, Any]:
    """Look at the data."""
    name = state.get("dataset", "digits")
    if name not in LOADERS:
        raise ValueError(f"There is no data set {name!r}. There are: {', '.join(LOADERS)}.")
    data = LOADERS[name]()
    log(f"{name}: {data.data.shape[0]} rows of {data.data.shape[1]} features")
    return {
        "dataset": name,
        "test_share": state.get("test_share", 0.25),
        "rows": int(data.data.shape[0]),
        "features": int(data.data.shape[1]),
        "classes": [str(label) for label in data.target_names],
    }


def _split(name: str, test_share: float) -> list[np.ndarray]:
    data = LOADERS[name]()
    parts: list[np.ndarray] = train_test_split(
        data.data, data.target, test_size=test_share, stratify=data.target, random_state=SEED
    )
    return parts


def split(state: State) -> dict[str, Any]:
    """Part the rows, keeping the classes' shares."""
    train, _, _, _ = _split(state["dataset"], state["test_share"])
    return {"train_rows": len(train)}


def each_model(state: State) -> list[Send]:
    return [
        Send(
            "train",
            {"dataset": state["dataset"], "test_share": state["test_share"], "model": name, "number": number},
        )
        for number, name in enumerate(MODELS)
    ]


def train(work: Training) -> dict[str, Any]:
    """Cross-validate one model on the training rows."""
    rows, _, labels, _ = _split(work["dataset"], work["test_share"])
    scores = cross_val_score(MODELS[work["model"]](), rows, labels, cv=FOLDS)
    log(f"{work['model']}: {scores.mean():.3f} ± {scores.std():.3f}")
    progress(work["number"] + 1, len(MODELS), label=work["model"])
    return {
        "scores": [
            {
                "model": work["model"],
                "mean": round(float(scores.mean()), 4),
                "spread": round(float(scores.std()), 4),
            }
        ]
    }


def choose(state: State) -> dict[str, Any]:
    """Take the model with the best mean score."""
    return {"best": max(state["scores"], key=lambda score: (score["mean"], score["model"]))["model"]}


def evaluate(state: State) -> dict[str, Any]:
    """Fit the best model on all training rows and judge it on rows that it has never seen."""
    rows, test_rows, labels, test_labels = _split(state["dataset"], state["test_share"])
    model = MODELS[state["best"]]().fit(rows, labels)
    said = model.predict(test_rows)
    metrics = {
        "dataset": state["dataset"],
        "model": state["best"],
        "accuracy": round(float(accuracy_score(test_labels, said)), 4),
        "macro_f1": round(float(f1_score(test_labels, said, average="macro")), 4),
        "test_rows": len(test_rows),
        "cross_validation": state["scores"],
    }
    return {
        "metrics": metrics,
        "artifacts": {
            "confusion_matrix": save_artifact(
                "confusion_matrix.png", _draw(test_labels, said, state["classes"]), "image/png"
            ),
            "metrics": save_artifact("metrics.json", json.dumps(metrics, indent=2), "application/json"),
            "model_card": save_artifact("model_card.md", _card(state, metrics), "text/markdown"),
        },
    }


def _draw(labels: np.ndarray, said: np.ndarray, classes: list[str]) -> bytes:
    # A figure of its own and not pyplot's: pyplot keeps global state, and nodes run in threads.
    figure = Figure(figsize=(6, 5.4), layout="constrained")
    axes = figure.add_subplot()
    ConfusionMatrixDisplay.from_predictions(
        labels, said, display_labels=classes, ax=axes, cmap="Blues", colorbar=False, xticks_rotation=45
    )
    axes.set_title("Confusion matrix on test rows")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    return buffer.getvalue()


def _card(state: State, metrics: dict[str, Any]) -> str:
    rows = "\n".join(
        f"| {score['model']} | {score['mean']:.4f} | {score['spread']:.4f} |"
        for score in sorted(state["scores"], key=lambda score: -score["mean"])
    )
    return f"""# Model card: {state["best"]} on {state["dataset"]}

{state["rows"]} rows, {state["features"]} features, {len(state["classes"])} classes; {state["train_rows"]} rows to
learn from, {metrics["test_rows"]} to test on (seed {SEED}).

| model | mean of {FOLDS} folds | spread |
| --- | ---: | ---: |
{rows}

On the test rows: accuracy **{metrics["accuracy"]:.4f}**, macro F1 **{metrics["macro_f1"]:.4f}**.

Meant to show the workflow; trained on a small public set and fit for nothing else.
"""


builder = StateGraph(State, input_schema=Input)
builder.add_node(load)
builder.add_node(split)
builder.add_node(train)
builder.add_node(choose)
builder.add_node(evaluate)
builder.add_edge(START, "load")
builder.add_edge("load", "split")
builder.add_conditional_edges("split", each_model, ["train"])
builder.add_edge("train", "choose")
builder.add_edge("choose", "evaluate")
builder.add_edge("evaluate", END)
graph = builder.compile(name="train-model", description="Trains several models at once and keeps the best.")
