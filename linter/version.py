"""The version of tsplit-lint, alone in its file so that reading it imports nothing."""

VERSION = "0.1.0"
