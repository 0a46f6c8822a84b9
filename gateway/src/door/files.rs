//! How many files may be open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process have as many files open as it may, a connection being one. By default it may have 1,024, for the sake of
/// programs that use `select(2)` (`systemd.exec(5)`, `LimitNOFILE=`).
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // Where that cannot be, accepting says when they are used up.
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::debug!("the limit of open files stays as it is: {error}");
    }
}
