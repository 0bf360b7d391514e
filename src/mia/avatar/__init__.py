"""The face: outputs that follow the playhead. The page's own puppet (`web/ui/js/puppet.js`) is
the only one yet; VTube Studio, OSC and VMC will be one module each here."""
