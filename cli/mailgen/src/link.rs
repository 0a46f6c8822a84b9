//! Where messages want their readers to go.

use crate::dice::{Dice, alphabet};
use crate::facts::Facts;
use crate::scenario::Link;
use crate::sender::{Sender, lookalike_domain, throwaway_domain};
use crate::tables::GRAMMAR;

/// An address for the message's main link.
pub(crate) fn url(link: Link, sender: &Sender, dice: &mut Dice) -> String {
    match link {
        Link::Page => page(dice),
        Link::Own => own(&sender.company_domain, dice),
        Link::Trap => trap(&sender.company_domain, dice),
        Link::Shop => shop(dice),
    }
}

fn page(dice: &mut Dice) -> String {
    let topic = GRAMMAR.expand("topic-private", &Facts::default(), dice).replace(' ', "-");
    let number = dice.between(100, 99_999);
    match dice.below(4) {
        0 => format!("https://www.gazette.example/{}/{topic}-{number}.html", dice.between(2015, 2025)),
        1 => format!("https://video.example/watch?v={}", dice.characters(alphabet::BASE64_URL, 11)),
        2 => format!("https://{topic}.example/"),
        _ => format!("https://forum.hobby.example/t/{topic}/{number}"),
    }
}

fn own(domain: &str, dice: &mut Dice) -> String {
    let token = dice.characters(alphabet::BASE64_URL, 22);
    match dice.below(5) {
        0 => format!("https://www.{domain}/account/orders/{}", dice.between(10_000, 999_999)),
        1 => format!("https://click.{domain}/ls/{token}"),
        2 => format!("https://{domain}/"),
        3 => format!("https://www.{domain}/a/{token}?utm_source=mail&utm_medium=email"),
        _ => format!("https://my.{domain}/login?next=%2Fdetails"),
    }
}

fn trap(domain: &str, dice: &mut Dice) -> String {
    let token = dice.characters(alphabet::LOWER_DIGITS, 12);
    match dice.below(8) {
        0 => format!("http://203.0.113.{}/{token}/login.php", dice.between(1, 254)),
        1 => format!("https://tiny.example/{}", &token[..6]),
        2 => format!("https://{}/wp-content/{token}/index.html", throwaway_domain(dice)),
        3 => format!("https://sites.freehost.example/view/{token}"),
        4 => format!("https://{}/", lookalike_domain(domain, dice)),
        5 => format!("https://{domain}.{}/signin", throwaway_domain(dice)),
        _ => format!("https://{}/{token}", lookalike_domain(domain, dice)),
    }
}

fn shop(dice: &mut Dice) -> String {
    let domain = throwaway_domain(dice);
    match dice.below(4) {
        0 => format!("http://{domain}/"),
        1 => format!("http://www.{domain}/?aff={}", dice.between(10, 9999)),
        2 => format!("https://{domain}/go/{}", dice.characters(alphabet::LOWER_DIGITS, 8)),
        _ => format!("http://{domain}/track/click.php?id={}", dice.between(1000, 99_999)),
    }
}
