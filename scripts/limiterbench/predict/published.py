"""The model against curves that others have measured and published."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from limiterbench.common.errors import InputError
from limiterbench.common.files import display
from limiterbench.predict import hosts
from limiterbench.predict.simulator import REFERENCES, Simulator
from limiterbench.records.fields import BadField, parse_object

# Below, two cores alternate without queueing: a known miss of the model.
FEWEST_THREADS = 8


class Curve(NamedTuple):
    key: str
    host: str
    reference: str
    fitted: bool
    """Whether a figure of the host file was chosen by this very curve."""
    source: str
    measured: dict[int, float]


class Comparison(NamedTuple):
    curve: Curve
    model: dict[str, dict[int, float]]
    """By policy, then threads."""

    def error(self, policy: str) -> float:
        """The mean absolute one, from FEWEST_THREADS up."""
        measured = self.curve.measured
        return fmean(
            abs(ns / measured[threads] - 1)
            for threads, ns in self.model[policy].items()
            if threads >= FEWEST_THREADS
        )


def read_curve(path: Path) -> Curve:
    try:
        fields = parse_object(path.read_text(encoding="utf-8"))
        reference = fields.text("reference")
        if reference not in REFERENCES:
            fields.refuse("reference", f"is '{reference}', not one of {', '.join(REFERENCES)}")
        return Curve(
            path.stem,
            fields.text("host"),
            reference,
            fields.flag("fitted"),
            fields.text("source"),
            {
                point.integer("threads", at_least=1): point.number("aggregate_ns")
                for point in fields.objects("points")
            },
        )
    except OSError as error:
        raise InputError(f"{display(path)}: {error.strerror}") from None
    except BadField as error:
        raise InputError(f"{display(path)}: {error}") from None


def curves(root: Path) -> list[Curve]:
    folder = root / "results" / "prediction" / "published"
    return [read_curve(path) for path in sorted(folder.glob("*.json"))]


def compare(root: Path, curve: Curve, simulator: Simulator) -> Comparison:
    host = hosts.find(root, curve.host)
    model: dict[str, dict[int, float]] = {}
    for alpha in host.alphas:
        for point in simulator.reference(host, curve.reference, sorted(curve.measured), alpha):
            name = point.policy if len(host.alphas) == 1 else f"{point.policy}, {alpha:g}"
            model.setdefault(name, {})[point.threads] = point.aggregate_ns
    return Comparison(curve, model)


def as_json(comparison: Comparison) -> dict[str, object]:
    curve = comparison.curve
    return {
        "curve": curve.key,
        "host": curve.host,
        "reference": curve.reference,
        "fitted": curve.fitted,
        "source": curve.source,
        "from_threads": FEWEST_THREADS,
        "mean_error": {name: round(comparison.error(name), 4) for name in comparison.model},
        "points": [
            {
                "threads": threads,
                "measured_ns": ns,
                "model_ns": {name: round(at[threads], 2) for name, at in comparison.model.items()},
            }
            for threads, ns in sorted(curve.measured.items())
        ],
    }
