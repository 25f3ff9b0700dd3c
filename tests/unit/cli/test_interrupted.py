"""A signal that comes within a call of DuckDB's ends the command as it does anywhere else."""

import signal
from typing import Any

import pytest

from livedata.cli import common, main
from livedata.errors import INTERRUPTED


@pytest.mark.parametrize(
    ("ended", "code"), [(signal.SIG_DFL, INTERRUPTED), (signal.SIG_IGN, 128 + signal.SIGTERM)]
)
def test_an_interrupted_question_has_the_signals_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ended: Any, code: int
) -> None:
    def ask(standalone_mode: bool) -> None:
        raise RuntimeError("Query interrupted")  # as DuckDB says it, whatever the handler raised

    monkeypatch.setattr(main, "app", ask)
    before = signal.signal(signal.SIGTERM, ended)
    try:
        with pytest.raises(SystemExit) as end:
            main.main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert end.value.code == code
    assert capsys.readouterr().err == ""


def test_the_first_signal_is_the_last_one_that_is_heard() -> None:
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        common.end_by_exit()
        with pytest.raises(SystemExit) as end:
            signal.raise_signal(signal.SIGTERM)
        assert end.value.code == 128 + signal.SIGTERM
        signal.raise_signal(signal.SIGTERM)  # nothing happens: what has begun is tidied up
        assert common.exit_code_of_a_signal() == 128 + signal.SIGTERM
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
