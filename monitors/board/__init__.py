"""The launch board: web pages, events and a JSON API on the monitor's address, for people without Grafana."""
