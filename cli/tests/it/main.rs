//! The command, run as people run it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bare;
mod bench;
mod compare;
mod crash;
mod demo;
mod dev;
mod dovecot;
mod features;
mod inspect;
mod keygen;
mod languages;
mod machine;
mod minisign;
mod model;
mod new;
mod nothing;
mod operate;
mod outputs;
mod pack;
mod pages;
mod run;
mod schema;
mod score;
mod serve;
mod sign;
mod test;
mod toolchains;
mod train;
mod verify;
