//! Compiles one function: options, pipeline, statistics.
