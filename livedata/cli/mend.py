"""What a person can do about an outcome: one line, with the command."""

from __future__ import annotations

from ..model.scrape import Outcome

MENDS = {
    Outcome.HOSTKEY_UNKNOWN: "livedata fleet trust {host}    shows its key, and adds it once you have compared it",
    Outcome.HOSTKEY_CHANGED: "if it was set up anew: ssh-keygen -R ADDRESS, then livedata fleet trust {host}; "
    "if not, somebody may be in between",
    Outcome.AUTH_FAILED: "ssh-copy-id gives it your key; ssh-add unlocks one that has a passphrase",
    Outcome.UNREACHABLE: "is it up, and does `ssh {host}` get there?",
    Outcome.UNRESOLVED: 'is the name right? address = "..." in the inventory, or HostName in ~/.ssh/config, says where it is',
    Outcome.DENIED: "the account needs a shell: chsh -s /bin/sh USER on the host",
}


def mend(outcome: Outcome, host: str) -> str:
    """The next step, or nothing where there is none."""
    return MENDS.get(outcome, "").format(host=host)
