//! Alerts to a command.

mod family;
mod said;

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};
use switchback_model::guard::Evidence;

use self::family::Family;
use self::said::Said;
use super::error::AlertError;
use super::record::Alert;
use crate::limits::ALERT_COMMAND_TIMEOUT;

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
        let body = alert.to_json();
        let family = Family::new();
        let until = Instant::now() + self.timeout;
        let (mut child, mut said) = self.start(alert, &body, &family).map_err(AlertError::Start)?;
        match wait(&mut child, &mut said, until).map_err(AlertError::Start)? {
            Some(status) => {
                let text = said.text();
                said.read_on(until);
                if status.success() { Ok(()) } else { Err(AlertError::Failed { status, said: text }) }
            }
            None => {
                family.kill(&mut child);
                Err(AlertError::Hung(self.timeout))
            }
        }
    }

    fn start(&self, alert: &Alert, body: &str, family: &Family) -> io::Result<(Child, Said)> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &self.command]).envs(variables(alert)).envs([family.variable()]).process_group(0);
        command.stdin(in_memory(body)?).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let said = child.stderr.take().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe)).and_then(Said::new);
        if said.is_err() {
            family.kill(&mut child);
        }
        Ok((child, said?))
    }
}

/// A file without a place on a disk. Nobody has to write while the command reads, which it need not do.
fn in_memory(body: &str) -> io::Result<File> {
    let make = |flags| memfd_create("switchback-alert", MemfdFlags::CLOEXEC | flags);
    // Some systems want to hear that nobody will run it, and older ones do not know the word.
    let mut file: File = make(MemfdFlags::NOEXEC_SEAL).or_else(|_| make(MemfdFlags::empty()))?.into();
    file.write_all(body.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

/// Waits until then for it to end, and reads what it says meanwhile.
fn wait(child: &mut Child, said: &mut Said, until: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        let ended = child.try_wait()?;
        // After that: all that it has written itself is there.
        said.read();
        if ended.is_some() || Instant::now() >= until {
            return Ok(ended);
        }
        said.wait(LOOK_INTERVAL);
    }
}

/// The main fields, for a command that does not read JSON; what is not known is empty.
fn variables(alert: &Alert) -> [(&'static str, String); 12] {
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
        ("SWITCHBACK_ALERT_GENERATION", alert.generation.map(|generation| generation.to_string()).unwrap_or_default()),
        ("SWITCHBACK_ALERT_EVENT", alert.event.map(|event| event.to_string()).unwrap_or_default()),
        ("SWITCHBACK_ALERT_SUMMARY", alert.summary.clone()),
        ("SWITCHBACK_ALERT_UNDO", alert.undo.clone().unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{fs, thread};

    use rustix::process::{Pid, test_kill_process};

    use super::super::text::tests::alert;
    use super::*;
    use crate::limits::ALERT_COMMAND_SAID_BYTES_MAX;

    #[test]
    fn a_command_gets_the_alert_on_its_input_and_in_its_environment() {
        let dir = tempfile::tempdir().unwrap();
        let [json, line] = ["json", "line"].map(|name| dir.path().join(name));
        let fields =
            "$SWITCHBACK_ALERT_KIND $SWITCHBACK_ALERT_RELEASE $SWITCHBACK_ALERT_SEGMENT $SWITCHBACK_ALERT_EVENT";
        let command = format!("cat > '{}'; printf '%s' \"{fields}\" > '{}'", json.display(), line.display());
        let alert = alert();
        Shell::new(command).send(&alert).unwrap();
        assert_eq!(fs::read_to_string(json).unwrap(), alert.to_json());
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
        let shell = Shell { command, timeout: Duration::from_secs(2) };
        let error = shell.send(&alert()).unwrap_err();
        assert!(matches!(error, AlertError::Hung(_)), "{error}");
        assert!(is_over(pid_in(&file)), "it lives on");
    }

    #[test]
    fn neither_a_session_nor_another_environment_nor_the_end_of_a_parent_saves_a_process() {
        let dir = tempfile::tempdir().unwrap();
        // In a session of its own; there without its environment; there as nobody's child.
        let started = [
            "setsid sh -c 'echo $$ > PID; exec sleep 600' &",
            "setsid env -i sh -c 'echo $$ > PID; exec sleep 600' &",
            "(setsid sh -c 'echo $$ > PID; exec sleep 600' &)",
        ];
        let files: Vec<_> = (0..started.len()).map(|n| dir.path().join(n.to_string())).collect();
        let lines = started.iter().zip(&files).map(|(line, file)| line.replace("PID", file.to_str().unwrap()));
        let command = lines.chain(["exec sleep 600".to_owned()]).collect::<Vec<_>>().join("\n");
        let family = Family::new();
        let (mut child, _said) = Shell::new(command).start(&alert(), "", &family).unwrap();
        let pids: Vec<_> = files.iter().map(|file| pid_in(file)).collect();
        family.kill(&mut child);
        for (pid, line) in pids.into_iter().zip(started) {
            assert!(is_over(pid), "{line}");
        }
    }

    #[test]
    fn of_what_a_command_says_the_end_is_kept_however_much_it_is() {
        let command = "head -c 3000000 /dev/zero | tr '\\0' x | tee /dev/stderr; echo the end >&2; exit 3";
        let error = Shell::new(command.to_owned()).send(&alert()).unwrap_err();
        let AlertError::Failed { said, .. } = error else { panic!("{error}") };
        assert!(said.ends_with("xthe end") && said.len() <= ALERT_COMMAND_SAID_BYTES_MAX, "{} bytes", said.len());
    }

    #[test]
    fn what_a_command_leaves_running_holds_nobody_up_and_can_go_on_to_speak() {
        let dir = tempfile::tempdir().unwrap();
        let [go, done] = ["go", "done"].map(|name| dir.path().join(name));
        let left = format!(
            "(until [ -e '{}' ]; do sleep 0.1; done; echo sent >&2 && echo 1 > '{}') & exit 0",
            go.display(),
            done.display()
        );
        Shell::new(left).send(&alert()).unwrap();
        // It waits until this has returned.
        fs::write(go, "").unwrap();
        pid_in(&done);
    }

    /// The number in a file, once it is there.
    fn pid_in(file: &Path) -> Pid {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(pid) = fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()) {
                return Pid::from_raw(pid).unwrap();
            }
            assert!(Instant::now() < until, "{} never came", file.display());
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Whether a process is gone. It is a zombie until whoever adopted it has looked.
    fn is_over(pid: Pid) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
        test_kill_process(pid).is_err() || status.contains(") Z ")
    }
}
