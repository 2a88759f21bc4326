"""Settings: environment variables ``PACEWATCH_*``, checked once, frozen.

Comes in: the environment, and files for secrets.
Goes out: settings objects; errors that name the variable and never show its value.
The rule that lives here: every setting has a default, and a secret may always be a file.
"""
