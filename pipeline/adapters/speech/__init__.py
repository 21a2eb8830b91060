"""Speech detection (Silero) and recognition (faster-whisper)."""
