//! What the process uses, as Linux counts it (proc_pid_status(5)).

use std::fs;

/// Memory of this process that is in RAM.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resident {
    /// Now, in bytes.
    pub(super) now_bytes: u64,
    /// The most that it ever was, in bytes.
    pub(super) peak_bytes: u64,
    /// What of it is no file's, now, in bytes: pages of files, such as compiled code, are shared by all processes.
    pub(super) private_bytes: u64,
}

impl Resident {
    /// Asks the system; `None` where it does not say.
    pub(super) fn read() -> Option<Self> {
        // One read for both: the kernel sees to it that the peak is not below what it reports as now.
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let [now_bytes, peak_bytes, private_bytes] = ["VmRSS:", "VmHWM:", "RssAnon:"].map(|name| bytes(&status, name));
        Some(Self { now_bytes: now_bytes?, peak_bytes: peak_bytes?, private_bytes: private_bytes? })
    }
}

fn bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_memory_is_seen() {
        let before = Resident::read().unwrap();
        let touched = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = Resident::read().unwrap();
        assert!(after.now_bytes >= before.now_bytes + (60 << 20), "{before:?} {after:?}");
        assert!(after.peak_bytes >= after.now_bytes, "{after:?}");
        assert!(after.private_bytes >= before.private_bytes + (60 << 20), "{before:?} {after:?}");
        assert!(after.private_bytes < after.now_bytes, "this program is a file: {after:?}");
        drop(touched);
    }
}
