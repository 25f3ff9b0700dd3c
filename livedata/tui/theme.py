"""Two looks, dark and light, in colours that people who see few colours tell apart (Okabe and Ito's); marks and words say the same."""

from __future__ import annotations

import os
from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    "dark", primary="#56b4e9", accent="#56b4e9", warning="#e69f00", error="#ee7733", success="#3cb795", foreground="#d8dee4",
    background="#101418", surface="#181e24", panel="#26323d", dark=True,
    variables={"footer-key-foreground": "#56b4e9", "footer-background": "#181e24", "input-selection-background": "#26587a"},
)  # fmt: skip
LIGHT = Theme(
    "light", primary="#0072b2", accent="#0072b2", warning="#9a5b00", error="#b33c00", success="#00714f", foreground="#1b2329",
    background="#fbfbf9", surface="#eeefec", panel="#d5e3ee", dark=False,
    variables={"footer-key-foreground": "#0072b2", "footer-background": "#eeefec"},
)  # fmt: skip
THEMES = {"dark": DARK, "light": LIGHT}


def suitable(environ: Mapping[str, str] = os.environ) -> str:
    """The look for this terminal: `COLORFGBG` (rxvt, Konsole and others) tells its background; dark where nothing does."""
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if background in ("7", "15") else "dark"
