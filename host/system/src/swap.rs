//! Whether memory of this process can be swapped out.

use std::fs;
use std::path::Path;

/// Where cgroups of version 2 are.
const CGROUPS: &str = "/sys/fs/cgroup";

/// Whether anonymous memory of this process can be swapped out, as things are: the system has swap, and no cgroup of version 2 that the
/// process is in forbids it (`memory.swap.max` of 0; systemd: `MemorySwapMax=0`). Also where that cannot be told.
pub fn is_possible() -> bool {
    let read = |path: &str| fs::read_to_string(path).ok();
    has_devices(read("/proc/swaps").as_deref())
        && !is_forbidden(&read("/proc/self/cgroup").unwrap_or_default(), Path::new(CGROUPS))
}

/// Below its heading the file has a line for each device.
fn has_devices(swaps: Option<&str>) -> bool {
    swaps.is_none_or(|swaps| swaps.lines().nth(1).is_some())
}

/// Whether the cgroup of a process, or one around it, has no swap. One outside of what is seen here (its path begins with `..`,
/// cgroup_namespaces(7)) is not below the root that is seen, so that tells nothing.
fn is_forbidden(of_process: &str, root: &Path) -> bool {
    let path = of_process.lines().find_map(|line| line.strip_prefix("0::/"));
    let Some(path) = path.filter(|path| !Path::new(path).starts_with("..")) else { return false };
    let all = Path::new(path).ancestors();
    all.map(|path| fs::read_to_string(root.join(path).join("memory.swap.max")))
        .any(|most| most.is_ok_and(|most| most.trim() == "0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_has_swap_where_it_lists_some_or_nothing_can_be_told() {
        let heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
        assert!(!has_devices(Some(heading)));
        assert!(has_devices(Some(&format!("{heading}/dev/zram0 partition\t8388604\t0\t100\n"))));
        assert!(has_devices(None));
    }

    #[test]
    fn a_cgroup_without_swap_forbids_it_to_all_within() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("system.slice/a.service/inner");
        fs::create_dir_all(&inner).unwrap();
        let set = |folder: &str, most: &str| fs::write(root.path().join(folder).join("memory.swap.max"), most).unwrap();
        let is_forbidden = |of_process: &str| is_forbidden(of_process, root.path());
        set("system.slice/a.service", "max\n");
        assert!(!is_forbidden("0::/system.slice/a.service/inner\n"));
        set("system.slice/a.service", "0\n");
        assert!(is_forbidden("1:name=systemd:/x\n0::/system.slice/a.service/inner\n"));
        assert!(!is_forbidden("0::/system.slice\n") && !is_forbidden("4:memory:/system.slice/a.service\n"));
        // In a container it is the root.
        set("", "0\n");
        assert!(is_forbidden("0::/\n"));
        assert!(!is_forbidden("0::/..\n") && !is_forbidden("0::/../b.service\n") && is_forbidden("0::/..b\n"));
    }
}
