//! What traffic consists of.

use crate::dice::Dice;
use crate::kind::Kind;
use crate::profile::Profile;
use crate::provider::Provider;

/// The shares of kinds and of providers in the traffic.
///
/// The default is 75 % wanted mail, bulk included, a third of it from Gmail, and 25 % unwanted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mix {
    shares: [u32; Kind::ALL.len()],
    gmail_per_mille: [u32; Kind::ALL.len()],
    profile: Profile,
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            shares: [260, 220, 90, 110, 70, 150, 100],
            gmail_per_mille: [760, 240, 0, 0, 0, 80, 120],
            profile: Profile::Small,
        }
    }
}

impl Mix {
    /// Mail like that of the 2020s, in its sizes, shapes and shares: more of it is bulk.
    #[must_use]
    pub fn modern() -> Self {
        Self { shares: [140, 280, 80, 170, 110, 90, 130], ..Self::default() }.profile(Profile::Modern)
    }

    /// The mix that goes with a profile.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        match profile {
            Profile::Small => Self::default(),
            Profile::Modern => Self::modern(),
        }
    }

    /// The same shares in mail of another profile.
    #[must_use]
    pub fn profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// Nothing but phish that is sent from gmail.com.
    #[must_use]
    pub fn gmail_phish() -> Self {
        Self::only(Kind::Phish).gmail(Kind::Phish, 1000)
    }

    /// Nothing but wanted mail between people, all of it sent from gmail.com.
    #[must_use]
    pub fn gmail_ham() -> Self {
        Self::only(Kind::Personal).share(Kind::Work, 1).gmail(Kind::Personal, 1000).gmail(Kind::Work, 1000)
    }

    /// Nothing but `kind`, from the providers that it usually comes from.
    #[must_use]
    pub fn only(kind: Kind) -> Self {
        Self { shares: [0; Kind::ALL.len()], ..Self::default() }.share(kind, 1)
    }

    /// Gives `kind` a share: its weight among the weights of all kinds. The defaults add up to 1000.
    /// At least one kind must keep a share above 0, or everything is personal mail.
    #[must_use]
    pub fn share(mut self, kind: Kind, weight: u32) -> Self {
        self.shares[kind as usize] = weight;
        self
    }

    /// Says how many of 1,000 messages of `kind` are sent from gmail.com; more than 1,000 means all.
    #[must_use]
    pub fn gmail(mut self, kind: Kind, per_mille: u32) -> Self {
        self.gmail_per_mille[kind as usize] = per_mille;
        self
    }

    /// The profile of its mail.
    #[must_use]
    pub fn profile_of(&self) -> Profile {
        self.profile
    }

    /// The share of `kind`, 0 to 1.
    #[must_use]
    pub fn share_of(&self, kind: Kind) -> f64 {
        let total: u32 = self.shares.iter().sum();
        f64::from(self.shares[kind as usize]) / f64::from(total.max(1))
    }

    /// How much of `kind` comes from gmail.com, 0 to 1.
    #[must_use]
    pub fn gmail_share_of(&self, kind: Kind) -> f64 {
        f64::from(self.gmail_per_mille[kind as usize].min(1000)) / 1000.0
    }

    pub(crate) fn draw(&self, dice: &mut Dice) -> (Kind, Provider) {
        let kind = Kind::ALL[dice.weighted(self.shares)];
        if dice.chance(self.gmail_per_mille[kind as usize]) {
            return (kind, Provider::Gmail);
        }
        let shares = others(kind);
        (kind, shares[dice.weighted(shares.iter().map(|share| share.1))].0)
    }
}

/// Who sends what does not come from Gmail, in per cent.
fn others(kind: Kind) -> &'static [(Provider, u32)] {
    use Provider::{Business, ICloud, Outlook, Platform, Proton, Throwaway, Yahoo};
    match kind {
        Kind::Personal => &[(Outlook, 34), (Yahoo, 22), (ICloud, 24), (Proton, 6), (Business, 14)],
        Kind::Work => &[(Business, 84), (Outlook, 8), (ICloud, 3), (Proton, 3), (Yahoo, 2)],
        Kind::Receipt | Kind::Notification => &[(Platform, 88), (Business, 12)],
        Kind::Newsletter => &[(Platform, 94), (Business, 6)],
        Kind::Spam => &[(Throwaway, 74), (Outlook, 9), (Yahoo, 7), (Business, 10)],
        Kind::Phish => &[(Throwaway, 64), (Business, 16), (Outlook, 13), (Yahoo, 7)],
    }
}
