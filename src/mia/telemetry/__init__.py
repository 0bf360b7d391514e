"""What happens, for those who look on: events on one bus, turn reports, metrics, logs.

`events` has the facts and the bus, `turns` gathers each turn's report from them, `metrics`
counts them for Prometheus, `logs` sets up logging.
"""
