//! docs/serve.md: its commands, its configurations and its unit. What it has for Exim and Amavis is in `serve/`.

use std::fs;
use std::process::Command;

use super::server::{Block, FOLDER, Shell, blocks, unit};
use crate::machine::{Server, entered, folder, succeeds, write};
use crate::model::mail;
use crate::operate::store::until;
use crate::serve::door::has;

const PAGE: &str = include_str!("../../../../docs/serve.md");

/// Blocks that the tests of those servers run.
const ELSEWHERE: [(&str, &str); 5] = [
    ("toml", "[spamd]"),
    ("text", "spamd_address = /run/switchback/spamd.sock"),
    ("text", "spamd_address = /run/switchback/spamd.sock variant=rspamd"),
    ("perl", "# /etc/amavis/conf.d/50-user"),
    (
        "perl",
        "# /etc/amavis/conf.d/50-user, with Debian's packages libwww-perl, liblwp-protocol-https-perl and libjson-perl",
    ),
];

/// An operator who follows the page.
struct Site {
    /// The text of the unit that the page has.
    unit: String,
    shell: Shell,
    serving: Vec<Server>,
}

impl Site {
    fn new() -> Option<Self> {
        if !["spamc", "rspamc", "curl", "openssl", "systemd-analyze"].into_iter().all(has) {
            return None;
        }
        let mut shell = Shell::new()?;
        shell.succeeds("install -m 755 .cargo/bin/switchback /usr/bin/");
        succeeds(Command::new("useradd").args(["--system", "switchback"]));
        for dir in ["/var/lib/switchback", "/run/switchback", "/var/cache/switchback"] {
            folder(dir, "switchback");
        }
        for line in ["load linear-1.1.0.wasm", "promote linear@1.1.0 --slot inbound"] {
            shell.succeeds(&format!("runuser -u switchback -- switchback {line} --store /var/lib/switchback"));
        }
        for name in ["message", "message.eml"] {
            write(&format!("{FOLDER}/{name}"), &String::from_utf8(mail("large", "a@news.example", 5_000)).unwrap());
        }
        succeeds(Command::new("ip").args(["address", "add", "10.0.0.5/32", "dev", "lo"]));
        let unit = blocks(PAGE).into_iter().find(|block| block.language == "ini").unwrap().text;
        Some(Self { unit, shell, serving: Vec::new() })
    }

    /// Serves by a configuration, beside what serves already.
    fn serve(&mut self, config: &str) {
        let path = format!("/etc/switchback/{}.toml", self.serving.len());
        let store = if config.contains("store = ") { "" } else { "store = \"/var/lib/switchback\"\n" };
        let inbound = if config.contains("[inbound]") { "" } else { "[inbound]\nquarantine = \"mta-quarantine\"\n" };
        write(&path, &format!("{store}{config}\n{inbound}"));
        let mut serve = Command::new("setpriv");
        let capability = self.unit("AmbientCapabilities").to_lowercase().replace("cap_", "+");
        serve.args(["--reuid", &self.unit("User"), "--regid", &self.unit("User")]);
        serve.args([
            "--groups",
            &self.unit("SupplementaryGroups"),
            "--inh-caps",
            &capability,
            "--ambient-caps",
            &capability,
        ]);
        serve.args(self.unit("ExecStart").split(' ')).args(["--config", &path]);
        let log = format!("/var/log/serve.{}", self.serving.len());
        self.serving.push(Server::start(&mut serve, &log));
        let doors = config.matches("\nlisten = ").count();
        let said = || fs::read_to_string(&log).unwrap();
        until("it listens", || said().matches("listening on ").count() == doors);
    }

    /// What the page's unit says.
    fn unit(&self, key: &str) -> String {
        unit(&self.unit, key)
    }

    fn follow(&mut self, block: &Block) {
        for line in block.commands() {
            self.types(&line);
        }
    }

    fn types(&mut self, line: &str) {
        match line {
            // It serves until it is told to end, and does so since the configuration was written.
            "switchback serve" => {}
            // The page has Exim's socket for that.
            "spamc -U /run/switchback/spamd.sock -c < message" => {
                self.serve("[spamd]\nlisten = \"unix:/run/switchback/spamd.sock\"");
                assert_eq!(self.shell.types(line), (false, "9.4/5.0\n".to_owned()));
            }
            "rspamc -h 127.0.0.1:11333 symbols message.eml" => {
                self.serve("[http]\nlisten = \"inet:127.0.0.1:11333\"");
                assert!(self.shell.succeeds(line).contains("Score: 9.37 / 5.00"));
            }
            line if line.contains("Bearer TOKEN") => {
                let token = fs::read_to_string("/etc/switchback/token").unwrap();
                // The address of the page's configuration with a token.
                let line = line.replace("TOKEN", token.trim()).replace("127.0.0.1", "10.0.0.5");
                assert!(self.shell.succeeds(&line).contains("Score: 9.37 / 5.00"), "{line}");
            }
            line => {
                let said = self.shell.succeeds(line);
                match line.split(' ').next() {
                    Some("spamc") => assert!(said.starts_with("X-Switchback-Status: Yes, "), "{line}: {said}"),
                    Some("curl") => assert!(said.contains("\"kind\":\"quarantine\""), "{line}: {said}"),
                    _ => assert_eq!(said, "", "{line}"),
                }
            }
        }
    }
}

#[test]
fn whoever_follows_the_page_of_serve_is_answered() {
    if !entered("pages::serve::whoever_follows_the_page_of_serve_is_answered") {
        return;
    }
    let Some(mut site) = Site::new() else { return };
    for block in blocks(PAGE) {
        let first = block.text.lines().next().unwrap();
        match block.language.as_str() {
            language if ELSEWHERE.contains(&(language, first)) => {}
            "sh" => site.follow(&block),
            "toml" if first.starts_with("# /etc/switchback/gateway.toml") => {
                write("/etc/switchback/gateway.toml", &block.text);
                site.serve(&block.text);
            }
            "toml" if first == "[http]" => site.serve(&block.text),
            "ini" => {
                write("/etc/systemd/system/switchback.service", &block.text);
                let verified = Command::new("systemd-analyze").args(["verify", "switchback.service"]).output().unwrap();
                assert!(verified.stderr.is_empty(), "{}", String::from_utf8_lossy(&verified.stderr));
            }
            other => panic!("nobody follows {other} {first}"),
        }
    }
}
