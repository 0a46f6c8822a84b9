//! Giving mail back through the program `sendmail`, which every mail server has.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::{io, thread};

use super::carrier::{Carried, Carrier, Letter};
use super::parameters::Parameters;
use super::text::with_lf;

/// Characters that are kept of what the program says.
const SAID_CHARS_MAX: usize = 500;

/// The program, called as `sendmail -G -i -f SENDER -- RECIPIENT ..`.
pub(super) struct Sendmail {
    pub(super) program: PathBuf,
}

impl Carrier for Sendmail {
    fn name(&self) -> String {
        self.program.display().to_string()
    }

    fn reach(&mut self) -> Result<(), String> {
        match self.program.metadata() {
            Ok(found) if found.is_file() => Ok(()),
            Ok(_) => Err(format!("{} is not a program", self.program.display())),
            Err(error) => Err(format!("cannot use {}: {error}", self.program.display())),
        }
    }

    fn carry(&mut self, letter: &Letter<'_>) -> Carried {
        // It finds 8-bit text by itself; options for all else differ from one mail server to the next.
        if let Err(why) = Parameters::of(letter, &BTreeSet::from(["8BITMIME".to_owned()])) {
            return Carried::NotSent(format!("{why}: give it back by SMTP"));
        }
        let sender = if letter.sender.is_empty() { "<>" } else { letter.sender };
        let child = Command::new(&self.program)
            .args(["-G", "-i", "-f", sender, "--"])
            .args(letter.recipients.iter().map(|to| to.address))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let ended = child.and_then(|child| fed(child, &with_lf(letter.bytes)));
        match ended {
            Err(error) => Carried::NotSent(format!("cannot run {}: {error}", self.program.display())),
            Ok(output) => self.carried(letter, &output),
        }
    }
}

impl Sendmail {
    fn carried(&self, letter: &Letter<'_>, output: &Output) -> Carried {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let said: String = said.chars().take(SAID_CHARS_MAX).collect();
        let program = self.program.display();
        if let Some(signal) = output.status.signal() {
            return Carried::Uncertain(format!("{program} was ended by signal {signal}"));
        }
        match output.status.code() {
            Some(0) => Carried::Answered(vec![Ok(format!("{program} took it")); letter.recipients.len()]),
            code => Carried::NotSent(format!("{program} ended with {}: {said}", code.unwrap_or(-1))),
        }
    }
}

/// Gives a program its input, and waits for its end. One that reads no further says why when it ends.
fn fed(mut child: Child, input: &[u8]) -> io::Result<Output> {
    let stdin = child.stdin.take();
    thread::scope(|scope| {
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
        child.wait_with_output()
    })
}
