//! Writes generated mail to a folder, one file per message, or says how fast it is generated.
//!
//! `cargo run --release -p switchback-mailgen --example mailgen -- COUNT [SEED] [FOLDER]`

use std::time::Instant;

use switchback_mailgen::Generator;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (count, seed) = (number(1000), number(1));
    let start = Instant::now();
    let Some(folder) = arguments.next() else {
        let bytes: usize = Generator::new(seed).take(count as usize).map(|message| message.bytes.len()).sum();
        let each = start.elapsed().as_secs_f64() * 1e6 / count as f64;
        println!("{count} messages, {bytes} bytes, {each:.1} microseconds each");
        return Ok(());
    };
    std::fs::create_dir_all(&folder)?;
    for (index, message) in Generator::new(seed).take(count as usize).enumerate() {
        let name = format!("{folder}/{index:06}-{}-{}.eml", message.kind.name(), message.from_domain);
        std::fs::write(name, message.bytes)?;
    }
    Ok(())
}
