//! Builds the guests from `plugins/`, and compares them with those that are committed, or writes them.
//!
//! Another toolchain makes other bytes: then this says so, loudly, and compares nothing.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use sha2::{Digest as _, Sha256};
use switchback_guests::ALL;
use switchback_pack::build_module;

/// Builds the guests anew.
#[derive(Parser)]
struct Arguments {
    /// Write them, with the toolchain that made them, in the place of those that are there.
    #[arg(long)]
    write: bool,
}

/// How much zstd tries: the files are written once and read by everybody.
const LEVEL: i32 = 19;

fn main() -> Result<()> {
    let write = Arguments::parse().write;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = here.join("modules");
    let toolchain = modules.join("toolchain.txt");
    for guest in ALL {
        let source = here.join("../../plugins").join(guest.name);
        let built = build_module(&source, "guest", &["--locked".into()], &mut |_| {})?;
        let toolchain_here = format!("{} on {}", built.record.rustc, built.record.host);
        let digest: String = Sha256::digest(&built.module).iter().map(|byte| format!("{byte:02x}")).collect();
        if write {
            let compressed = zstd::bulk::compress(&built.module, LEVEL)?;
            fs::write(modules.join(format!("{}.wasm.zst", guest.name)), compressed)?;
            fs::write(modules.join(format!("{}.sha256", guest.name)), format!("{digest}\n"))?;
            fs::write(&toolchain, format!("{}\n", toolchain_here))?;
            println!("{}: {} bytes, {digest}", guest.name, built.module.len());
            continue;
        }
        let theirs = fs::read_to_string(&toolchain).with_context(|| format!("read {}", toolchain.display()))?;
        if theirs.trim() != toolchain_here {
            println!("NOT CHECKED: {}: it was built by {}, and here is {}", guest.name, theirs.trim(), toolchain_here);
        } else if digest != guest.sha256() {
            bail!(
                "{}: the source makes {digest}, and {} is committed: `cargo xtask guests --write`",
                guest.name,
                guest.sha256()
            );
        } else {
            println!("{}: the source makes the bytes that are committed", guest.name);
        }
    }
    Ok(())
}
