"""Words: what statuses, reasons and verdicts are called for people, in sentences with amounts and times. Pure.

Comes in: verdicts, with whose they are.
Goes out: words, marks, colours and sentences, in no notifier's or page's form.
The rule that lives here: a word stands once, and every place that shows it takes it from here.
"""
