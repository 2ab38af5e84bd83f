"""The demo: invented people, a history of two years, real open data. `seed.seed` makes it; nothing else needs it."""
