"""What a run cost is the same in its row and out of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livedata.model.scrape import SCRAPE, Outcome, Scrape

HUNDREDTHS = st.none() | st.integers(0, 10**9).map(lambda n: n / 100)
WHOLE = st.none() | st.integers(0, 2**40)


@given(
    st.builds(
        Scrape, st.text(), st.sampled_from(Outcome), st.none() | st.text(), HUNDREDTHS, HUNDREDTHS, HUNDREDTHS, HUNDREDTHS, WHOLE, WHOLE, WHOLE,
        st.none() | st.booleans(),
    ),
    WHOLE,
)  # fmt: skip
def test_a_run_is_what_its_row_says(scrape: Scrape, skew: int | None) -> None:
    row = scrape.row(skew)
    assert len(row) == len(SCRAPE.columns)
    assert Scrape.of(row) == scrape
