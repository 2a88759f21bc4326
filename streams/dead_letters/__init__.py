"""Dead letters: refused records on their way over Redis to ``ads.rejected``, and back again.

Comes in: refused records, with reasons, from the flush that counted the rest of their chunk.
Goes out: records with their bytes unchanged and headers that say why; headers of records sent again.
The rule that lives here: a letter leaves Redis only when Kafka has acknowledged it.
"""
