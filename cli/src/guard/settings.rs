//! What the guard may do, on the command line.

use clap::ValueEnum;
use switchback::guard::{Few, Floor, GuardSettings, Mode};

use crate::exit::Usage;
use crate::provider::{Provider, provider};
use crate::show::counted;

/// What the guard may do, and from when on. What is not given stays as it is.
#[derive(clap::Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Settings")]
pub(super) struct SettingsArgs {
    /// What the guard does by itself
    #[arg(long, value_enum, value_name = "MODE")]
    pub(super) mode: Option<ModeName>,

    /// Probability that a harmless candidate is reverted during a rollout [default: 0.001]
    #[arg(long, value_name = "P")]
    alpha: Option<f64>,

    /// The same for flips down, which let spam through [default: 0.001]
    #[arg(long, value_name = "P")]
    alpha_down: Option<f64>,

    /// Probability that a harmless candidate causes a warning [default: 0.05]
    #[arg(long, value_name = "P")]
    alpha_warn: Option<f64>,

    /// Tolerated share of campaigns that flip: gross, and net of those that flip the other way [default: 0.02,0.005]
    #[arg(long, value_name = "GROSS,NET", value_parser = tolerance)]
    tolerance: Option<[f64; 2]>,

    /// The same for warnings [default: 0.01,0.002]
    #[arg(long, value_name = "GROSS,NET", value_parser = tolerance)]
    tolerance_warn: Option<[f64; 2]>,

    /// Least that has to flip before the guard acts: campaigns, their senders, their recipients [default: 10,20,5]
    #[arg(long, value_name = "CAMPAIGNS,SENDERS,RECIPIENTS", value_parser = floor)]
    floor: Option<Floor>,

    /// Act on flips down, instead of only warning about them [default: no]
    #[arg(long, value_enum, value_name = "YES|NO")]
    act_on_flips_down: Option<YesOrNo>,

    /// While fewer than KNOWN senders are known, this many suffice if first seen AGE days ago; 0,0,0 to disable [default: 100,4,180]
    #[arg(long, value_name = "KNOWN,SENDERS,AGE", value_parser = few)]
    few: Option<Few>,

    /// Days (UTC) before the candidate on which a known sender was seen; 0: every authenticated sender is known [default: 3]
    #[arg(long, value_name = "N")]
    known_days: Option<u32>,

    /// How many days before the candidate the first of these days was [default: 14]
    #[arg(long, value_name = "DAYS")]
    known_age_days: Option<u32>,

    /// Pairs that count per day, of an account at a provider and of any other organisation [default: 1,3]
    #[arg(long, value_name = "ACCOUNT,DOMAIN", value_parser = pairs)]
    pairs: Option<[u32; 2]>,

    /// Count these domains as one provider, besides the built-in ones, and each of its addresses as a sender (repeatable)
    ///
    /// Name only domains in which senders cannot be made up at will.
    #[arg(long, value_name = "NAME=DOMAIN,...", value_parser = provider)]
    provider: Vec<Provider>,

    /// How many segments are reverted on their own before the whole release is, 0 to 8 [default: 0]
    #[arg(long, value_name = "N")]
    segment_reverts: Option<u8>,

    /// A segment is proven if a smaller share of its campaigns flips, with 95 % confidence [default: 0.02]
    #[arg(long, value_name = "SHARE")]
    proof_rate: Option<f64>,
}

/// What the guard does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ModeName {
    /// Revert, withdraw and block
    Act,
    /// Raise alerts, and change nothing
    Warn,
    /// Do not compare at all
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
        *self != Self::default()
    }

    /// These settings with what is given on the command line.
    pub(super) fn over(&self, settings: GuardSettings) -> Result<GuardSettings, Usage> {
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
        new.few = self.few.unwrap_or(new.few);
        new.known_days = self.known_days.unwrap_or(new.known_days);
        new.known_age_days = self.known_age_days.unwrap_or(new.known_age_days);
        [new.account_pairs, new.domain_pairs] = self.pairs.unwrap_or([new.account_pairs, new.domain_pairs]);
        new.segment_reverts = self.segment_reverts.unwrap_or(new.segment_reverts);
        for Provider { name, domains } in &self.provider {
            new.providers.entry(name.clone()).or_default().extend(domains.iter().cloned());
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
        _ => Err(format!("`{text}` is not a valid tolerance: give gross and net, as in `0.02,0.005`")),
    }
}

/// `10,20,5`.
fn floor(text: &str) -> Result<Floor, String> {
    let form = || format!("`{text}` is not a valid floor: give campaigns, senders and recipients, as in `10,20,5`");
    let [campaigns, senders, recipients] = numbers(text).ok_or_else(form)?;
    let small = |number| u8::try_from(number).map_err(|_| form());
    Ok(Floor::new(campaigns, small(senders)?, small(recipients)?))
}

/// `100,4,180`.
fn few(text: &str) -> Result<Few, String> {
    let form =
        || format!("`{text}` is not valid: give known senders, senders that suffice, and days, as in `100,4,180`");
    let [known, senders, age_days] = numbers(text).ok_or_else(form)?;
    Ok(Few::new(known, u8::try_from(senders).map_err(|_| form())?, age_days))
}

/// `1,3`.
fn pairs(text: &str) -> Result<[u32; 2], String> {
    numbers(text)
        .ok_or_else(|| format!("`{text}` is not valid: give the pairs of an account and of a domain, as in `1,3`"))
}

/// So many numbers.
fn numbers<const COUNT: usize>(text: &str) -> Option<[u32; COUNT]> {
    let numbers: Vec<u32> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// Who is known.
pub(super) fn known(settings: &GuardSettings) -> String {
    match settings.known_days {
        0 => "everybody who is authenticated".to_owned(),
        days => {
            let (days, age) = (counted(days.into(), "day"), counted(settings.known_age_days.into(), "day"));
            format!("seen authenticated on {days} before the candidate, the first at least {age} before")
        }
    }
}

/// The settings, one on a line.
pub(super) fn lines(settings: &GuardSettings) -> Vec<(&'static str, String)> {
    let percent = |share: f64| format!("{} %", (share * 1e6).round() / 1e4);
    let tolerance =
        |one: switchback::guard::Tolerance| format!("{} gross, {} net", percent(one.gross), percent(one.net));
    let Floor { campaigns, senders, recipients, .. } = settings.floor;
    let GuardSettings { account_pairs: account, domain_pairs: domain, .. } = *settings;
    let Few { known: few, senders: of_few, age_days, .. } = settings.few;
    let mut lines = vec![
        ("alpha", format!("{} up, {} down, {} to warn", settings.alpha, settings.alpha_down, settings.alpha_warn)),
        ("tolerates", format!("{}; to warn {}", tolerance(settings.tolerance), tolerance(settings.tolerance_warn))),
        ("acts from", format!("{campaigns} campaigns of {senders} senders to {recipients} recipients on")),
        ("a day count", format!("{} of an account, {} of a domain", counted(account.into(), "pair"), domain)),
        ("flips down", if settings.acts_on_flips_down { "acts" } else { "warns only" }.to_owned()),
        ("known", known(settings)),
    ];
    if few > 0 {
        let few =
            format!("fewer than {few} senders known: {of_few} suffice that were seen first {age_days} days before");
        lines.push(("where few", few));
    }
    if settings.segment_reverts > 0 {
        lines.push(("segments", format!("up to {} are reverted on their own", settings.segment_reverts)));
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
        assert_eq!(floor("10, 5,5"), Ok(Floor::new(10, 5, 5)));
        assert_eq!(few("100,4, 180"), Ok(Few::new(100, 4, 180)));
        assert_eq!(pairs("1,3"), Ok([1, 3]));
        assert_eq!(tolerance("0.02,0.005"), Ok([0.02, 0.005]));
        for wrong in ["", "10", "10,5,-1", "10,5,5,5", "ten,5,5", "1,999,1"] {
            assert!(floor(wrong).is_err() && few(wrong).is_err() && pairs(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "0.02", "a,b", "0.1,0.2,0.3"] {
            assert!(tolerance(wrong).is_err(), "{wrong}");
        }
    }
}
