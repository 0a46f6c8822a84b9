//! The program `switchback`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    switchback_cli::main()
}
