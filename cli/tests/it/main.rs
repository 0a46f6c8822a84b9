//! The command, run as people run it.

mod bench;
mod compare;
mod demo;
mod inspect;
mod model;
mod new;
mod run;
mod score;
