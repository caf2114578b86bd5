"""Write tests/vectors/measurement.json: figures of statsmodels and scipy for fixed samples.

Neither is a dependency of the project. Run this program in an environment of its own:

    python3 -m venv oracle && oracle/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    oracle/bin/python tests/tools/measurement_oracle.py

The samples are drawn with a fixed seed, so the file only changes with the program or the libraries.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats._delta_method import NonlinearDeltaCov
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

FILE = Path(__file__).parents[1] / "vectors" / "measurement.json"


def arm(rng: Any, units: int, rate: float, mean: float) -> tuple[list[int], list[int | None]]:
    """Outcomes in minor units, and the history of about half of the units."""
    bought = rng.random(units) < rate
    amounts = np.round(rng.lognormal(mean, 0.8, units)).astype(int)
    values = np.where(bought, amounts, 0)
    past = np.round(0.6 * values + rng.lognormal(mean - 1, 0.5, units)).astype(int)
    known = rng.random(units) < 0.5
    history = [int(one) if sure else None for one, sure in zip(past, known, strict=True)]
    return values.tolist(), history


def comparison(treated: list[int], held_out: list[int]) -> dict[str, Any]:
    """Welch's interval with normal quantiles, and the lift by the delta method."""
    one, other = DescrStatsW(treated, ddof=1), DescrStatsW(held_out, ddof=1)
    both = CompareMeans(one, other)
    low, high = both.zconfint_diff(alpha=0.05, usevar="unequal")
    means = np.array([one.mean, other.mean])
    cov = np.diag([one.var / one.nobs, other.var / other.nobs])
    lift = NonlinearDeltaCov(lambda mean: np.atleast_1d(mean[0] / mean[1] - 1), means, cov)
    return {
        "treated": float(one.mean),
        "held_out": float(other.mean),
        "difference": float(one.mean - other.mean),
        "error": float(both.std_meandiff_separatevar),
        "low": float(low),
        "high": float(high),
        "lift": float(lift.predicted()[0]),
        "lift_error": float(lift.se_vectorized()[0]),
    }


def adjustment(samples: list[tuple[list[int], list[int | None]]]) -> dict[str, Any]:
    """Least squares of the outcome on arm and history: θ, the difference, and its variance."""
    known = [past for _, history in samples for past in history if past is not None]
    centre = float(np.mean(known))
    outcome = np.concatenate([np.array(values, float) for values, _ in samples])
    is_treated = np.concatenate(
        [np.full(len(values), 1.0 - place) for place, (values, _) in enumerate(samples)]
    )
    past = np.array(
        [centre if one is None else one for _, history in samples for one in history], float
    )
    fit = sm.OLS(outcome, np.column_stack([np.ones(len(outcome)), is_treated, past])).fit()
    rest = outcome - fit.params[2] * (past - centre)
    arms = [rest[is_treated == 1], rest[is_treated == 0]]
    plain = sm.OLS(outcome, np.column_stack([np.ones(len(outcome)), is_treated])).fit()
    return {
        "theta": float(fit.params[2]),
        "difference": float(fit.params[1]),
        "error": float(np.sqrt(sum(one.var(ddof=1) / len(one) for one in arms))),
        "reduction": float(1 - fit.ssr / plain.ssr),
    }


def ratio(counts: list[int], shares: list[float]) -> dict[str, Any]:
    """The Bayes factor of a Dirichlet prior with 500 units around the shares."""
    prior = np.array(shares) * 500
    total = sum(counts)
    factor = stats.dirichlet_multinomial.logpmf(counts, prior, total) - stats.multinomial.logpmf(
        counts, total, shares
    )
    return {"counts": counts, "shares": shares, "p": float(np.exp(-max(factor, 0.0)))}


def main() -> None:
    """Write the file."""
    rng = np.random.default_rng(20261130)
    samples = []
    for units, rate, mean in (
        (400, 0.3, 8.2),
        (250, 0.25, 8.0),
        (1500, 0.06, 7.5),
        (1400, 0.05, 7.4),
    ):
        samples.append(arm(rng, units, rate, mean))
    cases = []
    for first in (0, 2):
        pair = samples[first : first + 2]
        (treated, past), (held_out, other_past) = pair
        pooled = np.array(treated + held_out, float)
        cap = float(np.percentile(pooled, 99.9, method="inverted_cdf"))
        cut = [np.minimum(values, cap) for values in (treated, held_out)]
        cases.append(
            {
                "treated": {"values": treated, "history": past},
                "held_out": {"values": held_out, "history": other_past},
                "plain": comparison(treated, held_out),
                "adjusted": adjustment(pair),
                "winsorised": comparison(*cut)
                | {"cap": cap, "amount_cut": float(pooled.sum() - sum(one.sum() for one in cut))},
            }
        )
    written = {
        "made_by": "tests/tools/measurement_oracle.py",
        "with": {
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "statsmodels": statsmodels.__version__,
        },
        "comparisons": cases,
        "ratios": [
            ratio([50, 50], [0.5, 0.5]),
            ratio([2750, 2250], [0.5, 0.5]),
            ratio([900, 90], [0.9, 0.1]),
            ratio([9200, 800], [0.9, 0.1]),
            ratio([400, 380, 150], [0.4, 0.4, 0.2]),
            ratio([0, 0], [0.5, 0.5]),
        ],
    }
    text = json.dumps(written, separators=(",", ":"))
    FILE.write_text(text.replace('{"treated":{', '\n{"treated":{') + "\n", "utf-8")


if __name__ == "__main__":
    main()
