"""What the panel's pages can set going, beyond the conversation: models, set-up, measuring.

The web application knows these as protocols (`mia.web.services`); here is what stands behind them.
"""
