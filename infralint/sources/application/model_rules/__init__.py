"""How libraries ask language models: one YAML file a library, its examples below `---`."""
