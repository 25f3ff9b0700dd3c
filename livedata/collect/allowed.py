"""All pieces of script that a host may ever be sent: what a key that only answers probes is authorised for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..model.host import Host, Settings
from ..model.probe import Probe
from ..probe.load import apply_settings
from ..transport.compose import compose_body, compose_reads
from ..transport.gate import files_piece, opening
from .asker import CLOCK


def allowed(host: Host, probes: Iterable[Probe]) -> Iterator[str]:
    """The pieces for a host's probes, as its inventory has them: other time-outs, sudo or log files make other pieces."""
    yield opening(host)
    yield compose_body(CLOCK, CLOCK.timeout, False).script
    yield files_piece("\n".join(logs.path for logs in host.logs))
    for probe in probes:
        settings = host.probes.get(probe.name, Settings())
        if not settings.enabled:
            continue
        asked = apply_settings(probe, settings)
        yield (
            compose_body(asked, asked.timeout, settings.sudo).script
            if asked.body
            else compose_reads([asked], host).script
        )
