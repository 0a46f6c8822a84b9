//! What is a configuration, and what is said of one that is none.

use super::*;

const LEAST: &str = "store = '/var/lib/switchback'\nheld.dir = '/var/spool/switchback'\n";

#[test]
fn the_example_states_every_default() {
    let example = Config::parse(EXAMPLE).unwrap();
    let least = Config::parse(LEAST).unwrap();
    assert_eq!(
        example,
        Config { scoring: ScoringConfig { workers: example.scoring.workers, ..least.scoring.clone() }, ..least }
    );
}

#[test]
fn what_is_wrong_is_named() {
    for (line, said) in [
        ("slto = 1", "unknown field `slto`"),
        ("[inbound]\nquarantine = 'hold'", "unknown variant `hold`"),
        ("[inbound.failure]\ntrap = 'accept'", "unknown variant `accept`"),
        ("[inbound.thresholds]\njunk = 0.9\nquarantine = 0.5", "inbound.thresholds"),
        ("[scoring]\nqueue = 0", "scoring.queue: 1 to 100000"),
        ("[scoring]\nmessage_max = '1 KiB'", "scoring.message_max: 64 KiB"),
        ("[scoring]\nmessage_max = '200 MiB'", "scoring.memory: at least 6 times"),
        ("[journal]\nfeatures = '10'", "`10` is not a valid sample"),
        ("[authentication]\nbudget = '5'", "not a valid length of time"),
        ("[authentication]\ntrusted = ['mx']", "nobody else's are believed"),
        ("[authentication]\nauthserv_id = 'mx.example; none'", "authentication.authserv_id: `mx.example; none` is not"),
        ("[stamp]\nremove = ['X*Y']", "`X*Y` names no field"),
        ("[mailbox]\nfrom = 'Junk*'", "mailbox.from: `Junk*` names no mailbox"),
        ("[mailbox]\nto = '-u'", "mailbox.to: `-u` names no mailbox"),
        ("[mailbox]\nfrom = 'Inbox'", "mailbox.to: mail is moved into another mailbox"),
        ("[milter]\nlisten = 'milter.sock'", "not a valid socket"),
        ("[milter]\nmode = '999'", "not a valid mode"),
        ("[http]\nlisten = 'inet:0.0.0.0:80'", "can be reached from outside"),
        ("[spamd]\nlisten = 'inet:[::]:783'", "knows no passwords"),
        ("[spamd]\nconnections = 0", "spamd.connections: 1 to 10000"),
        ("[http]\ntimeout = '2h'", "http.timeout: 1 s to 60 min"),
        ("[milter]\ntimeout = '1s'", "milter.timeout: 10 s to 2 h"),
        ("[milter]\nconnections = 100001", "milter.connections: 1 to 100000"),
        ("[milter]\ntoken_file = '/t'", "unknown field `token_file`"),
        ("[spamd]\ndrian = '1s'", "unknown field `drian`"),
        ("[http]\ndrain = '1h'", "http.drain: up to 5 min"),
    ] {
        let error = Config::parse(&format!("{LEAST}{line}\n")).unwrap_err().to_string();
        assert!(error.contains(said), "{line}: {error}");
    }
    let homeless = Config::parse("store = '/s'").unwrap_err().to_string();
    assert!(homeless.contains("inbound.quarantine: \"held\" needs a folder"), "{homeless}");
}
