"""Stopping a plain function before each instruction it executes, and looking at its frame there."""
