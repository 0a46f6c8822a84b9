//! Where the links of a campaign lead, without what tells its recipients apart.

use switchback_features::site;

use crate::message::Link;

/// The sites, sorted, without repetitions. Paths do not count: they are where trackers put who it was sent to.
pub(super) fn sites(links: &[Link]) -> Vec<&str> {
    let with_host = links.iter().filter(|link| !link.host.is_empty());
    // Before what somebody registered, tracking hosts have labels of their own for each recipient.
    let mut sites: Vec<&str> = with_host.map(|link| site(&link.host)).collect();
    sites.sort_unstable();
    sites.dedup();
    sites
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_told_once_and_in_order() {
        let link = |host: &str| Link { url: "".into(), host: host.into(), text: "".into() };
        let found = [link("y.example"), link("b.x.example"), link(""), link("a.x.example")];
        assert_eq!(sites(&found), ["x.example", "y.example"]);
    }
}
