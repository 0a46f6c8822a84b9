//! `switchback trust revoke`.

use switchback::Digest;
use switchback::control::{Operation, Request, StoreState, StoredRelease};
use switchback::release::KeyId;

use crate::exit::{Exit, Usage, after_help};
use crate::store::change::{self, ChangeArgs, Operator, Remarks};

/// Distrust a key or a release file permanently
///
/// Processes no longer load what the key signed, whenever that was, or the release. What they have loaded keeps its role:
/// `quarantine` removes that at once.
#[derive(clap::Args)]
#[command(after_long_help = after_help(EXAMPLES, change::EXIT_CODES))]
pub(super) struct Args {
    /// The id of the key, or the SHA-256 digest of the release file (64 digits)
    #[arg(value_name = "KEYID|DIGEST")]
    what: String,

    #[command(flatten)]
    change: ChangeArgs,
}

const EXAMPLES: &str = "\
Examples:
  switchback trust revoke 484971BD463A024D --reason 'her laptop was stolen'
  switchback trust revoke $(sha256sum < phish-2.0.0.wasm | cut -c -64)";

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let request = request(&args.what)?;
    let operator = Operator::open(&args.change)?;
    let change = operator.commit(request)?;
    let notes = still_in_charge(&change.after, &change.event.operation);
    operator.tell(&change, &Remarks { notes, ..Remarks::default() })
}

fn request(what: &str) -> Result<Request, Usage> {
    let digits = what.strip_prefix("sha256:").unwrap_or(what).to_ascii_lowercase();
    if let Ok(digest) = digits.parse::<Digest>() {
        return Ok(Request::RevokeDigest { digest });
    }
    let key: Result<KeyId, _> = what.parse();
    key.map(|key| Request::RevokeKey { key })
        .map_err(|_| Usage(format!("`{what}` is neither a key's id of up to 16 hexadecimal digits nor a digest of 64")))
}

/// Releases that were revoked and have a role.
fn still_in_charge(state: &StoreState, operation: &Operation) -> Vec<String> {
    let is_revoked = |stored: &&StoredRelease| match operation {
        Operation::RevokeKey { key } => stored.signer == Some(*key),
        Operation::RevokeDigest { digest } => stored.id.digest == *digest,
        _ => false,
    };
    let revoked = state.releases.values().filter(is_revoked);
    revoked
        .filter_map(|stored| {
            let slots: Vec<_> = state.slots_using(&stored.id).collect();
            let (release, slots) = (&stored.id, slots.join(", "));
            (!slots.is_empty()).then(|| {
                format!(
                    "{release} has a role in {slots} and keeps it in the processes that run: `switchback quarantine \
                     {release}` takes it away"
                )
            })
        })
        .collect()
}
