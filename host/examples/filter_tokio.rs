//! A filter on tokio: it scores many messages at a time, and none on a thread that drives I/O.
//!
//! ```text
//! filter_tokio RELEASE MESSAGE...
//! ```

use std::error::Error;
use std::num::NonZero;
use std::path::PathBuf;
use std::{env, fs, thread};

use switchback::tokio::Scorers;
use switchback::{Message, Runtime, SlotConfig, Verdict};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args_os().skip(1).map(PathBuf::from);
    let release = args.next().ok_or("usage: filter_tokio RELEASE MESSAGE...")?;

    // Building and loading take long: a filter does both before it serves.
    let runtime = Runtime::builder().slot(SlotConfig::new("inbound")).build()?;
    let slot = runtime.slot("inbound")?;
    slot.promote(&runtime.load(release)?)?;

    // As many messages at a time as there are cores: scoring computes.
    let scorers = Scorers::new(slot, thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN));
    tokio::runtime::Builder::new_current_thread().build()?.block_on(serve(scorers, args.collect()))
}

/// Scores each message in a task of its own, as a server does for each connection.
async fn serve(scorers: Scorers, paths: Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let tasks: Vec<_> =
        paths.into_iter().map(|path| (path.clone(), tokio::spawn(judge(scorers.clone(), path)))).collect();
    for (path, task) in tasks {
        let verdict = task.await??;
        println!("{} {} by {}", path.display(), verdict.action, verdict.decided_by);
    }
    Ok(())
}

async fn judge(scorers: Scorers, path: PathBuf) -> std::io::Result<Verdict> {
    let bytes = tokio::task::spawn_blocking(move || fs::read(path)).await??;
    Ok(scorers.score(Message::parse(bytes)).await)
}
