//! Commands that are typed while mail goes wrong, and often while no core is free.

/// They hardly compute, and somebody waits for each.
const COMMANDS: [&str; 6] = ["revert", "quarantine", "withdraw", "freeze", "block", "allow"];

/// As that of the thread that follows a store (`nice(2)`; -20 is the highest).
const NICENESS: i32 = -10;

/// Raises the priority of this process if it is called for such a command, and may do so: as root, or where
/// `RLIMIT_NICE` allows it. Before the command line is parsed: on a busy machine even that takes a while.
pub(crate) fn raise_if_urgent() {
    let is_urgent = std::env::args_os().nth(1).is_some_and(|name| COMMANDS.iter().any(|urgent| name == *urgent));
    if is_urgent {
        // Where it is not allowed, the command takes as long as any other.
        let _ = rustix::process::nice(NICENESS);
    }
}
