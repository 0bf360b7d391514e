"""Text in, reply out: the persona's prompts (`prompts`), language models (`llm`, one module
each), chains of them (`chain`), and what must not be spoken (`reasoning`)."""
