//! Releases as an operator names them: `phish@2.0.0`, or the first digits of a digest.

use anyhow::bail;
use switchback::control::{Event, Operation, StoreState};
use switchback::release::{MODEL_NAME_BYTES_MAX, VERSION_BYTES_MAX};
use switchback::{Digest, ReleaseId};

use crate::show;

/// The fewest digits of a digest that name a release: fewer are typed by mistake.
const DIGITS_MIN: usize = 4;

/// The number of an event, which is that of the override that it made.
pub(crate) fn event_number(written: &str) -> Result<u64, String> {
    written.parse().map_err(|_| format!("`{written}` is not a valid event number; expected a whole number such as 17"))
}

/// The loaded release of this name.
pub(crate) fn loaded(state: &StoreState, reference: &str) -> anyhow::Result<ReleaseId> {
    find(state.releases.values().map(|stored| &stored.id), reference)
}

/// The release of this name among those that are quarantined, be they loaded still or not.
pub(crate) fn quarantined(state: &StoreState, history: &[Event], reference: &str) -> anyhow::Result<ReleaseId> {
    let mut ids: Vec<&ReleaseId> = Vec::new();
    for event in history {
        if let Operation::Quarantine { release } = &event.operation
            && state.quarantined.contains_key(&release.digest)
            && !ids.contains(&release)
        {
            ids.push(release);
        }
    }
    match matching(ids.iter().copied(), reference)[..] {
        [release] => Ok(release.clone()),
        // What is loaded and not quarantined gets the refusal that says so.
        _ => loaded(state, reference),
    }
}

/// The release of this name that is loaded, or that a journal names.
pub(crate) fn recorded(
    state: Option<&StoreState>,
    recorded: &[ReleaseId],
    reference: &str,
) -> anyhow::Result<ReleaseId> {
    let loaded = state.into_iter().flat_map(|state| state.releases.values().map(|stored| &stored.id));
    let mut ids: Vec<&ReleaseId> = loaded.chain(recorded).collect();
    ids.sort_by_key(|id| id.digest);
    ids.dedup();
    match matching(ids.iter().copied(), reference)[..] {
        [release] => Ok(release.clone()),
        [] => {
            let (names, reference) = (listed(ids.iter().copied()), shown(reference));
            if names.is_empty() {
                bail!("there is no release `{reference}`: neither store nor journal has any");
            }
            bail!("neither store nor journal knows a release `{reference}`; they know {names}")
        }
        ref several => bail!(ambiguous(reference, several)),
    }
}

fn find<'a>(ids: impl Iterator<Item = &'a ReleaseId> + Clone, reference: &str) -> anyhow::Result<ReleaseId> {
    match matching(ids.clone(), reference)[..] {
        [release] => Ok(release.clone()),
        [] => bail!("there is no release `{}` in the store: {}", shown(reference), offer(ids)),
        ref several => bail!(ambiguous(reference, several)),
    }
}

fn ambiguous(reference: &str, several: &[&ReleaseId]) -> String {
    let matches = listed(several.iter().copied());
    format!("`{}` is ambiguous, it matches {matches}: give more digits of the digest", shown(reference))
}

/// A reference in a message: no longer than a release's name.
fn shown(reference: &str) -> String {
    show::printable(reference, MODEL_NAME_BYTES_MAX + 1 + VERSION_BYTES_MAX)
}

fn matching<'a>(ids: impl Iterator<Item = &'a ReleaseId>, reference: &str) -> Vec<&'a ReleaseId> {
    ids.filter(|id| is_named(id, reference)).collect()
}

/// Whether a release is named so.
pub(crate) fn is_named(id: &ReleaseId, reference: &str) -> bool {
    let digits = reference.strip_prefix("sha256:").unwrap_or(reference).to_ascii_lowercase();
    let is_digest = digits.len() >= DIGITS_MIN && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    id.to_string() == reference || (is_digest && id.digest.to_string().starts_with(&digits))
}

fn offer<'a>(ids: impl Iterator<Item = &'a ReleaseId>) -> String {
    match listed(ids) {
        none if none.is_empty() => "nothing is loaded yet; add releases with `switchback load`".to_owned(),
        names => format!("it has {names}"),
    }
}

/// `phish@1.0.0 (1a2b3c4d5e6f), phish@2.0.0 (...)`.
fn listed<'a>(ids: impl Iterator<Item = &'a ReleaseId>) -> String {
    let mut names: Vec<_> = ids.map(|id| format!("{id} ({})", Digest::short(&id.digest))).collect();
    names.sort_unstable();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use switchback::semver::Version;

    use super::*;

    fn ids() -> Vec<ReleaseId> {
        let id = |version: &str, first: u8| {
            let mut digest = [0xAB; 32];
            digest[0] = first;
            ReleaseId::new("m".parse().unwrap(), Version::parse(version).unwrap(), digest.into())
        };
        vec![id("1.0.0", 0x11), id("1.1.0", 0x22), id("2.0.0", 0x22)]
    }

    fn found(reference: &str) -> Result<String, String> {
        find(ids().iter(), reference).map(|id| id.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_release_is_named_by_its_version_or_its_digest() {
        for reference in ["m@1.0.0", "11ab", "sha256:11abab", "11ABAB"] {
            assert_eq!(found(reference).as_deref(), Ok("m@1.0.0"), "{reference}");
        }
    }

    #[test]
    fn who_is_not_there_is_told_apart_from_who_could_be_several() {
        for unknown in ["m@3.0.0", "m", "11", "", "zzzz"] {
            assert!(found(unknown).unwrap_err().contains("it has m@1.0.0 (11ababababab), m@1.1.0 ("), "{unknown}");
        }
        let several = found("22ab").unwrap_err();
        assert!(several.contains("it matches m@1.1.0 (22ababababab), m@2.0.0 (22ababababab)"), "{several}");
        assert!(found(&format!("m@1.0.0-{}", "a".repeat(200_000))).unwrap_err().len() < 1_000);
        let nothing = find(std::iter::empty(), "m@1.0.0").unwrap_err().to_string();
        assert!(nothing.contains("nothing is loaded yet"), "{nothing}");
    }
}
