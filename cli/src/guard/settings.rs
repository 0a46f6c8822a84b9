//! What the guard may do, on the command line.

use clap::ValueEnum;
use switchback::guard::{Floor, Mode, Settings};

use crate::exit::Usage;
use crate::provider::{Provider, provider};

/// What the guard may do, and from when on. What is not given stays as it is.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingsArgs {
    /// What it does by itself
    #[arg(long, value_enum, value_name = "MODE")]
    pub(super) mode: Option<ModeName>,

    /// The probability that a harmless candidate is reverted in the course of a rollout [default: 0.001]
    #[arg(long, value_name = "P")]
    alpha: Option<f64>,

    /// The same for flips down: spam that is let in [default: 0.001]
    #[arg(long, value_name = "P")]
    alpha_down: Option<f64>,

    /// The probability that a harmless candidate is warned about [default: 0.05]
    #[arg(long, value_name = "P")]
    alpha_warn: Option<f64>,

    /// The tolerated share of campaigns that flip: gross, and net of those that flip the other way [default: 0.02,0.005]
    #[arg(long, value_name = "GROSS,NET", value_parser = tolerance)]
    tolerance: Option<[f64; 2]>,

    /// The same before somebody is warned [default: 0.01,0.002]
    #[arg(long, value_name = "GROSS,NET", value_parser = tolerance)]
    tolerance_warn: Option<[f64; 2]>,

    /// What has to have flipped before anything is done: campaigns, senders of those, recipients [default: 10,5,5]
    #[arg(long, value_name = "CAMPAIGNS,SENDERS,RECIPIENTS", value_parser = floor)]
    floor: Option<Floor>,

    /// Whether flips down are acted on, too, and not only warned about [default: no]
    #[arg(long, value_enum, value_name = "YES|NO")]
    act_on_flips_down: Option<YesOrNo>,

    /// On how many earlier days (UTC) a sender was seen to be known; 0 for everybody who is authenticated [default: 1]
    #[arg(long, value_name = "N")]
    known_days: Option<u32>,

    /// Count these domains as one provider, beside those that are known, each of its addresses as one sender (repeatable)
    ///
    /// Only domains in which nobody can make up senders at will.
    #[arg(long, value_name = "NAME=DOMAIN,...", value_parser = provider)]
    provider: Vec<Provider>,

    /// How many segments go back by themselves before the whole release does, 0 to 8 [default: 0]
    #[arg(long, value_name = "N")]
    segment_reverts: Option<u8>,

    /// A segment is proven where fewer campaigns than this flip, with 95 % confidence [default: 0.02]
    #[arg(long, value_name = "SHARE")]
    proof_rate: Option<f64>,
}

/// What the guard does by itself.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ModeName {
    /// Revert, withdraw and block
    Act,
    /// Raise alerts, and change nothing
    Warn,
    /// Not look at all
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum YesOrNo {
    Yes,
    No,
}

impl SettingsArgs {
    /// Whether any setting is given.
    pub(super) fn is_any_given(&self) -> bool {
        let Self { mode, alpha, alpha_down, alpha_warn, tolerance, tolerance_warn, floor, .. } = self;
        let Self { act_on_flips_down, known_days, provider, segment_reverts, proof_rate, .. } = self;
        let numbers = [alpha, alpha_down, alpha_warn, proof_rate];
        numbers.iter().any(|number| number.is_some())
            || [tolerance, tolerance_warn].iter().any(|one| one.is_some())
            || mode.is_some()
            || floor.is_some()
            || act_on_flips_down.is_some()
            || known_days.is_some()
            || segment_reverts.is_some()
            || !provider.is_empty()
    }

    /// These settings with what is given on the command line.
    pub(super) fn over(&self, settings: Settings) -> Result<Settings, Usage> {
        let mut new = settings;
        let number = |target: &mut f64, given: Option<f64>| given.into_iter().for_each(|value| *target = value);
        number(&mut new.alpha, self.alpha);
        number(&mut new.alpha_down, self.alpha_down);
        number(&mut new.alpha_warn, self.alpha_warn);
        number(&mut new.proof_rate, self.proof_rate);
        for (target, given) in [(&mut new.tolerance, self.tolerance), (&mut new.tolerance_warn, self.tolerance_warn)] {
            if let Some([gross, net]) = given {
                (target.gross, target.net) = (gross, net);
            }
        }
        new.mode = self.mode.map_or(new.mode, ModeName::mode);
        new.floor = self.floor.unwrap_or(new.floor);
        new.acts_on_flips_down = self.act_on_flips_down.map_or(new.acts_on_flips_down, |given| given == YesOrNo::Yes);
        new.known_days = self.known_days.unwrap_or(new.known_days);
        new.segment_reverts = self.segment_reverts.unwrap_or(new.segment_reverts);
        for Provider { name, domains } in &self.provider {
            let domains = domains.iter().map(|domain| domain.to_lowercase());
            new.providers.entry(name.clone()).or_default().extend(domains);
        }
        for domains in new.providers.values_mut() {
            domains.sort_unstable();
            domains.dedup();
        }
        new.validate().map_err(|error| Usage(error.to_string()))?;
        Ok(new)
    }
}

impl ModeName {
    fn mode(self) -> Mode {
        match self {
            Self::Act => Mode::Act,
            Self::Warn => Mode::Warn,
            Self::Off => Mode::Off,
        }
    }
}

/// `0.02,0.005`.
fn tolerance(text: &str) -> Result<[f64; 2], String> {
    let parts: Vec<_> = text.split(',').map(|part| part.trim().parse()).collect();
    match parts[..] {
        [Ok(gross), Ok(net)] => Ok([gross, net]),
        _ => Err(format!("`{text}` is no tolerance: `0.02,0.005`, gross and net, is")),
    }
}

/// `10,5,5`.
fn floor(text: &str) -> Result<Floor, String> {
    let form = || format!("`{text}` is no floor: `10,5,5`, campaigns, senders and recipients, is");
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let [campaigns, senders, recipients] = parts[..] else { return Err(form()) };
    let parsed = (campaigns.parse(), senders.parse(), recipients.parse());
    let (Ok(campaigns), Ok(senders), Ok(recipients)) = parsed else { return Err(form()) };
    Ok(Floor { campaigns, senders, recipients })
}

/// Who is known.
pub(super) fn known(settings: &Settings) -> String {
    match settings.known_days {
        0 => "everybody who is authenticated".to_owned(),
        1 => "seen authenticated on an earlier day".to_owned(),
        days => format!("seen authenticated on {days} earlier days"),
    }
}

/// The settings, one on a line.
pub(super) fn lines(settings: &Settings) -> Vec<(&'static str, String)> {
    let percent = |share: f64| format!("{} %", (share * 1e6).round() / 1e4);
    let tolerance =
        |one: switchback::guard::Tolerance| format!("{} gross, {} net", percent(one.gross), percent(one.net));
    let Floor { campaigns, senders, recipients } = settings.floor;
    let mut lines = vec![
        ("alpha", format!("{} up, {} down, {} to warn", settings.alpha, settings.alpha_down, settings.alpha_warn)),
        ("tolerates", format!("{}; to warn {}", tolerance(settings.tolerance), tolerance(settings.tolerance_warn))),
        ("acts from", format!("{campaigns} campaigns of {senders} senders to {recipients} recipients on")),
        ("flips down", if settings.acts_on_flips_down { "acts" } else { "warns only" }.to_owned()),
        ("known", known(settings)),
    ];
    if settings.segment_reverts > 0 {
        lines.push(("segments", format!("up to {} go back by themselves", settings.segment_reverts)));
    }
    let providers = settings.providers.iter().map(|(name, domains)| format!("{name} ({})", domains.join(", ")));
    let providers = providers.collect::<Vec<_>>().join("; ");
    if !providers.is_empty() {
        lines.push(("providers", providers));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_and_a_tolerance_are_written_as_lists() {
        assert_eq!(floor("10, 5,5"), Ok(Floor { campaigns: 10, senders: 5, recipients: 5 }));
        assert_eq!(tolerance("0.02,0.005"), Ok([0.02, 0.005]));
        for wrong in ["", "10,5", "10,5,-1", "10,5,5,5", "ten,5,5", "1,999,1"] {
            assert!(floor(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "0.02", "a,b", "0.1,0.2,0.3"] {
            assert!(tolerance(wrong).is_err(), "{wrong}");
        }
    }
}
