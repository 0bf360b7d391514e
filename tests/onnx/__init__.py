"""ONNX files, read, changed and built."""
