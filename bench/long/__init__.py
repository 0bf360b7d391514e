"""MIA for hours: does anything grow, drift or stay behind?"""
