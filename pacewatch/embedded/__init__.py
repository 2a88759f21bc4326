"""The embedded broker and Redis: real programs on loopback that never outlive their parent.

Comes in: nothing but the wheels that are installed.
Goes out: a Kafka-compatible broker and a Redis, and a nursery that starts and stops children.
The rule that lives here: whatever ends this process, no child and no file of it is left.
"""
