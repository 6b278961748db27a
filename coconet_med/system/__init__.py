"""What the package asks of the process it runs in: no telemetry, harmless text, temporary folders that are cleared."""
