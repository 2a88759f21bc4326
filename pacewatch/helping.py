"""What all commands have in common: ``-h``, and in the help of each the settings that it reads."""

from __future__ import annotations

HELP = {"help_option_names": ["-h", "--help"]}
"""Of the command line's context: every command takes over what stands above it."""
WHERE = "All settings, with their defaults: docs/settings.md, which pacewatch export DIR --only docs writes out."
CONNECT = ("REDIS", "REDIS_PASSWORD", "REDIS_CA")
KAFKA = ("KAFKA", "KAFKA_SECURITY", "TOPIC_PREFIX")
SERVED = ("HTTP_TOKEN", "HTTP_PASSWORD", "HTTP_CERT", "HTTP_KEY", "LOG_LEVEL", "LOG_FORMAT")
READ_BY = {
    "worker": (
        *KAFKA, *CONNECT, "GROUP", "INSTANCE", "PARTITIONS", "CURRENCY", "FX_RATES", "WINDOWS", "BREAKDOWNS",
        "HISTORY_DAYS", "CATALOGUE", "WORKER_HOST", "WORKER_PORT", *SERVED,
    ),
    "monitor": (
        *CONNECT, "GOALS", "CATALOGUE", "SLACK_WEBHOOK_URL", "SLACK_BOT_TOKEN", "SLACK_CHANNEL", "ALERTMANAGER_URL",
        "WEBHOOK_URL", "ROUTES", "PUBLIC_URL", "GRAFANA_URL", "MONITOR_HOST", "MONITOR_PORT", *SERVED,
    ),
    "kpi": (*CONNECT, "CATALOGUE", "GOALS"),
    "top": ("MONITOR_HOST", "MONITOR_PORT", "HTTP_TOKEN", "HTTP_USER", "HTTP_PASSWORD"),
    "replay": (*KAFKA, "CLOCK"),
    "simulate": (*KAFKA, "CLOCK"),
    "init": CONNECT,
    "doctor": (),
    "alerts": (*CONNECT, "GOALS"),
    "backtest": (*CONNECT, "CURRENCY", "FX_RATES", "BREAKDOWNS", "HISTORY_DAYS", "CATALOGUE", "ALERT_FOR_S"),
    "rejected": (*KAFKA, *CONNECT),
}  # fmt: skip
"""The settings that people want of each command, without their prefix; the others have defaults that fit most."""


def settings_of(command: str) -> str:
    """The end of a command's help."""
    names = ", ".join(f"PACEWATCH_{name}" for name in READ_BY[command])
    return f"Reads {names}.\n\n{WHERE}" if names else f"Reads every setting.\n\n{WHERE}"
