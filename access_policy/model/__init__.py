"""The values that events, commands and rules speak of. Pure data; no behaviour beyond checking itself."""
