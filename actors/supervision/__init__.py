"""Supervision as in OTP: who is started again, when, and when no more."""
