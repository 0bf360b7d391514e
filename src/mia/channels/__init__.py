"""Where talk comes from and goes to: a recording, the microphone, a realtime socket."""
