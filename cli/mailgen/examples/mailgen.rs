//! Writes generated mail to a folder, one file per message, or says how fast it is generated.
//!
//! `cargo run --release -p switchback-mailgen --example mailgen -- [--profile small|modern] COUNT [SEED] [FOLDER]`

use std::error::Error;
use std::time::Instant;

use switchback_mailgen::{Generator, Mix, Profile};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut profile = Profile::Small;
    if arguments.next_if(|argument| argument == "--profile").is_some() {
        profile = arguments.next().unwrap_or_default().parse()?;
    }
    let mut number = |default| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (count, seed) = (number(1000), number(1));
    let mail = Generator::with_mix(seed, Mix::of(profile)).take(count as usize);
    let Some(folder) = arguments.next() else {
        let start = Instant::now();
        let bytes: usize = mail.map(|message| message.bytes.len()).sum();
        let each = start.elapsed().as_secs_f64() * 1e6 / count as f64;
        println!("{count} messages, {bytes} bytes, {each:.1} microseconds each");
        return Ok(());
    };
    std::fs::create_dir_all(&folder)?;
    for (index, message) in mail.enumerate() {
        let name = format!("{folder}/{index:06}-{}-{}.eml", message.kind.name(), message.from_domain);
        std::fs::write(name, message.bytes)?;
    }
    Ok(())
}
