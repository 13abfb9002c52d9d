"""Supervision as in OTP: child specs, death watch, restarts with backoff and intensity, orderly stops, dead letters."""
