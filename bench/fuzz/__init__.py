"""Bad input, by the thousand: what comes from strangers is read by code that never falls over."""
