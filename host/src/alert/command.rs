//! Alerts to a command.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::error::AlertError;
use super::record::Alert;
use crate::guard::Evidence;
use crate::limits::{ALERT_COMMAND_SAID_BYTES_MAX, ALERT_COMMAND_TIMEOUT};

/// How often it is looked whether the command has ended. Nobody else waits for it.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Runs a command for each alert: `/bin/sh -c`, with the alert as JSON on its standard input and the main fields in its
/// environment. Nothing of the alert becomes part of the command line.
#[derive(Debug)]
pub(super) struct Shell {
    command: String,
    timeout: Duration,
}

impl Shell {
    pub(super) fn new(command: String) -> Self {
        Self { command, timeout: ALERT_COMMAND_TIMEOUT }
    }

    pub(super) fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        let body = alert.to_json()?;
        let mut errors = tempfile::tempfile().map_err(AlertError::Start)?;
        let mut child = self.start(alert, &body, &errors).map_err(AlertError::Start)?;
        match wait(&mut child, self.timeout).map_err(AlertError::Start)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(AlertError::Failed { status, said: end_of(&mut errors).unwrap_or_default() }),
            None => {
                kill(&mut child);
                Err(AlertError::Hung(self.timeout))
            }
        }
    }

    /// Standard input and error are files, not pipes: nobody has to read or write at the same time, and a command that
    /// reads nothing and leaves something running behind it holds nobody up.
    fn start(&self, alert: &Alert, body: &str, errors: &File) -> io::Result<Child> {
        let mut input = tempfile::tempfile()?;
        input.write_all(body.as_bytes())?;
        input.rewind()?;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &self.command]).envs(variables(alert)).process_group(0);
        command.stdin(input).stdout(Stdio::null()).stderr(errors.try_clone()?).spawn()
    }
}

/// Waits so long for it to end.
fn wait(child: &mut Child, timeout: Duration) -> io::Result<Option<ExitStatus>> {
    let until = Instant::now() + timeout;
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(Some(status)),
            None if Instant::now() >= until => return Ok(None),
            None => thread::sleep(LOOK_INTERVAL),
        }
    }
}

/// Ends it, with all that it has started.
fn kill(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // Fails if all of them have ended meanwhile.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

/// The end of what a command wrote, on one line.
fn end_of(file: &mut File) -> io::Result<String> {
    let bytes = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(bytes.saturating_sub(ALERT_COMMAND_SAID_BYTES_MAX)))?;
    let mut said = Vec::new();
    file.take(ALERT_COMMAND_SAID_BYTES_MAX).read_to_end(&mut said)?;
    let said = String::from_utf8_lossy(&said);
    Ok(said.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The main fields, for a command that does not read JSON; what is not known is empty.
fn variables(alert: &Alert) -> [(&'static str, String); 12] {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let segment = match &alert.evidence {
        Some(Evidence::Flips(evidence)) => evidence.segment.to_string(),
        _ => String::new(),
    };
    [
        ("SWITCHBACK_ALERT_ID", alert.id.to_string()),
        ("SWITCHBACK_ALERT_KIND", alert.kind.name().to_owned()),
        ("SWITCHBACK_ALERT_SEVERITY", alert.severity.name().to_owned()),
        ("SWITCHBACK_ALERT_RESPONSE", alert.response.name().to_owned()),
        ("SWITCHBACK_ALERT_SLOT", alert.slot.clone().unwrap_or_default()),
        ("SWITCHBACK_ALERT_RELEASE", alert.release.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("SWITCHBACK_ALERT_BASELINE", alert.baseline().map(ToString::to_string).unwrap_or_default()),
        ("SWITCHBACK_ALERT_SEGMENT", segment),
        ("SWITCHBACK_ALERT_GENERATION", number(alert.generation)),
        ("SWITCHBACK_ALERT_EVENT", number(alert.event)),
        ("SWITCHBACK_ALERT_SUMMARY", alert.summary.clone()),
        ("SWITCHBACK_ALERT_UNDO", alert.undo.clone().unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::process::test_kill_process;

    use super::super::text::tests::alert;
    use super::*;

    #[test]
    fn a_command_gets_the_alert_on_its_input_and_in_its_environment() {
        let dir = tempfile::tempdir().unwrap();
        let [json, line] = ["json", "line"].map(|name| dir.path().join(name));
        let fields =
            "$SWITCHBACK_ALERT_KIND $SWITCHBACK_ALERT_RELEASE $SWITCHBACK_ALERT_SEGMENT $SWITCHBACK_ALERT_EVENT";
        let command = format!("cat > '{}'; printf '%s' \"{fields}\" > '{}'", json.display(), line.display());
        let alert = alert();
        Shell::new(command).send(&alert).unwrap();
        assert_eq!(fs::read_to_string(json).unwrap(), alert.to_json().unwrap());
        assert_eq!(fs::read_to_string(line).unwrap(), "harm phish@2.0.0 gmail.com 12");
    }

    #[test]
    fn a_command_that_fails_says_why() {
        let error = Shell::new("echo no modem >&2; exit 3".to_owned()).send(&alert()).unwrap_err();
        assert_eq!(error.to_string(), "the command for alerts failed (exit status: 3): no modem");
        assert!(error.is_worth_retrying());
        let missing = Shell::new("/nowhere/page".to_owned()).send(&alert()).unwrap_err();
        assert!(!missing.is_worth_retrying(), "{missing}");
    }

    #[test]
    fn a_command_that_hangs_is_killed_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let command = format!("sleep 600 & echo $! > '{}'; wait", file.display());
        let shell = Shell { command, timeout: Duration::from_millis(500) };
        let error = shell.send(&alert()).unwrap_err();
        assert!(matches!(error, AlertError::Hung(_)), "{error}");
        let pid = Pid::from_raw(fs::read_to_string(file).unwrap().trim().parse().unwrap()).unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        // It is a zombie until whoever adopted it has looked.
        let is_over = || {
            let status = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
            test_kill_process(pid).is_err() || status.contains(") Z ")
        };
        while !is_over() {
            assert!(Instant::now() < until, "it lives on");
            thread::sleep(LOOK_INTERVAL);
        }
    }

    #[test]
    fn what_a_command_leaves_running_holds_nobody_up() {
        let started = Instant::now();
        Shell::new("sleep 5 & exit 0".to_owned()).send(&alert()).unwrap();
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}
