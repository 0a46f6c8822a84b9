//! The smallest filter: one release, one slot, and a verdict for each file.
//!
//! ```text
//! filter RELEASE MESSAGE...
//! ```

use std::error::Error;
use std::{env, fs};

use switchback::{Message, Runtime, SlotConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args_os().skip(1);
    let release = args.next().ok_or("usage: filter RELEASE MESSAGE...")?;

    // Without a store: this process decides which release is live.
    let runtime = Runtime::builder().slot(SlotConfig::new("inbound")).build()?;
    let slot = runtime.slot("inbound")?;

    // Compiles the release, and runs its self-tests.
    let release = runtime.load(release)?;
    slot.promote(&release)?;

    for path in args {
        // Any bytes make a message, and every message has a verdict.
        let verdict = slot.score(&Message::parse(fs::read(&path)?));
        println!("{} {} by {}", path.display(), verdict.action, verdict.decided_by);
    }
    // Dropping the runtime ends it in order.
    Ok(())
}
