"""ONNX models: opened, read, changed and put together without a library to edit them, which
would be one more thing to install for a few fields of protobuf."""
