"""Makes the secrets that docker-compose.yml reads: ``python deploy/make_secrets.py [DIRECTORY]``.

One file each in ``secrets/``. What is there already stays as it is. Those of Slack start empty: nothing is sent
until a URL or a token stands in its file.

Docker mounts the files with the owner and mode they have, and the containers run as users of their own, so the files
are readable to all; who may not enter the directory cannot reach them.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

_RANDOM = ("redis_password", "grafana_password")
_EMPTY = ("slack_webhook_url", "slack_bot_token", "slack_signing_secret")
_HOME = Path(__file__).resolve().parents[1] / "secrets"


def make(directory: Path) -> list[str]:
    """Make the secrets that are missing; gives their names."""
    directory.mkdir(mode=0o700, exist_ok=True)
    made = [name for name in (*_RANDOM, *_EMPTY) if not (directory / name).exists()]
    for name in made:
        file = directory / name
        file.write_text(secrets.token_urlsafe(32) + "\n" if name in _RANDOM else "", encoding="ascii", newline="\n")
        file.chmod(0o644)
    return made


if __name__ == "__main__":
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else _HOME
    sys.stderr.write(f"made in {home}: {', '.join(make(home)) or 'nothing, all are there'}\n")
