//! The program that writes a message: it decides identifiers, MIME structure and encodings.

use crate::clock::Moment;
use crate::dice::{Dice, alphabet};
use crate::mime::Word;
use crate::provider::Provider;

/// A program that writes messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mailer {
    /// Gmail's web interface and app, Google Workspace.
    Google,
    /// Outlook on Exchange Online.
    Exchange,
    /// Yahoo's web interface.
    Yahoo,
    /// Apple's programs.
    Apple,
    /// Proton's web interface.
    Proton,
    /// A desktop program on a server of one's own.
    Desktop,
    /// A platform for bulk mail.
    Platform,
    /// A script.
    Script,
}

impl Mailer {
    /// What somebody at `provider` writes with.
    pub(crate) fn draw(provider: Provider, dice: &mut Dice) -> Self {
        match provider {
            Provider::Gmail => *dice.pick(&[Self::Google, Self::Google, Self::Google, Self::Apple]),
            Provider::Outlook => Self::Exchange,
            Provider::Yahoo => Self::Yahoo,
            Provider::ICloud => Self::Apple,
            Provider::Proton => Self::Proton,
            Provider::Business => {
                let all = [Self::Google, Self::Exchange, Self::Desktop];
                all[dice.weighted([35, 40, 25])]
            }
            Provider::Platform => Self::Platform,
            Provider::Throwaway => [Self::Script, Self::Desktop, Self::Platform][dice.weighted([70, 15, 15])],
        }
    }

    /// A `Message-ID`, in angle brackets.
    pub(crate) fn message_id(self, domain: &str, moment: Moment, dice: &mut Dice) -> String {
        let millis = moment.unix * 1000 + i64::from(dice.below(1000));
        let id = match self {
            Self::Google => {
                let (first, second) = (google_token(dice, 30), google_token(dice, 21));
                format!("CA{first}+{second}@mail.gmail.com")
            }
            Self::Exchange => {
                let server = exchange_server(dice);
                let token = dice.characters(alphabet::UPPER_HEX, 32);
                format!("{server}{token}@{server}.eurprd0{}.prod.outlook.com", dice.between(1, 9))
            }
            Self::Yahoo => {
                let (first, second) = (dice.between(10_000, 2_000_000_000), dice.between(1000, 9_999_999));
                format!("{first}.{second}.{millis}@mail.yahoo.com")
            }
            Self::Apple => format!("{}@{domain}", uuid(dice)),
            Self::Proton => format!("{}=@{domain}", dice.characters(alphabet::BASE64_URL, 87)),
            Self::Desktop => {
                let (first, second) = (dice.characters(alphabet::HEX, 8), dice.characters(alphabet::HEX, 12));
                format!("{first}-{}-{second}@{domain}", dice.characters(alphabet::HEX, 4))
            }
            Self::Platform => {
                format!("{}.{millis}@{domain}", dice.characters(alphabet::LOWER_DIGITS, 24))
            }
            Self::Script => script_id(domain, millis, dice),
        };
        format!("<{id}>")
    }

    /// A boundary between MIME parts.
    pub(crate) fn boundary(self, moment: Moment, dice: &mut Dice) -> String {
        match self {
            Self::Google => format!("000000000000{}", dice.characters(alphabet::HEX, 16)),
            Self::Exchange => {
                let token = dice.characters(alphabet::UPPER_HEX, 32);
                format!("_{:03}_{}{token}_", dice.below(8), exchange_server(dice))
            }
            Self::Yahoo => {
                let number = dice.between(10_000, 9_999_999);
                format!("----=_Part_{number}_{}.{}000", dice.between(1000, 2_000_000_000), moment.unix)
            }
            Self::Apple => format!("Apple-Mail-{}", uuid(dice)),
            Self::Proton => format!("b1={}", dice.characters(alphabet::BASE64_URL, 40)),
            Self::Desktop => format!("------------{}", dice.characters(alphabet::LOWER_DIGITS, 24)),
            Self::Platform => format!("_----------=_MCPart_{}", dice.characters(alphabet::DIGITS, 10)),
            Self::Script => format!("{}", dice.between(100_000_000, 2_000_000_000)),
        }
    }

    /// How it writes encoded words.
    pub(crate) fn word(self, dice: &mut Dice) -> Word {
        match self {
            Self::Google | Self::Proton => Word::B,
            Self::Script => *dice.pick(&[Word::B, Word::Q]),
            _ => Word::Q,
        }
    }
}

fn script_id(domain: &str, millis: i64, dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => format!("{}@{domain}", dice.characters(alphabet::HEX, 32)),
        1 => format!("{millis}.{}@localhost", dice.between(1000, 99_999)),
        _ => {
            let (first, second) = (dice.characters(alphabet::UPPER_HEX, 8), dice.characters(alphabet::UPPER, 10));
            format!("{first}.{second}@{domain}")
        }
    }
}

fn google_token(dice: &mut Dice, length: usize) -> String {
    dice.characters(alphabet::BASE64_URL, length)
}

fn exchange_server(dice: &mut Dice) -> String {
    let (letters, digits) = (dice.characters(alphabet::UPPER, 2), dice.characters(alphabet::DIGITS, 4));
    format!("{letters}{}PR0{}MB{digits}", dice.below(10), dice.between(1, 9))
}

/// A random UUID in capitals (RFC 9562, version 4).
pub(crate) fn uuid(dice: &mut Dice) -> String {
    let mut hex = |length| dice.characters(alphabet::UPPER_HEX, length);
    format!("{}-{}-4{}-A{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12))
}
