"""Reading Kafka: whole record batches, as chunks, from offsets that Redis names.

Comes in: fetches of aiokafka, in every codec.
Goes out: payloads of at most 10,000 records of one topic partition, each with the offsets around it.
The rule that lives here: private attributes of Faust and aiokafka are touched nowhere else.
"""
