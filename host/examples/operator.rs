//! A store and its operator in one process: a runtime follows the store, and what the operator changes takes effect there.
//!
//! ```text
//! operator STORE RELEASE NEXT MESSAGE
//! ```

use std::error::Error;
use std::time::Duration;
use std::{env, fs};

use switchback::control::{Event, Promotion, Readiness, Request};
use switchback::{Control, Message, ReleaseId, Runtime, Slot, SlotConfig};

/// How long an operator waits for the processes of the store.
const WAIT: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args_os().skip(1).collect();
    let [store, release, next, message] = &*args else {
        return Err("usage: operator STORE RELEASE NEXT MESSAGE".into());
    };

    // The operator: every change says who makes it, and why.
    let control = Control::create(store)?.author("ada").reason("an example");
    // The filter: usually a process of its own, and many of them.
    let filter = Runtime::builder().slot(SlotConfig::new("inbound")).store_dir(store).build()?;
    let slot = filter.slot("inbound")?;
    let message = Message::parse(fs::read(message)?);

    // Compiles into the store, where every process finds it.
    let compiler = Runtime::builder().cache_dir(store).build()?;
    for path in [release, next] {
        let (release, _) = compiler.load_into(&control, path)?;
        obeyed(&control, &control.admit(promotion(&release))?.event)?;
        tell(&slot, &message);
    }
    // The next message is judged by the first release again, in every process.
    obeyed(&control, &control.commit(Request::Revert { slot: "inbound".to_owned(), to: None })?.event)?;
    tell(&slot, &message);
    Ok(())
}

/// Waits until every process has the release ready before it decides anywhere.
fn promotion(release: &ReleaseId) -> Promotion {
    Promotion::new("inbound", release.clone(), Readiness::Wait(WAIT))
}

/// Waits until every process obeys.
fn obeyed(control: &Control, event: &Event) -> Result<(), Box<dyn Error>> {
    let acknowledgements = control.acknowledgements(event, WAIT)?;
    if acknowledgements.silent.is_empty() {
        return Ok(());
    }
    Err(format!("{} processes do not obey yet", acknowledgements.silent.len()).into())
}

fn tell(slot: &Slot, message: &Message) {
    let verdict = slot.score(message);
    let release = verdict.release.map_or_else(|| "nobody".to_owned(), |release| release.to_string());
    println!("generation {}: {} by {release}", verdict.generation, verdict.action);
}
