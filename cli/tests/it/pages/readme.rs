//! Every command of README.md, each section in a place made for it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;

use serde_json::Value;
use switchback::control::Operation;
use switchback::{Control, Runtime, SlotConfig};
use switchback_mailgen::{AUTHSERV_ID, Generator};

use super::page::{Step, Typed, steps};
use super::place::Place;
use crate::model::{release, releases};
use crate::train::fill;

const README: &str = include_str!("../../../../README.md");

/// Sections whose commands are run elsewhere: by `cargo xtask ci`, whose steps both of them are.
const ELSEWHERE: [&str; 1] = ["Two commands"];

/// Sections whose commands are run here, one test each.
const HERE: [&str; 6] =
    ["A model of your own mail", "Write a plugin", "The command", "Compare", "Operate", "Sign releases"];

/// Where the filter's store is in README.md.
const STORE: &str = "/var/lib/my-filter/switchback";

/// The commands of a section.
fn commands(title: &str) -> Vec<Typed> {
    let (_, section) = README.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no section {title}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let typed = steps(section).into_iter().map(|step| match step {
        Step::Type(typed) => typed,
        Step::Change { .. } | Step::Look(_) => panic!("{title} does more than type"),
    });
    typed.collect()
}

#[test]
fn every_section_with_commands_is_run_somewhere() {
    let sections = README.split("\n## ").filter(|section| !steps(section).is_empty());
    let titles: BTreeSet<_> = sections.filter_map(|section| section.lines().next()).collect();
    assert_eq!(titles, ELSEWHERE.into_iter().chain(HERE).collect());
    for typed in commands(ELSEWHERE[0]) {
        assert!(typed.command.starts_with("cargo xtask "), "{typed:?}");
    }
}

/// A place with what README.md takes for granted: releases, mail, a store to be made.
fn place() -> Place {
    let place = Place::new();
    let work = place.folder();
    fs::create_dir_all(work.join("target/releases")).unwrap();
    for file in fs::read_dir(releases()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), work.join(file.file_name())).unwrap();
        fs::copy(file.path(), work.join("target/releases").join(file.file_name())).unwrap();
    }
    for folder in ["Maildir/new", "Maildir/cur", "Maildir/tmp", "usrp-users"] {
        fs::create_dir_all(work.join(folder)).unwrap();
    }
    for (number, message) in Generator::new(1).take(20).enumerate() {
        fs::write(work.join(format!("Maildir/cur/{number}.home:2,S")), &message.bytes).unwrap();
        fs::write(work.join(format!("usrp-users/{number}.eml")), message.bytes).unwrap();
    }
    place
}

/// Types a command of the page, with what stands for what no test has.
fn follow(place: &mut Place, typed: &Typed) {
    let store = place.home().join("store").display().to_string();
    place.check(&Typed { command: typed.command.replace(STORE, &store), ..typed.clone() });
}

#[test]
fn the_section_about_plugins() {
    let mut place = Place::new();
    for typed in commands("Write a plugin") {
        follow(&mut place, &typed);
        if typed.command == "switchback new my-model" {
            place.lock("my-model");
        }
    }
    // The example stands for a model as it is.
    let (_, example) = README.split_once("```rust\nuse switchback_guest::").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    fs::write(place.folder().join("my-model/src/lib.rs"), format!("use switchback_guest::{example}")).unwrap();
    // Which is of another opinion than the model that was there.
    place.run("sed -i '/^category/d' my-model/switchback.toml");
    let (packed, said) =
        place.run("switchback pack my-model --bless -o shouting.wasm && switchback score -m shouting.wasm ~/Maildir");
    assert!(packed, "{said}");
}

#[test]
fn the_section_about_a_model_of_ones_own_mail() {
    let mut place = Place::new();
    fill(place.folder(), 600);
    for typed in commands("A model of your own mail") {
        follow(&mut place, &typed);
    }
}

#[test]
fn the_section_about_the_command() {
    let mut place = place();
    for line in ["load", "promote linear@1.0.0 --slot inbound"] {
        let release = if line == "load" { release("1.0.0") } else { String::new() };
        place.run(&format!("switchback {line} {release} --store ~/store"));
    }
    for typed in commands("The command") {
        follow(&mut place, &typed);
    }
}

#[test]
fn the_section_about_comparing() {
    let mut place = place();
    for typed in commands("Compare") {
        // What it shows is of real mail, which is not here.
        let (succeeded, said) = place.run(&typed.command);
        assert!(succeeded && said.contains("linear@2.0.0 flags "), "{said}");
    }
}

#[test]
fn the_section_about_signing() {
    let mut place = place();
    fs::copy(release("2.0.0"), place.folder().join("phish-2.0.0.wasm")).unwrap();
    fs::write(place.folder().join("password"), "correct horse\n").unwrap();
    for typed in commands("Sign releases") {
        // Nobody is there to be asked.
        let asks = ["keygen", "sign"].iter().any(|asks| typed.command.starts_with(&format!("switchback {asks} ")));
        let password = if asks { " --password-file password" } else { "" };
        follow(&mut place, &Typed { command: typed.command.clone() + password, ..typed });
    }
}

/// An operator's shell, three filters on the store, and mail that they have had.
struct Scene {
    place: Place,
    _filters: [Runtime; 3],
}

impl Scene {
    fn new() -> Self {
        let place = place();
        let store = place.home().join("store");
        let filters = ["filter-1", "filter-2", "filter-3"].map(|name| {
            let builder = Runtime::builder().slot(SlotConfig::new("inbound")).instances(4).name(name);
            builder.store_dir(&store).build().unwrap()
        });
        let generator = Generator::new(1);
        let mail = place.folder().join("mail");
        fs::create_dir(&mail).unwrap();
        for number in 0..MESSAGES {
            let bytes = generator.nth_message(number).bytes;
            fs::write(mail.join(format!("{number:04}.eml")), &bytes).unwrap();
            // The same senders wrote on three days before.
            for day in [1, 3, 5] {
                let received = format!("Received: from x by {AUTHSERV_ID}; {day} Apr 2025 09:00:00 +0000\r\n");
                let file = place.home().join(format!("Maildir/cur/{number}-{day}.home:2,S"));
                fs::write(file, [received.as_bytes(), &bytes].concat()).unwrap();
            }
        }
        fs::copy(mail.join("0000.eml"), place.folder().join("message.eml")).unwrap();
        fs::write(place.folder().join("hook.secret"), "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n").unwrap();
        Self { place, _filters: filters }
    }

    /// A filter with a journal scores mail, and ends.
    fn traffic(&mut self) {
        let score = format!(
            "switchback score --store ~/store --slot inbound --journal --summary --trust-authserv-id {AUTHSERV_ID} mail"
        );
        let (scored, said) = self.place.run(&score);
        assert!(scored, "{said}");
    }

    /// Types a command of the page, with what it takes for granted, and what stands for what no test has.
    fn follow(&mut self, typed: &Typed) {
        let command = typed.command.replace(STORE, "~/store");
        let words: Vec<_> = command.split(' ').skip(1).collect();
        let command = match words[..] {
            ["status", "--watch"] => return self.watch(&command),
            ["explain", "--id", id, ..] => command.replace(id, &self.recorded()),
            ["guard", "explain", event] => command.replace(event, &self.act()),
            ["guard", "test-alert", _, url, ..] => command.replace(url, &receiver()),
            ["revert", "--reason", ..] | ["compare", .., "--live"] | ["guard", "simulate", ..] => {
                self.traffic();
                command.clone()
            }
            // The page has made it live by itself before.
            ["guard", "learn", ..] => {
                self.place.run("switchback revert");
                command.clone()
            }
            // The guard has barred it by now from where the page has it.
            ["revert", "--segment", ..] => {
                self.place.run("switchback promote linear@2.0.0 --force");
                command.clone()
            }
            _ => command.clone(),
        };
        let (succeeded, said) = self.place.run(&command);
        let finds = FINDS.iter().find(|(found_by, _)| words.join(" ").starts_with(found_by));
        match finds {
            Some((_, finding)) => assert!(said.contains(finding), "`{command}` printed\n{said}"),
            None => assert!(succeeded, "`{command}` printed\n{said}"),
        }
        let shown = Typed { shown: typed.shown.iter().map(|line| figures(line)).collect(), ..typed.clone() };
        let said: String = said.lines().map(|line| figures(line) + "\n").collect();
        assert!(shown.is_as_shown(&said), "`{command}` printed\n{said}\nand is shown with\n{}", shown.shown.join("\n"));
    }

    /// The first screen of what would go on for ever.
    fn watch(&mut self, command: &str) {
        let mut child = self.place.shell(&format!("exec {command}")).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("linear@1.0.0")));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The record of the message in `message.eml`.
    fn recorded(&mut self) -> String {
        let (_, journal) = self
            .place
            .run("switchback score --journal --slot inbound message.eml; switchback journal --json --limit 1");
        let record: Value = serde_json::from_str(journal.lines().last().unwrap()).unwrap();
        record["id"].as_str().unwrap().to_owned()
    }

    /// The event of what the guard did.
    fn act(&self) -> String {
        let history = Control::open(self.place.home().join("store")).unwrap().history().unwrap();
        let act = history.into_iter().find(|event| matches!(event.operation, Operation::Guard { .. }));
        act.unwrap().sequence.to_string()
    }
}

/// Commands that end with 1 because they find what the page is about, and what they say then.
const FINDS: [(&str, &str); 2] =
    [("guard simulate", "would have been reverted"), ("guard status", "linear@2.0.0 against linear@1.0.0")];

/// How much mail the filters have.
const MESSAGES: u64 = 700;

/// The address of a server that takes one alert.
fn receiver() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mail", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        let mut length = 0;
        for line in reader.by_ref().lines().map(|line| line.unwrap().to_lowercase()).take_while(|line| !line.is_empty())
        {
            length = line.strip_prefix("content-length: ").map_or(length, |length| length.parse().unwrap());
        }
        reader.read_exact(&mut vec![0; length]).unwrap();
        reader.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
    });
    url
}

/// A line without what differs from run to run.
fn figures(line: &str) -> String {
    let mut plain = String::new();
    for character in line.chars() {
        let shown = if character.is_ascii_digit() { '0' } else { character };
        let repeats = matches!(shown, '0' | ' ') && plain.ends_with(shown);
        if !repeats {
            plain.push(shown);
        }
    }
    plain
}

#[test]
fn the_section_about_operating() {
    let mut scene = Scene::new();
    for typed in commands("Operate") {
        scene.follow(&typed);
    }
}
