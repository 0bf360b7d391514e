"""Sound in, text out: who is speaking (`vad`), have they finished (`smart_turn`), what did they
say (`stt`). A new voice detector or recogniser is one module in `vad/` or `stt/`."""
