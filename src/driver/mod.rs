//! Compiles one function: options, tiers, pipeline, statistics.
//!
//! The driver is the only place that knows both halves: it copies what the compiler needs out of the
//! interpreter, runs the compiler on plain data, and gives its output to the runtime. No unsafe code.

pub mod attach;
pub mod bind;
pub mod classes;
mod closures;
pub mod compile;
pub mod dump;
pub mod enable;
pub mod engine;
pub mod events;
pub mod kind;
pub mod known;
pub mod listing;
pub mod loops;
pub mod neighbours;
pub mod observe;
pub mod onlookers;
pub mod options;
pub mod policy;
pub mod profit;
pub mod record;
pub mod report;
pub mod resolver;
pub mod running;
pub mod selection;
pub mod siblings;
pub mod trial;
pub mod verify;
pub mod version;
pub mod versions;
mod waiting;
pub mod world;
