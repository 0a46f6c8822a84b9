//! A seeded generator of realistic mail.
//!
//! It writes raw messages (RFC 5322) as a receiving server would see them: with the header blocks of
//! the providers that they come from, MIME structure, encodings, replies, attachments, and texts
//! from a grammar, so that hardly two are alike. It says of each what it is. Demonstrations and
//! tests need no corpus that way, and nobody's mail is in it.
//!
//! ```
//! use switchback_mailgen::{Generator, Kind, Mix, Provider};
//!
//! let mut mail = Generator::new(1);
//! let first = mail.next().map(|message| message.from_domain);
//! assert_eq!(first, Generator::new(1).next().map(|message| message.from_domain));
//!
//! let phish = Generator::with_mix(1, Mix::gmail_phish()).nth_message(0);
//! assert_eq!((phish.kind, phish.provider), (Kind::Phish, Provider::Gmail));
//! ```
//!
//! * **The same seed is the same mail**: a test compares a digest over the first thousand messages of each profile.
//! * **Two profiles**: small mail, and mail like that of the 2020s ([`Mix::modern`]), whose figures stand beside those of real mail in
//!   `docs/mail-profile.md`.
//! * **[`odd`] messages** are none of it: empty, broken, or with more of something than any other mail.
//! * **Nobody is meant**: people, brands and companies are made up; domains and addresses are
//!   reserved ones (RFC 2606, RFC 5737) but for the domains of the large providers as senders.
//! * **Signatures do not verify**: `DKIM-Signature` has the right shape and noise as its content. What
//!   a filter may trust is `Authentication-Results` of [`AUTHSERV_ID`].

#![forbid(unsafe_code)]

mod clock;
mod dice;
mod draft;
mod entity;
mod facts;
mod generator;
mod grammar;
mod hand_written;
mod header;
mod kind;
mod link;
mod mailer;
mod mime;
mod mix;
mod modern;
mod odd;
mod profile;
mod provider;
mod scenario;
mod sender;
mod tables;
mod text;
mod transport;

pub use generator::{Generated, Generator};
pub use hand_written::hand_written;
pub use kind::Kind;
pub use mix::Mix;
pub use odd::odd;
pub use profile::Profile;
pub use provider::Provider;
pub use transport::{AUTHSERV_ID, RECIPIENT_DOMAIN};
