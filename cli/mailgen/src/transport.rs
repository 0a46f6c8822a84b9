//! The header: what the sender's programs and servers write, and what the receiving server adds.

mod author;
mod signature;
mod trail;

use crate::clock::Moment;
use crate::dice::{Dice, alphabet};
use crate::entity::Entity;
use crate::header::Header;
use crate::kind::Kind;
use crate::mailer::Mailer;
use crate::mime::Word;
use crate::profile::Profile;
use crate::provider::Provider;
use crate::sender::Sender;

/// The server that receives the mail, and the name that it signs its `Authentication-Results` with
/// (RFC 8601, section 2.5): a filter under test has to trust this name and no other.
pub const AUTHSERV_ID: &str = "mx.example.net";

/// The domain that the mail is for.
pub const RECIPIENT_DOMAIN: &str = "example.net";

/// What the header tells about.
#[derive(Debug)]
pub(crate) struct Letter<'a> {
    pub(crate) profile: Profile,
    pub(crate) kind: Kind,
    pub(crate) provider: Provider,
    pub(crate) mailer: Mailer,
    pub(crate) sender: &'a Sender,
    pub(crate) recipient_name: &'a str,
    pub(crate) recipient: &'a str,
    pub(crate) subject: &'a str,
    /// The `Message-ID`s that are answered, the newest last.
    pub(crate) answers: Option<&'a str>,
    /// The mailing list that it comes through.
    pub(crate) list: Option<&'a str>,
    pub(crate) moment: Moment,
    pub(crate) entity: &'a Entity,
    pub(crate) word: Word,
}

/// How the message came in.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) mail_from: String,
    pub(crate) client_ip: String,
    pub(crate) helo: String,
    /// The client's host name, if forward and reverse DNS agree.
    pub(crate) client_host: Option<String>,
    spf: &'static str,
    dkim: &'static str,
    dmarc: &'static str,
}

/// The whole header, and how the message came in.
pub(crate) fn header(letter: &Letter<'_>, dice: &mut Dice) -> (String, Delivery) {
    let delivery = Delivery::draw(letter, dice);
    let mut header = Header::default();
    receive(letter, &delivery, &mut header, dice);
    if letter.profile == Profile::Modern {
        trail::fields(letter, &mut header, dice);
    }
    if delivery.dkim != "none" {
        header.field("DKIM-Signature", &signature::dkim(letter, letter.sender.domain(), dice));
    }
    author::fields(letter, &mut header, dice);
    (header.into_text(), delivery)
}

impl Delivery {
    fn draw(letter: &Letter<'_>, dice: &mut Dice) -> Self {
        let domain = letter.sender.domain();
        let client_ip = address(dice);
        let helo = relay(letter, domain, &client_ip, dice);
        let trusted = letter.provider != Provider::Throwaway;
        let (spf, dkim, dmarc) = if letter.sender.forged {
            (*dice.pick(&["softfail", "fail", "pass"]), "none", "fail")
        } else if trusted {
            let unsigned = letter.provider == Provider::Business && dice.chance(80);
            if unsigned { ("pass", "none", "none") } else { ("pass", "pass", "pass") }
        } else {
            match dice.below(10) {
                0..5 => ("pass", "pass", "pass"),
                5..7 => ("pass", "none", "none"),
                7..9 => ("none", "none", "none"),
                _ => ("softfail", "fail", "fail"),
            }
        };
        let mail_from = bounce_address(letter, domain, &helo, dice);
        let client_host = (trusted || dice.chance(550)).then(|| helo.clone());
        Self { mail_from, client_ip, helo, client_host, spf, dkim, dmarc }
    }

    fn results(&self, from_domain: &str) -> String {
        let spf_domain = self.mail_from.rsplit_once('@').map_or("", |(_, domain)| domain);
        format!(
            "{AUTHSERV_ID};\n\tspf={} smtp.mailfrom={spf_domain};\n\tdkim={} header.d={from_domain};\
             \n\tdmarc={} header.from={from_domain}",
            self.spf, self.dkim, self.dmarc
        )
    }
}

/// An address from the blocks for documentation (RFC 5737).
fn address(dice: &mut Dice) -> String {
    let block = *dice.pick(&["192.0.2", "198.51.100", "203.0.113"]);
    format!("{block}.{}", dice.between(1, 254))
}

/// The name of the server that hands the message over.
fn relay(letter: &Letter<'_>, domain: &str, ip: &str, dice: &mut Dice) -> String {
    let number = dice.between(1, 254);
    let letters = dice.characters(alphabet::LOWER, 2);
    match (letter.provider, letter.mailer) {
        (Provider::Throwaway, _) => match dice.below(4) {
            0 => format!("mail.{domain}"),
            1 => domain.to_owned(),
            2 => format!("vps{number}.cheaphost.example"),
            _ => format!("ip-{}.dynamic.isp.example", ip.replace('.', "-")),
        },
        (Provider::Gmail, _) | (_, Mailer::Google) => {
            format!("mail-{letters}1-f{}.google.com", dice.between(41, 254))
        }
        (_, Mailer::Exchange) => {
            format!("EUR0{}-{}-obe.outbound.protection.outlook.com", dice.between(1, 5), letters.to_uppercase())
        }
        (_, Mailer::Yahoo) => format!("sonic{}-{}.consmr.mail.ir2.yahoo.com", dice.between(301, 320), number),
        (Provider::ICloud, _) => format!("pv50p00im-zteg{:08}.me.com", dice.between(10_000_000, 10_099_999)),
        (_, Mailer::Proton) => format!("mail-{}.protonmail.ch", dice.between(4_100, 40_200)),
        (_, Mailer::Platform) => format!("o{number}.mailer.bulkplatform.example"),
        _ => format!("mail.{domain}"),
    }
}

fn bounce_address(letter: &Letter<'_>, domain: &str, helo: &str, dice: &mut Dice) -> String {
    if letter.mailer == Mailer::Platform {
        let token = dice.characters(alphabet::LOWER_DIGITS, 12);
        return format!("bounces+{token}@bounce.{domain}");
    }
    if letter.sender.forged || (letter.mailer == Mailer::Script && dice.chance(200)) {
        return format!("www-data@{helo}");
    }
    letter.sender.address.clone()
}

fn receive(letter: &Letter<'_>, delivery: &Delivery, header: &mut Header, dice: &mut Dice) {
    let at = letter.moment.plus(i64::from(dice.between(1, 9))).in_zone(0).rfc5322();
    let host = delivery.client_host.as_deref().unwrap_or("unknown");
    let queue = dice.characters(alphabet::UPPER_HEX, 11);
    header.field("Return-Path", &format!("<{}>", delivery.mail_from));
    header.field("Delivered-To", letter.recipient);
    if letter.profile == Profile::Modern {
        trail::inner_hops(letter, header, dice);
    }
    header.field(
        "Received",
        &format!(
            "from {} ({host} [{}])\n\tby {AUTHSERV_ID} (Postfix) with ESMTPS id {queue}\n\tfor <{}>; {at}",
            delivery.helo, delivery.client_ip, letter.recipient
        ),
    );
    header.field("Authentication-Results", &delivery.results(letter.sender.domain()));
}
