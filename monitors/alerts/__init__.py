"""From verdicts to messages: lifecycle (what is a change), message (how it reads), outbox (it survives), slack."""
