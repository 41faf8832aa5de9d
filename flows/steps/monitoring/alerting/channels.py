"""Channels: where people are told, as Apprise addresses in `ASOF_NOTIFY`.

An address is a secret: it is never printed, logged or stored.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass, field

from flows.runtime import settings
from ml.errors import AsofError

# A comma begins another address only where a scheme follows it: addresses may hold commas themselves.
_NEXT = re.compile(r",\s*(?=[a-zA-Z][a-zA-Z0-9+.-]*://)")


@dataclass(frozen=True)
class Channel:
    """An address with the name it goes by: its kind and a digest."""

    name: str
    address: str = field(repr=False)


def channels() -> list[Channel]:
    """The channels of `ASOF_NOTIFY`, none where it is empty. AsofError, without the address, for one that Apprise cannot read."""
    declared = [part.strip() for part in _NEXT.split(settings.notify()) if part.strip()]
    if not declared:
        return []
    apprise = _quiet()
    for place, address in enumerate(declared, 1):
        if apprise.Apprise.instantiate(address) is None:
            kind = address.split("://")[0] if "://" in address else "?"
            raise AsofError(
                f"ASOF_NOTIFY: address {place} ({kind}) is none that Apprise knows; "
                "https://github.com/caronc/apprise/wiki lists them"
            )
    return [Channel(_name(address), address) for address in dict.fromkeys(declared)]


def send(channel: Channel, title: str, body: str) -> bool:
    """Whether the channel has taken the message; a channel that is down or refuses is False, never an error."""
    apprise = _quiet()
    there = apprise.Apprise()
    there.add(channel.address)
    try:
        return bool(there.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))
    except Exception:  # a plugin's own fault must not end the run, and its text may hold the address
        return False


def _name(address: str) -> str:
    return f"{address.split('://')[0].lower()}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def _quiet():
    """Apprise without its log, which names addresses; imported by those who have a channel."""
    import apprise

    for name in ("apprise", "urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return apprise
