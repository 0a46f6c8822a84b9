//! Being told to end.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;

use super::event::Event;

/// Makes an event of the signals by which a program is told to end, and raises a flag for whoever works meanwhile. A second signal
/// ends the program as if nobody listened.
pub(super) fn listen(events: Sender<Event>) -> io::Result<Arc<AtomicBool>> {
    let over = Arc::new(AtomicBool::new(false));
    let (mut told, tell) = UnixStream::pair()?;
    for signal in [SIGINT, SIGTERM] {
        // They are done in this order.
        flag::register_conditional_default(signal, Arc::clone(&over))?;
        flag::register(signal, Arc::clone(&over))?;
        pipe::register(signal, tell.try_clone()?)?;
    }
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if told.read_exact(&mut [0]).is_ok() {
            // Nobody listens any more where the command ends for another reason.
            let _ = events.send(Event::Interrupted);
        }
    })?;
    Ok(over)
}
