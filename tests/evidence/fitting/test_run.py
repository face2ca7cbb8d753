"""Fits of public data against estimates that others published.

The levels are measured facts, transcribed: theophylline in 12 people (Boeckmann, Sheiner and Beal,
NONMEM Users Guide, part V, 1994), warfarin in 32 (O'Reilly, Aggeler and Leong, J Clin Invest
1963;42:1542; O'Reilly and Aggeler, Circulation 1968;38:169).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assuage.evidence.fitting import run
from assuage.evidence.fitting.run import work_out
from assuage.kinetics.saem import Settings
from assuage.refusals import Refused
from evidence.fitting.studies import FILES, GOOD, ORAL, theophylline, wish

# source: nlmixr2 7.0.1 (nlmixr2est 7.0.2), adaptive Gauss-Hermite quadrature; repository
# nlmixr2/nlmixr2qual, inst/references/theophylline__agq__t1.json, commit 62519908. The second
# number is the standard error of its SAEM fit, theophylline__saem__t1.json, commit 1bcb90e5.
QUADRATURE = {
    "ka": (0.457676, 0.189630),
    "CL": (1.011656, 0.082002),
    "V": (3.453295, 0.044651),
    "omega ka": (0.5 * np.log(0.398208), None),
    "omega CL": (0.5 * np.log(0.0706073), None),
    "omega V": (0.5 * np.log(0.0181979), None),
    "additive error": (np.log(0.695935), 0.0471796 / 0.697863),
}
# source: as above: -2 log likelihood less samples x log(2 pi), as nlmixr2 prints it
QUADRATURE_OBJECTIVE = 118.482569


def test_theophylline_is_as_published_for_the_exact_likelihood() -> None:
    fit = theophylline().fit
    assert fit.converged
    for name, packed, error in zip(fit.names, fit.packed, fit.error, strict=True):
        wanted, published_error = QUADRATURE[name]
        assert abs(packed - wanted) < 0.25 * error, name  # source: fit.NEAR
        if published_error is not None:
            # source: theirs is by stochastic approximation, ours the observed information
            assert error == pytest.approx(published_error, rel=0.1), name


def test_the_likelihood_of_theophylline_is_as_published() -> None:
    found = theophylline()
    objective = -2.0 * found.fit.level.log_likelihood - found.data.samples * np.log(2.0 * np.pi)
    # source: quadrature with few nodes and a search that stops early may lie a little above
    assert objective == pytest.approx(QUADRATURE_OBJECTIVE, abs=1.0)


def test_warfarin_is_as_published() -> None:
    """source: nlmixr documentation, article 'Working with multiple endpoints', SAEM, repository
    nlmixrdevelopment/nlmixr, docs/articles/multiple-endpoints.html, commit 0ca5ad32: log CL -2.01
    (SE 0.0501), log V 2.05 (0.0441), between-subject CV 27.9 and 22.5 %. Its model has absorption
    through a transit step and fits an effect as well, so absorption isn't compared."""
    found = work_out(
        FILES / "warfarin.csv",
        wish(
            error=("combined",),
            analytes=("theophylline",),
            start=("CL=0.1 L/h", "V=10 L"),
        ),
        Settings(burn_in=120, smoothing=100),
    )
    fit = found.fit
    values = dict(zip(fit.names, zip(fit.packed, fit.error, strict=True), strict=True))
    for name, published, published_error in (("CL", -2.01, 0.0501), ("V", 2.05, 0.0441)):
        packed, error = values[name]
        assert abs(packed - published) < 0.5 * published_error
        assert error == pytest.approx(published_error, rel=0.15)
    for name, percent in (("omega CL", 27.9), ("omega V", 22.5)):
        cv = 100.0 * np.sqrt(np.expm1(np.exp(2.0 * values[name][0])))
        assert cv == pytest.approx(percent, rel=0.15)
    assert found.data.samples == 251  # source: 283 concentration rows, 32 of them doses


def test_what_does_not_converge_is_refused_and_says_what_and_why(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text(GOOD, encoding="utf-8")
    with pytest.raises(Refused) as caught:
        work_out(tmp_path / "few.csv", wish(), Settings(burn_in=20, smoothing=20))
    assert caught.value.code == "FIT_NOT_CONVERGED"
    assert "the data don't bound" in caught.value.sentence
    assert "--" in caught.value.remedy


def test_a_missing_package_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "NEEDED", ("scipy", "no_such_package"))
    with pytest.raises(Refused, match=r"install 'assuage\[evidence\]'"):
        work_out(FILES / "theophylline.csv", wish(), Settings())


def test_the_model_that_was_fitted_is_the_file() -> None:
    assert theophylline().model.id == "one-compartment-oral"
    assert Path(ORAL).is_file()
