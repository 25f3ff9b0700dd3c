"""The user's own rules reach the rows: from config.toml or the environment, through the collector, to the command lines kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from livedata.clock import SystemClock
from livedata.collect.asker import Asker
from livedata.config import load_config
from livedata.errors import ConfigError
from livedata.model.batch import Batch
from livedata.model.host import Host
from livedata.probe.load import load_probes
from livedata.transport.local import LocalSession

PROBES = load_probes()


def config(tmp_path: Path, text: str, **environ: str) -> tuple[str, ...]:
    (tmp_path / "config.toml").write_text(text)
    return load_config(
        {"HOME": str(tmp_path), "LIVEDATA_CONFIG": str(tmp_path / "config.toml"), **environ}
    ).redact


def test_rules_come_from_the_file_or_line_by_line_from_the_environment(tmp_path: Path) -> None:
    assert config(tmp_path, "") == ()
    assert config(tmp_path, r"redact = ['a+', '--pin (\d+)']") == ("a+", r"--pin (\d+)")
    assert config(tmp_path, "redact = ['a']", LIVEDATA_REDACT="b c\nd|e\n") == ("b c", "d|e")


@pytest.mark.parametrize("text", ["redact = ['(']", "redact = [1]", "redact = 5"])
def test_what_is_no_rule_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml.*redact"):
        config(tmp_path, text)


def test_they_hold_for_what_is_kept() -> None:
    async def sample(*rules: str) -> list[str]:
        batches: list[Batch] = []
        probes = [PROBES["process"], PROBES["process_info"]]
        session = LocalSession(Host("here"), 16_000_000)
        sleeper = await asyncio.create_subprocess_exec("sleep", "300.4711")
        try:
            asker = Asker(Host("here"), probes, {}, SystemClock(), batches.extend, redact=rules)
            await asker.run(session, "main", asker.probes, 0)
        finally:
            sleeper.kill()
            await sleeper.wait()
            await session.close()
        at = [column.name for column in probes[1].columns].index("command")
        return [str(row[at]) for batch in batches if batch.probe is probes[1] for row in batch.rows]

    assert "sleep 300.4711" in asyncio.run(sample())
    assert "sleep 300.***" in asyncio.run(sample(r"\.(4711)"))
