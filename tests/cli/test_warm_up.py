import pytest
from typer.testing import CliRunner

from assuage.cli.app import app_for
from assuage.kinetics import points, warming


def test_it_says_what_was_compiled() -> None:
    done = CliRunner().invoke(app_for("warm-up"), ["warm-up"])
    assert done.exit_code == 0, done.output
    for name, _ in warming.WORK:
        assert name in done.output


def test_without_numba_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "has_kernels", lambda: False)
    done = CliRunner().invoke(app_for("warm-up"), ["warm-up"])
    assert done.exit_code != 0
    assert "assuage[engine]" in f"{done.exception}{done.output}"
