"""The board over HTTP: pages, events, the API, and what people do there.

Comes in: requests of those who may read.
Goes out: HTML that is complete without JavaScript, JSON, server-sent events; acknowledgements and mutes.
The rule that lives here: what is read never waits for what is judged, and nobody acts where everybody reads.
"""
