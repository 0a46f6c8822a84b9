//! `switchback guard`: what it may do, what it did, and why.

mod alerts;
mod learn;
mod reasons;
mod replay;
mod set;
mod simulate;
mod work;

use std::fs;
use std::path::{Path, PathBuf};

use switchback_mailgen::{AUTHSERV_ID, Generator};

use super::store::Store;
use crate::model::release;

/// Generated mail in a folder: messages of these numbers.
fn mail(dir: &Path, numbers: std::ops::Range<u64>) -> PathBuf {
    let folder = dir.join(format!("mail-{}", numbers.start));
    fs::create_dir_all(&folder).unwrap();
    let generator = Generator::new(1);
    for number in numbers {
        fs::write(folder.join(format!("{number:06}.eml")), generator.nth_message(number).bytes).unwrap();
    }
    folder
}

/// The same mail as it would have come in on three days, weeks before that on which it is dated.
fn earlier_mail(dir: &Path, numbers: std::ops::Range<u64>) -> PathBuf {
    let folder = dir.join(format!("earlier-{}", numbers.start));
    fs::create_dir_all(&folder).unwrap();
    let generator = Generator::new(1);
    for number in numbers {
        let bytes = generator.nth_message(number).bytes;
        for day in [1, 3, 5] {
            let received = format!("Received: from x by {AUTHSERV_ID}; {day} Apr 2025 09:00:00 +0000\r\n").into_bytes();
            fs::write(folder.join(format!("{number:06}-{day}.eml")), [received, bytes.clone()].concat()).unwrap();
        }
    }
    folder
}

/// A store in which 1.1.0 is live and 2.0.0, which flags all but the smallest mail, is there.
fn store() -> Store {
    let store = Store::promoted(&["1.1.0"]);
    store.fine(["load", &release("2.0.0")]);
    store
}

/// The option that believes the generated mail's server.
const TRUST: [&str; 2] = ["--trust-authserv-id", AUTHSERV_ID];
