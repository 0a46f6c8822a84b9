//! `switchback serve`, with the programs that mail servers ask it by. Where one of them is not installed, its test says so and
//! skips.

mod amavis;
mod bad_input;
pub(crate) mod door;
mod exim;
mod harsh;
mod http;
mod life;
mod memory;
mod openapi;
mod reports;
mod rspamc;
mod spamc;
mod spamd;
