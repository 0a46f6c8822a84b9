//! Refuses every system but Linux in one sentence.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_TARGET_OS").is_some_and(|system| system != "linux") {
        println!(
            "cargo::error=switchback runs on Linux: stores, signals and priorities are used as Linux has them; on another \
             system, put the filter into a container or a virtual machine"
        );
    }
}
