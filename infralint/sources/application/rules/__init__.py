"""Rules of frameworks, as data: one YAML file a framework; the first document is the rules, the second its examples."""
