"""Deckname: from a call recording to a pseudonymised transcript.

The page to read first is `usecases/process_calls.py`.
"""

import os

# Before any library is imported that reads them. onnxruntime from 1.29 on writes a device id and a
# session file, and reports events to its maker; the model hub's client counts its uses.
os.environ |= {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
