"""The contract in Redis between the worker, which writes, and everything that reads.

Comes in: a Redis client and settings.
Goes out: keys and fields, documents and packed rows, one way to connect and to name an error of Redis.
The rule that lives here: whatever lies in Redis is named in this folder and nowhere else.
"""
