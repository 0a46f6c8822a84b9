//! The real Exim, which asks in two layouts.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::door::Door;
use crate::model::mail;

/// Exim, where it is: Debian's package excludes those of other mail servers, so it may be unpacked beside what cargo builds.
fn exim() -> Option<PathBuf> {
    let unpacked = Path::new(env!("CARGO_BIN_EXE_switchback")).parent().unwrap().parent().unwrap();
    let unpacked = unpacked.join("tools/exim/usr/sbin/exim4");
    let found = [unpacked, "/usr/sbin/exim4".into()].into_iter().find(|exim| {
        // It does nothing without the user that it was built for.
        Command::new(exim).args(["-C", "/dev/null", "-bV"]).output().is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        eprintln!("SKIPPED: exim4 is not installed, or lacks its user: `cargo xtask test` as root installs it");
    }
    found
}

/// Sends a message to Exim over SMTP, which refuses it with what it was told of it.
fn refused(exim: &Path, dir: &Path, spamd_address: &str, message: &[u8]) -> String {
    let config = format!(
        "spool_directory = {dir}\nlog_file_path = {dir}/%slog\nprimary_hostname = mx.home.example\nkeep_environment =\n\
         acl_smtp_rcpt = all\nacl_smtp_mail = all\nacl_smtp_data = asks\nspamd_address = {spamd_address}\n\
         begin acl\nall:\n  accept\n\
         asks:\n  warn spam = nobody:true\n  \
         deny message = score=$spam_score int=$spam_score_int bar=$spam_bar action=$spam_action report=$spam_report\n",
        dir = dir.display(),
    );
    fs::write(dir.join("exim.conf"), config).unwrap();
    let mut command = Command::new(exim);
    command.arg("-C").arg(dir.join("exim.conf")).args(["-bs", "-oMa", "192.0.2.7"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(b"EHLO mx.news.example\r\nMAIL FROM:<a@news.example>\r\nRCPT TO:<b@home.example>\r\nDATA\r\n")
        .unwrap();
    input.write_all(message).unwrap();
    input.write_all(b"\r\n.\r\nQUIT\r\n").unwrap();
    drop(input);
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    // Exim breaks the text of a reply where it is long.
    let lines = output.lines().filter_map(|line| line.strip_prefix("550-").or_else(|| line.strip_prefix("550 ")));
    let reply: Vec<_> = lines.flat_map(str::split_whitespace).collect();
    assert!(!reply.is_empty(), "{output}\n{}", fs::read_to_string(dir.join("mainlog")).unwrap_or_default());
    reply.join(" ")
}

#[test]
fn exim_reads_both_layouts() {
    let Some(exim) = exim() else { return };
    let (_store, door) = Door::open();
    // Exim gives up its rights, and its folder has to be its user's.
    let dir =
        tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777)).tempdir().unwrap();
    let owned = Command::new("chown").arg("Debian-exim").arg(dir.path()).status().unwrap();
    if !owned.success() {
        eprintln!("SKIPPED: only root can run Exim in a folder of its own");
        return;
    }
    let address = format!("127.0.0.1 {}", door.spamd().port());
    let [small, large] = [500, 5_000].map(|bytes| mail("message", "a@b.example", bytes));
    for (address, action, report) in [
        (address.clone(), "reject", "report=Switchback: spam, 9.37 points"),
        (format!("{address} variant=rspamd"), "quarantine", "Report: Switchback: spam, 9.37 points"),
    ] {
        let reply = refused(&exim, dir.path(), &address, &large);
        assert!(reply.contains("score=9.4 int=93 bar=+++++++++") && reply.contains(report), "{address}: {reply}");
        assert!(reply.contains(&format!("action={action}")), "{address}: {reply}");
        let reply = refused(&exim, dir.path(), &address, &small);
        assert!(reply.contains("score=1.2 int=12 bar=+ action=no action"), "{address}: {reply}");
    }
}
