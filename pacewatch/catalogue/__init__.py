"""The catalogue for people: its packs, measures and KPIs on a terminal, as a page, and as JSON.

Comes in: the packs that are shipped, or a catalogue file. Goes out: lines of 80 columns, Markdown, JSON, or every error
of the file with its line. The rule that lives here: what is said of a measure or a KPI is said in one place, so that
terminal and page say the same.
"""
