//! What the process uses, as Linux counts it (proc_pid_status(5)).

use std::fs;

/// Memory of this process that is in RAM, in bytes; `None` where the system does not say.
pub(super) fn resident_bytes() -> Option<u64> {
    field("VmRSS:")
}

/// The most that it ever was.
pub(super) fn resident_bytes_peak() -> Option<u64> {
    field("VmHWM:")
}

fn field(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_memory_is_seen() {
        let before = resident_bytes().unwrap();
        let touched = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = resident_bytes().unwrap();
        assert!(after >= before + (60 << 20), "{before} {after}");
        drop(touched);
        assert!(resident_bytes_peak().unwrap() >= after);
    }
}
