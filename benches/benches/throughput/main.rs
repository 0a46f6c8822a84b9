//! How much mail goes through, in front of a mail server, and how long does a message wait? Beside it, on the same messages:
//! Postfix without a milter, Rspamd and SpamAssassin, where Debian's packages are installed.
//!
//! `cargo xtask bench throughput -- --mail DIR`. All servers run at the same time, and each has its turn in every round, so that a
//! machine that changes its speed changes it for all. Clients and servers share the machine's cores, so what compares servers is
//! messages for each second that a server has worked. `docs/throughput.md` says what the rows are.

#![expect(clippy::expect_used, reason = "a bench has nobody to report to")]

mod client;
mod load;
mod mail;
mod milter;
mod name_server;
mod neighbours;
mod postfix;
mod process;
mod rows;
mod site;
mod smtp;
mod spamd;

use std::error::Error;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::neighbours::Neighbour;
use crate::postfix::Postfix;
use crate::process::version;
use crate::rows::{Row, measure};
use crate::site::{Door, SHADOWS, Site, program};

/// Messages of a round, and rounds, unless the command line says otherwise.
const MESSAGES: usize = 4_000;
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo says that this is a bench.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let number = |name: &str, default| value(name).map_or(default, |text| text.parse().expect("a number"));
    let (messages, rounds) = (number("--messages", MESSAGES), number("--rounds", ROUNDS));
    let mail = match value("--mail").map(PathBuf::from) {
        Some(dir) => {
            println!("real mail of {}", dir.file_name().unwrap_or_default().display());
            mail::of_folder(&dir, messages)?
        }
        None => {
            println!("GENERATED mail, 2020s: `--mail DIR` takes real mail");
            mail::generated(messages)
        }
    };
    print_machine();
    let servers = Servers::start()?;
    servers.print_versions();
    let mut rows = servers.rows();
    if let Some(text) = value("--rows") {
        rows.retain(|row| row.name.contains(text));
    }
    let signed = mail::signed(&mail);
    measure(&mut rows, rounds, &mail, &signed)?;
    print_load("at the end");
    drop(rows);
    servers.end()
}

/// Which machine this is, and what else it does.
fn print_machine() {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = cores();
    println!("{cores} cores, {}, {}", model.trim_start_matches([' ', '\t', ':']), version("uname", &["-sr"]));
    println!("stores and queues in {}", version("sh", &["-c", "df --output=fstype ${TMPDIR:-/tmp} | tail --lines=1"]));
    print_load("at the beginning");
}

fn print_load(when: &str) {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load {when}: {}", load.split(' ').take(3).collect::<Vec<_>>().join(" "));
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Everything that runs.
struct Servers {
    live: Site,
    shadowed: Site,
    authenticating: Site,
    serve: Site,
    rspamd: Option<Neighbour>,
    spamassassin: Option<Neighbour>,
    /// Without a milter, behind `live`, behind `shadowed`, and behind Rspamd.
    postfix: [Option<Postfix>; 4],
}

impl Servers {
    fn start() -> io::Result<Self> {
        let key = fs::read(mail::keys().join("rsa.public.der"))?;
        let resolver = name_server::start(&STANDARD.encode(key))?;
        let live = Site::start(Door::Milter, &[], None)?;
        let shadowed = Site::start(Door::Milter, &SHADOWS, None)?;
        let authenticating = Site::start(Door::Milter, &[], Some(resolver))?;
        let serve = Site::start(Door::Spamd, &[], None)?;
        let rspamd = optional("Rspamd", Neighbour::rspamd(cores(), resolver));
        let spamassassin = optional("SpamAssassin", Neighbour::spamassassin(cores()));
        let sockets = [Some(live.socket()), Some(shadowed.socket()), rspamd.as_ref().map(Neighbour::socket)];
        let [a, b, c] = sockets.map(|socket| {
            let socket = socket?;
            optional("Postfix behind a milter", Postfix::start(Some(&socket)))
        });
        let postfix = [optional("Postfix", Postfix::start(None)), a, b, c];
        Ok(Self { live, shadowed, authenticating, serve, rspamd, spamassassin, postfix })
    }

    fn print_versions(&self) {
        println!("{}", version(&program("switchback-milter").to_string_lossy(), &["--version"]));
        println!("Postfix {}", version("postconf", &["-d", "-h", "mail_version"]));
        println!("{}", version("rspamd", &["--version"]));
        println!("{}", version("spamd", &["--version"]));
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let milters = [("Switchback, linear", &self.live), ("Switchback, linear and two shadows", &self.shadowed)];
        for (name, site) in milters {
            rows.extend([1, 8, 32].map(|clients| Row::milter(name, site.socket(), site.id(), clients)));
        }
        let (name, live) = milters[0];
        rows.push(Row::milter(name, live.socket(), live.id(), 8).anew());
        let (name, shadowed) = milters[1];
        rows.push(Row::milter(name, shadowed.socket(), shadowed.id(), 8).at_half());
        let authenticating = &self.authenticating;
        let name = "Switchback, linear, senders authenticated";
        rows.push(Row::milter(name, authenticating.socket(), authenticating.id(), 8).signed());
        if let Some(rspamd) = &self.rspamd {
            rows.extend(
                [1, 8, 32].map(|clients| Row::milter("Rspamd", rspamd.socket(), rspamd.id(), clients).slower(4)),
            );
        }
        let filters = [None, Some(self.live.id()), Some(self.shadowed.id()), self.rspamd.as_ref().map(Neighbour::id)];
        let names = [
            "Postfix",
            "Postfix, Switchback, linear",
            "Postfix, Switchback, linear and two shadows",
            "Postfix, Rspamd",
        ];
        for ((postfix, filter), name) in self.postfix.iter().zip(filters).zip(names) {
            rows.extend(postfix.iter().map(|postfix| Row::smtp(name, postfix.port, postfix.id(), filter)));
        }
        rows.push(Row::spamd("Switchback serve, linear", self.serve.socket(), self.serve.id(), cores()));
        if let Some(spamd) = &self.spamassassin {
            rows.push(Row::spamd("SpamAssassin", spamd.socket(), spamd.id(), cores()).slower(40));
        }
        rows
    }

    /// Ends all, and prints what the programs of ours say that they did.
    fn end(self) -> Result<(), Box<dyn Error>> {
        drop(self.postfix);
        for (what, site, shadows) in [
            ("Switchback, linear", self.live, &[][..]),
            ("Switchback, linear and two shadows", self.shadowed, &SHADOWS),
            ("Switchback, linear, senders authenticated", self.authenticating, &[]),
        ] {
            println!("{what}: {}", site.end(shadows)?);
        }
        Ok(())
    }
}

/// What is left out where it cannot be started.
fn optional<T>(what: &str, started: io::Result<T>) -> Option<T> {
    started.inspect_err(|why| println!("LEFT OUT: {what}: {why}")).ok()
}
