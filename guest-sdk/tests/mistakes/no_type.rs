switchback_guest::export!();

fn main() {}
