"""The catalogue as files: measures and KPIs that are switched on by name, and those that users write.

Comes in: the file that ``PACEWATCH_CATALOGUE`` names, and the packs that it switches on, which lie here as YAML.
Goes out: a :class:`~kpis.catalogue.Catalogue`, or every error with its line.
The rule that lives here: a KPI is data; the core comes first and is always there, so its columns never move.
"""
