//! Who counts, and how often.

use super::{Action, DAY_S, Letter, Level, World, acts, letter, levels};
use crate::guard::{Counts, Flip, Floor, GuardSettings, InMemory, Segment, Standing, Volumes};

fn gmail() -> Segment {
    Segment::Domain("gmail.com".into())
}

#[test]
fn a_provider_whose_mail_is_flagged_is_found_with_everything_that_it_belongs_to() {
    let mut world = World::of_known();
    // Mail of all kinds that stays as it is, and one provider half of which is flagged.
    let mut found = None;
    for number in 0..1_000 {
        assert!(world.stays(letter(0, "company.example", 10_000 + number)).is_empty());
        let letter = letter(0, "gmail.com", number);
        let findings = if number % 2 == 0 { world.flips_up(letter) } else { world.stays(letter) };
        if let Some(finding) = findings.iter().find(|finding| finding.level == Level::Act) {
            found = Some((number, finding.evidence.clone()));
            break;
        }
    }
    let (number, evidence) = found.unwrap();
    assert!((40..90).contains(&number), "{number}");
    assert_eq!(evidence.segment, gmail());
    assert_eq!((evidence.flip, evidence.counts.all), (Flip::Up, number + 1));
    assert!(evidence.harmed.contains(&gmail()) && evidence.harmed.contains(&Segment::Provider("gmail".into())));
    assert!(!evidence.harmed.contains(&Segment::Domain("company.example".into())));
}

#[test]
fn each_level_of_a_segment_is_found_once() {
    let mut world = World::of_known();
    let mut found = Vec::new();
    for number in 0..500 {
        found.extend(
            world
                .flips_up(letter(0, "gmail.com", number))
                .into_iter()
                .map(|finding| (finding.evidence.segment, finding.level)),
        );
    }
    let all = found.len();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), all, "{found:?}");
    assert_eq!(found.iter().filter(|(_, level)| *level == Level::Act).count(), 3, "{found:?}");
    assert_eq!(found.iter().filter(|(_, level)| *level == Level::Warn).count(), 3, "{found:?}");
}

#[test]
fn nothing_acts_below_a_floor() {
    let floor = GuardSettings::default().floor;
    assert_eq!(floor, Floor { campaigns: 10, senders: 20, recipients: 5 });
    // Days enough for any number of flips of a few senders, to a few recipients.
    let sent = |senders: u64, recipients: u64, campaigns: u64| {
        let mut world = World::of_known();
        (0..campaigns).any(|number| {
            let (person, recipient) = (number % senders, number % recipients);
            acts(&world.flips_up(Letter { person, recipient, ..letter(number as i64, "gmail.com", number) }))
        })
    };
    assert!(!sent(19, 1_000, 1_000), "nineteen senders");
    assert!(!sent(1_000, 4, 1_000), "four recipients");
    assert!(!sent(1_000, 1_000, 9), "nine campaigns");
    assert!(!sent(20, 5, 1_000), "one beside nineteen that may be an adversary's");
    assert!(sent(34, 5, 34), "so many of each suffice");
}

#[test]
fn a_campaign_counts_once_however_often_it_is_sent() {
    let mut world = World::of_known();
    for campaign in 0..9 {
        for copy in 0..100 {
            let letter = Letter { campaign, ..letter(0, "gmail.com", campaign * 100 + copy) };
            assert!(!acts(&world.flips_up(letter)), "nine campaigns of a hundred copies");
        }
    }
    let tally = world.memory.of(&gmail()).unwrap();
    assert_eq!(tally.up.eligible, Counts { flips: 9, opposite: 0, all: 9 });
    // In the next hour it counts again, and another segment has counts of its own.
    world.flips_up(Letter { second: 3_600, campaign: 0, ..letter(0, "gmail.com", 1_000_000) });
    world.flips_up(Letter { second: 0, campaign: 0, ..letter(0, "outlook.com", 1_000_001) });
    let tally = world.memory.of(&gmail()).unwrap();
    assert_eq!(tally.up.eligible.flips, 10);
    let tally = world.memory.of(&Segment::Domain("outlook.com".into())).unwrap();
    assert_eq!(tally.up.eligible.flips, 1);
    let tally = world.memory.of(&Segment::Everything).unwrap();
    assert_eq!(tally.up.eligible.flips, 10, "what is the same campaign everywhere");
}

#[test]
fn the_first_pairs_of_a_sender_on_a_day_count_whatever_they_show() {
    let mut world = World::of_known();
    let of = |world: &World, segment: &Segment| world.memory.of(segment).unwrap().up.clone();
    for number in 0..50 {
        let [flips, other, stays] =
            [0, 100, 200].map(|kind| Letter { person: 1, ..letter(0, "gmail.com", kind + number) });
        world.flips_up(flips);
        world.judge(other, Action::Junk, Action::Deliver);
        world.stays(stays);
    }
    assert_eq!(of(&world, &gmail()).eligible, Counts { flips: 1, opposite: 0, all: 1 });
    assert_eq!(of(&world, &gmail()).any, Counts { flips: 1, opposite: 50, all: 101 }, "for warnings");
    (0..50).for_each(|number| drop(world.stays(Letter { person: 2, ..letter(0, "gmail.com", 300 + number) })));
    assert_eq!(of(&world, &gmail()).eligible, Counts { flips: 1, opposite: 0, all: 2 }, "nor does it thin out");
    world.stays(Letter { person: 1, ..letter(1, "gmail.com", 400) });
    assert_eq!(of(&world, &gmail()).eligible, Counts { flips: 1, opposite: 0, all: 3 }, "the next day");
    // Elsewhere all addresses of a domain are one sender, whose first three pairs count.
    let company = Segment::Domain("company.example".into());
    world.stays(letter(2, "company.example", 500));
    (1..50).for_each(|number| drop(world.flips_up(letter(2, "company.example", 500 + number))));
    assert_eq!(of(&world, &company).eligible, Counts { flips: 2, opposite: 0, all: 3 });
    assert_eq!(of(&world, &company).any, Counts { flips: 49, opposite: 0, all: 50 });
    // Copies of a campaign use up nothing.
    for copy in 0..9 {
        world.flips_up(Letter { campaign: 600, ..letter(3, "company.example", 600 + copy) });
    }
    world.stays(letter(3, "company.example", 700));
    assert_eq!(of(&world, &company).eligible, Counts { flips: 3, opposite: 0, all: 5 });
    // In everything as much counts as in the segments below.
    let below = of(&world, &gmail()).eligible + of(&world, &company).eligible;
    assert_eq!(of(&world, &Segment::Everything).eligible, below);
}

#[test]
fn flips_down_warn_unless_the_settings_say_otherwise() {
    for acts_on_flips_down in [false, true] {
        let mut world = World::new(GuardSettings { known_days: 0, acts_on_flips_down, ..GuardSettings::default() });
        let mut found = Vec::new();
        for number in 0..500 {
            found.extend(world.judge(letter(0, "gmail.com", number), Action::Junk, Action::Deliver));
        }
        assert!(found.iter().all(|finding| finding.evidence.flip == Flip::Down));
        assert_eq!(found.iter().any(|finding| finding.level == Level::Act), acts_on_flips_down);
        assert!(found.iter().any(|finding| finding.level == Level::Warn));
        let tally = world.memory.of(&gmail()).unwrap();
        assert!(tally.down.is_harmed && !tally.up.is_harmed);
        let standing = world.trial.proof(tally).standing;
        assert_eq!(standing, if acts_on_flips_down { Standing::Harmed } else { Standing::Proven });
    }
}

#[test]
fn a_segment_that_appears_late_is_found_too() {
    let mut world = World::of_known();
    for number in 0..3_000 {
        world.stays(letter(0, &format!("company-{number}.example"), number));
    }
    let acted = (10_000..11_000).position(|number| acts(&world.flips_up(letter(1, "gmail.com", number))));
    // Its rank is 3,002: that costs a few flips, because evidence grows by a factor with each.
    assert!(acted.is_some_and(|flips| flips < 40), "{acted:?}");
    let tally = world.memory.of(&gmail()).unwrap();
    assert_eq!(tally.rank, 3_002);
}

#[test]
fn an_evicted_segment_is_a_fresh_test() {
    let mut world = World::of_known();
    world.memory = InMemory::new(Volumes::default()).segments_max(64);
    for number in 0..4 {
        world.stays(letter(0, "company.example", number));
    }
    for number in 0..1_000 {
        world.stays(letter(0, &format!("other-{number}.example"), 100 + number));
    }
    world.stays(letter(1, "company.example", 10_000));
    let tally = world.memory.of(&Segment::Domain("company.example".into())).unwrap();
    assert_eq!((tally.rank, tally.up.eligible.all), (1_003, 1));
    assert!(world.memory.segments().count() <= 64);
}

#[test]
fn standings_are_proven_unproven_and_harmed() {
    let mut world = World::of_known();
    let standing = |world: &World, segment: &Segment| world.trial.proof(world.memory.of(segment).unwrap());
    (0..176).for_each(|number| drop(world.stays(letter(0, "gmail.com", number))));
    assert_eq!(standing(&world, &gmail()).standing, Standing::Unproven);
    world.stays(letter(0, "gmail.com", 176));
    let proof = standing(&world, &gmail());
    assert_eq!((proof.standing, proof.flips, proof.campaigns), (Standing::Proven, 0, 177));
    assert!(proof.share_at_most <= 0.02);
    // Ten flips of one sender on one day count once against the candidate, but prove nothing for it either.
    (0..10).for_each(|number| drop(world.flips_up(Letter { person: 1, ..letter(1, "gmail.com", 200 + number) })));
    assert_eq!(standing(&world, &gmail()).standing, Standing::Unproven);
    (0..30).for_each(|number| drop(world.flips_up(letter(2, "gmail.com", 300 + number))));
    assert_eq!(standing(&world, &gmail()).standing, Standing::Harmed);
    let Ok(harmed) = world.trial.harmed(&mut world.memory, Flip::Up);
    assert_eq!(harmed.len(), 3, "{harmed:?}");
}

#[test]
fn a_message_without_a_recipient_counts_as_to_one_of_its_own() {
    let mut world = World::of_known();
    let mut has_acted = false;
    for number in 0..40 {
        let sighting = crate::guard::Sighting {
            at: jiff::Timestamp::from_second(DAY_S).unwrap(),
            fingerprint: super::fingerprint(number),
            sender_domain: Some("gmail.com"),
            sender: Some(crate::guard::Key(number)),
            is_authenticated: true,
            recipient: None,
        };
        let Ok(findings) = world.trial.observe(&mut world.memory, &sighting, Action::Deliver, Action::Reject);
        has_acted |= levels(&findings).contains(&Level::Act);
    }
    assert!(has_acted);
}
