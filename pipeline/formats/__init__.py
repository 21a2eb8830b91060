"""Redacted transcripts as json, txt, srt and vtt."""
