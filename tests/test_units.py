"""Quantities are read exactly or refused.

`hostile_quantities.csv` is the published table: what was written, what it was asked for, and the
refusal or the exact value in the canonical unit. In its text column, backslash escapes stand
for characters that can't be seen.

source: the factors between units are their definitions (1 h = 60 min, 1 mg = 1000 microgram,
1 y = 365.25 d, 1 mmHg = 133.322387415 Pa); every vector here is arithmetic with them.
"""

import csv
import itertools
import math
import re
import string
import subprocess
import sys
from dataclasses import FrozenInstanceError
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assuage import units
from assuage.refusals import Refusal, Refused
from assuage.units import (
    MICROGRAM_PER_MG,
    Dimension,
    Quantity,
    convert,
    dimensionality,
    format_quantity,
    parse,
)

TABLE = Path(__file__).with_name("hostile_quantities.csv")
ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|([\\ntr]))")


def unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match[3]:
            return {"\\": "\\", "n": "\n", "t": "\t", "r": "\r"}[match[3]]
        return chr(int(match[1] or match[2], 16))

    return ESCAPE.sub(one, text)


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = rows()
SPELLINGS = [(one, unit) for one in Dimension for unit in one.units]


def parsed_or_refused(text: str, *dimensions: Dimension) -> Quantity | Refused:
    try:
        return parse(text, *dimensions)
    except Refused as refused:
        return refused


def refusal_of(text: str, *dimensions: Dimension) -> Refusal | None:
    outcome = parsed_or_refused(text, *dimensions)
    return outcome.refusal if isinstance(outcome, Refused) else None


def test_the_table_is_as_long_as_published() -> None:
    assert len(ROWS) >= 300
    assert len({(row["text"], row["dimension"]) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[f"row{n + 2}" for n in range(len(ROWS))])
def test_each_row_of_the_table(row: dict[str, str]) -> None:
    text, dimension = unescaped(row["text"]), Dimension[row["dimension"]]
    if row["expect"] != "parsed":
        assert refusal_of(text, dimension) is Refusal[row["expect"]], row
        return
    quantity = parse(text, dimension)
    assert quantity == Quantity(float(Fraction(row["value"])), dimension, text)
    assert quantity.unit == dimension.unit


def test_the_table_holds_every_quantity_refusal_and_every_spelling() -> None:
    expected = {row["expect"] for row in ROWS}
    assert expected == {"parsed"} | {r.name for r in Refusal if r.name.startswith("QUANTITY_")}
    parsed = {
        (Dimension[row["dimension"]], re.sub(r"^[0-9.]+ ?", "", row["text"]))
        for row in ROWS
        if row["expect"] == "parsed"
    }
    assert set(SPELLINGS) <= parsed


def test_every_dimension_can_read_its_own_example_and_unit() -> None:
    for one in Dimension:
        assert parse(one.example, one).dimension is one
        assert one.units[one.unit] == 1
        assert 0 <= one.low < one.high
        assert one.words.startswith(("a ", "an "))
        assert "Dimension" in repr(one)


# The ends of what is plausible, each in the canonical unit. They are chosen, wide on purpose,
# and stand here a second time so that a slip in one of the two places is seen.
ENDS = {
    Dimension.WEIGHT: ("0.3", "400"),
    Dimension.HEIGHT: ("20", "260"),
    Dimension.AGE: ("0", "120"),
    Dimension.DOSE: ("0.01", "10000"),
    Dimension.DOSE_PER_WEIGHT: ("0.0005", "50"),
    Dimension.RATE: ("0.01", "20000"),
    Dimension.RATE_PER_WEIGHT: ("0.0005", "300"),
    Dimension.DURATION: ("0.0002", "20000"),
    Dimension.STRENGTH: ("0.001", "500"),
    Dimension.CONCENTRATION: ("0.001", "100000"),
    Dimension.VOLUME: ("0.01", "5000"),
    Dimension.FLOW: ("0.01", "6000"),
    Dimension.PRESSURE: ("1", "400"),
    Dimension.FREQUENCY: ("1", "400"),
}


@pytest.mark.parametrize("dimension", Dimension, ids=lambda one: one.name)
def test_the_ends_of_the_plausible_are_read_and_what_lies_beyond_is_not(
    dimension: Dimension,
) -> None:
    low, high = ENDS[dimension]
    for end in (low, high):
        if end != "0":  # nothing is read as zero
            assert parse(f"{end} {dimension.unit}", dimension).magnitude == float(end)
    millionth = Decimal(1).scaleb(-6)
    for beyond in (Decimal(low) * (1 - millionth), Decimal(high) * (1 + millionth)):
        if beyond:
            written = f"{beyond.normalize():f} {dimension.unit}"
            assert refusal_of(written, dimension) is Refusal.QUANTITY_IMPLAUSIBLE


def test_the_longest_text_that_is_read_has_sixty_characters() -> None:
    for characters, refusal in [
        (60, Refusal.QUANTITY_NOT_POSITIVE),
        (61, Refusal.QUANTITY_AMBIGUOUS),
    ]:
        for start, end in [("0.", " mg"), ("-1", " mg")]:
            text = start + "0" * (characters - len(start + end)) + end
            assert refusal_of(text, Dimension.DOSE) is refusal


def test_what_was_read_cannot_be_changed() -> None:
    quantity = parse("5 mg", Dimension.DOSE)
    with pytest.raises(FrozenInstanceError):
        quantity.magnitude = 50  # type: ignore[misc]


@given(
    spelling=st.sampled_from(SPELLINGS),
    number=st.decimals(min_value=Decimal("1e-6"), max_value=Decimal("1e6"), places=6),
    space=st.sampled_from(["", " "]),
)
def test_what_is_read_is_exactly_what_was_written(
    spelling: tuple[Dimension, str], number: Decimal, space: str
) -> None:
    dimension, unit = spelling
    assume(unit != "1/min" or space)
    written = f"{number.normalize():f}"
    refusal = refusal_of(f"{written}{space}{unit}", dimension)
    if refusal is not None:
        grouped = re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{2}0", written)
        assert refusal is Refusal.QUANTITY_IMPLAUSIBLE or grouped
        return
    exact = Fraction(Decimal(written)) * dimension.units[unit]
    magnitude = parse(f"{written}{space}{unit}", dimension).magnitude
    assert abs(Fraction(magnitude) - exact) <= exact / 10**12


@given(
    dimension=st.sampled_from(list(Dimension)),
    thousandths=st.integers(min_value=1, max_value=9999),
    scale=st.integers(min_value=-3, max_value=3),
)
def test_what_is_shown_can_be_read_back(dimension: Dimension, thousandths: int, scale: int) -> None:
    value = float(Fraction(thousandths) * Fraction(10) ** scale)
    assume(dimension.low < value <= dimension.high)
    shown = format_quantity(value, dimension.unit)
    assert parse(shown, dimension).magnitude == value


ALPHABET = st.sampled_from(list(string.printable) + list("µμ½²−–٣５\u00a0\u200b\u202e"))


@given(
    text=st.one_of(
        st.text(), st.text(ALPHABET, max_size=14), st.from_regex(r"[0-9.,e+-]{1,6} ?mg")
    ),
    dimensions=st.lists(st.sampled_from(list(Dimension)), min_size=1, max_size=3, unique=True),
)
def test_any_text_is_read_or_refused(text: str, dimensions: list[Dimension]) -> None:
    outcome = parsed_or_refused(text, *dimensions)
    if isinstance(outcome, Refused):
        assert outcome.code.startswith("QUANTITY_")
        assert outcome.sentence.isprintable()
        return
    assert re.fullmatch(r"[0-9]+(\.[0-9]+)? ?[A-Za-zµμ/1]+", text)
    assert 0 < outcome.magnitude < math.inf


@pytest.mark.parametrize("text", ["\ud800 mg", "5 mg\udfff", "𝟓 mg"])
def test_lone_surrogates_are_refused(text: str) -> None:
    assert refusal_of(text, Dimension.DOSE) is Refusal.QUANTITY_AMBIGUOUS


def test_a_refusal_shows_what_cannot_be_seen() -> None:
    with pytest.raises(Refused, match=r"'5\\u200b0 mg' can be read") as caught:
        parse("5\u200b0 mg", Dimension.DOSE)
    assert "35 mg" in caught.value.remedy
    with pytest.raises(Refused, match=rf"'{'5' * 60}\.\.\.' can be read"):
        parse("5" * 1000, Dimension.DOSE)
    with pytest.raises(Refused, match=rf"'{'5' * 57} mg' can be read"):
        parse("5" * 57 + " mg", Dimension.DOSE)
    for unseen, seen in [
        ("~µμ '", "~µμ '"),
        ("\\t", r"\\t"),
        ("\t\x7f", r"\t\x7f"),
        ("é", r"\xe9"),
    ]:
        with pytest.raises(Refused) as caught:
            parse(f"5 {unseen} mg", Dimension.DOSE)
        assert caught.value.sentence.startswith(f"'5 {seen} mg' can be read")


def test_a_refusal_names_the_thing() -> None:
    with pytest.raises(Refused, match="no bolus was given"):
        parse("", Dimension.DOSE, what="a bolus")
    with pytest.raises(Refused, match="so it isn't a bolus"):
        parse("35", Dimension.DOSE, what="a bolus")
    with pytest.raises(Refused, match=r"body weight '700 kg' lies outside 0\.3 to 400 kg"):
        parse("700 kg", Dimension.WEIGHT)
    with pytest.raises(Refused, match="isn't a dose or a dose per body weight"):
        parse("70 kg", Dimension.DOSE, Dimension.DOSE_PER_WEIGHT)
    with pytest.raises(Refused, match="use one of: mg, ug, g"):
        parse("5 U", Dimension.DOSE)


def test_several_dimensions_are_told_apart_by_the_unit() -> None:
    """source: arithmetic."""
    either = (Dimension.DOSE, Dimension.DOSE_PER_WEIGHT)
    assert parse("0.5 mg/kg", *either).dimension is Dimension.DOSE_PER_WEIGHT
    assert parse("35 mg", *either).dimension is Dimension.DOSE
    assert refusal_of("5 days", Dimension.AGE, Dimension.DURATION) is Refusal.QUANTITY_AMBIGUOUS
    for texts in (either, either[::-1]):
        with pytest.raises(Refused, match=f"such as {texts[0].example}[.]"):
            parse("70 kg", *texts)
    with pytest.raises(ValueError, match=r"^parse needs at least one dimension$"):
        parse("5 mg")


VECTORS = [
    ("10", "ug/kg/min", "mg/kg/h", Fraction(6, 10)),
    ("12.5", "ug/kg/min", "mg/kg/h", Fraction(3, 4)),
    ("0.75", "mg/kg/h", "ug/kg/min", Fraction(25, 2)),
    ("1", "L/h", "mL/min", Fraction(50, 3)),
    ("84", "L/h", "L/min", Fraction(7, 5)),
    ("1", "ng/mL", "ug/L", Fraction(1)),
    ("1", "mg/L", "ng/mL", Fraction(1000)),
    ("50", "mg/mL", "g/L", Fraction(50)),
    ("1", "y", "day", Fraction(1461, 4)),
    ("1", "month", "y", Fraction(1, 12)),
    ("1", "week", "h", Fraction(168)),
    ("1", "wk", "d", Fraction(7)),
    ("72", "bpm", "1/min", Fraction(72)),
    ("1", "1/min", "1/h", Fraction(60)),
    ("120", "mmHg", "Pa", Fraction("15998.6864898")),
    ("5", "percent", "fraction", Fraction(1, 20)),
    ("5", "percent", "1", Fraction(1, 20)),
    ("5", "%", "fraction", Fraction(1, 20)),
    ("3", "point", "point", Fraction(3)),
    ("3", "point/week", "point/day", Fraction(3, 7)),
    ("1", "kg/m^2", "kg/m**2", Fraction(1)),
    ("1", "µg", "mg", Fraction(1, 1000)),
    ("1", "μg", "mg", Fraction(1, 1000)),
    ("1", "mcg", "microgram", Fraction(1)),
    ("1", "dL", "mL", Fraction(100)),
    ("1", "L/h/kg^0.75", "mL/min/kg^0.75", Fraction(50, 3)),
]


@pytest.mark.parametrize(("value", "unit", "to", "exact"), VECTORS)
def test_conversion_agrees_with_exact_arithmetic(
    value: str, unit: str, to: str, exact: Fraction
) -> None:
    got = convert(float(value), unit, to)
    assert abs(Fraction(got) - exact) <= exact / 10**15
    back = convert(got, to, unit)
    assert abs(Fraction(back) - Fraction(value)) <= Fraction(value) / 10**15


def test_half_a_milligram_per_kilogram_over_forty_minutes() -> None:
    """source: arithmetic, 0.5 mg/kg / (40/60 h) = 0.75 mg/kg/h = 12.5 ug/kg/min."""
    dose = parse("0.5 mg/kg", Dimension.DOSE_PER_WEIGHT).magnitude
    hours = parse("40 min", Dimension.DURATION).magnitude
    assert dose / hours == pytest.approx(0.75, rel=1e-15)
    assert convert(dose / hours, "mg/kg/h", "ug/kg/min") == pytest.approx(12.5, rel=1e-15)
    assert parse("12.5 ug/kg/min", Dimension.RATE_PER_WEIGHT).magnitude == 0.75


@pytest.mark.parametrize(("dimension", "unit"), SPELLINGS)
def test_parse_and_convert_hold_the_same_factors(dimension: Dimension, unit: str) -> None:
    known = {"/min": "1/min", "micrograms": "microgram"}.get(unit, unit)
    known = known.replace("micrograms/", "microgram/")
    assert convert(1, known.removesuffix("s") or "s", dimension.unit) == float(
        dimension.units[unit]
    )


@pytest.mark.parametrize(
    ("unit", "to"),
    [
        ("mg", "mL"),
        ("mg", "mg/kg"),
        ("mg/kg", "fraction"),
        ("mg/kg", "1"),
        ("mg/kg/h", "1/h"),
        ("1/h", "mg/kg/h"),
        ("point", "fraction"),
        ("percent", "point"),
        ("L/h", "L/h/kg"),
        ("IU", "mg"),
        ("mol", "g"),
        ("kg", "cm"),
    ],
)
def test_conversion_between_different_things_is_refused(unit: str, to: str) -> None:
    with pytest.raises(Refused) as caught:
        convert(1, unit, to)
    assert caught.value.refusal is Refusal.QUANTITY_UNIT_WRONG


def test_a_refused_conversion_says_what_was_asked() -> None:
    with pytest.raises(Refused) as caught:
        convert(2, "mg", "mL")
    assert caught.value.sentence == "'2 mg' isn't a quantity in 'mL'"
    assert caught.value.remedy == "give a quantity in 'mL', such as 1 mL"
    with pytest.raises(Refused) as caught:
        convert(2, "Mg", "mL")
    assert caught.value.sentence == "'Mg' isn't a unit that assuage reads for a quantity"
    assert caught.value.remedy.startswith("use one of: products and quotients of mg, ug, kg, ")
    assert caught.value.remedy.endswith(", mmHg, bpm, point")


STRANGE_UNITS = "Mg MG KG U %% 5% ° mg/ /h mg//kg mg^ mg^kg (mg) 5*mg mg;kg c a b mg-kg degC"


@pytest.mark.parametrize(
    "unit", [*STRANGE_UNITS.split(), "mg kg", " mg", "mg\n", "__import__('os')"]
)
def test_unknown_units_of_knowledge_files_are_refused(unit: str) -> None:
    for attempt in (lambda: convert(1, unit, "mg"), lambda: dimensionality(unit)):
        with pytest.raises(Refused) as caught:
            attempt()
        assert caught.value.refusal is Refusal.QUANTITY_UNIT_UNKNOWN


@settings(deadline=None)  # the first one builds the registry
@given(st.text(max_size=12) | st.text("mgkLhµ/*^().1 0-", max_size=12))
def test_any_unit_text_is_known_or_refused(unit: str) -> None:
    try:
        powers = dimensionality(unit)
    except Refused as refused:
        outcome = refused.refusal
    else:
        outcome = None
        assert all(math.isfinite(power) for power in powers.values())
    assert outcome in (None, Refusal.QUANTITY_UNIT_UNKNOWN)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_neither_converted_nor_shown(value: float) -> None:
    with pytest.raises(Refused) as caught:
        convert(value, "ug", "mg")
    assert caught.value.refusal is Refusal.QUANTITY_AMBIGUOUS
    with pytest.raises(ValueError, match=f"^{value} can't be shown as a quantity$"):
        format_quantity(value, "mg")


def test_dimensions_are_powers_of_base_dimensions() -> None:
    """source: the definitions of the units."""
    assert dimensionality("L/h") == {"[length]": 3, "[time]": -1}
    assert dimensionality("1/h") == {"[time]": -1}
    assert dimensionality("mg/L") == {"[mass]": 1, "[length]": -3}
    assert dimensionality("1/kg^0.75") == {"[mass]": -0.75}
    for nothing in ("", "1", "fraction", "percent", "point", "mg/kg"):
        assert dimensionality(nothing) == {}
    assert convert(1, "mg", "ug") == MICROGRAM_PER_MG


SHOWN = [
    (12.5, "ug/kg/min", "12.5 microgram/kg/min"),
    (250, "µg", "250 microgram"),
    (250, "mcg/mL", "250 microgram/mL"),
    (0.5, "mg/kg", "0.5 mg/kg"),
    (5.0, "mg", "5 mg"),
    (1000, "mg", "1000 mg"),
    (1 / 3, "mg/kg", "0.3333 mg/kg"),
    (99.996, "mg", "100 mg"),
    (12345.6, "mg", "12346 mg"),
    (120000, "mg", "120000 mg"),
    (0.000012344, "mg", "0.00001234 mg"),
    (1e-9, "mg", "0.000000001 mg"),
    (2.0005, "mL", "2.001 mL"),
    (-2.5, "point", "-2.5 point"),
    (0, "mg", "0 mg"),
    (-0.0, "mg", "0 mg"),
    (72, "1/min", "72/min"),
    (0.25, "", "0.25"),
    (0.25, "1", "0.25"),
    (3, "plugs", "3 plugs"),
]


@pytest.mark.parametrize(("value", "unit", "text"), SHOWN)
def test_a_quantity_is_shown_plainly(value: float, unit: str, text: str) -> None:
    assert format_quantity(value, unit) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_is_shown_with_an_exponent_or_a_loose_zero(value: float) -> None:
    """source: four significant digits are right to half of the fourth, 5e-4 relative."""
    shown = format_quantity(value, "")
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", shown)
    assert abs(Fraction(shown) - Fraction(repr(value))) <= abs(Fraction(repr(value))) / 2000


def test_reading_is_the_same_in_any_order() -> None:
    """source: arithmetic."""
    texts = ["5 mg", "0.5 mg/kg", "10 mg/h"]
    asked = (Dimension.DOSE, Dimension.DOSE_PER_WEIGHT, Dimension.RATE)
    for order in itertools.permutations(asked):
        assert [parse(text, *order).magnitude for text in texts] == [5, 0.5, 10]


def test_reading_a_unit_loads_no_dask() -> None:
    """Dask comes with an extra; pint would load it for arrays that no quantity here is made of."""
    code = (
        "import sys; from assuage.units import convert; convert(1.0, 'mg/kg/h', 'ug/kg/min');"
        "assert 'pint' in sys.modules; assert not any(n.startswith('dask') for n in sys.modules);"
        "import dask"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_dask_is_hidden_only_while_pint_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def load(name: str) -> None:
        seen.append((name, sys.modules.get("dask", "not there")))

    monkeypatch.setattr(units.importlib, "import_module", load)
    monkeypatch.delitem(sys.modules, "dask", raising=False)
    units._without_dask()
    assert seen == [("pint", None)]
    assert "dask" not in sys.modules
    loaded = ModuleType("dask")
    monkeypatch.setitem(sys.modules, "dask", loaded)
    units._without_dask()
    assert seen[1:] == [("pint", loaded)]
    assert sys.modules["dask"] is loaded


def test_the_registry_is_built_with_dask_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[None] = []
    monkeypatch.setattr(units, "_without_dask", lambda: called.append(None))
    units._registry.__wrapped__()
    assert called == [None]
