//! What the project's tests drive through `brolga._native._testing`; nothing else uses it.

pub mod entries;
pub mod frames;
