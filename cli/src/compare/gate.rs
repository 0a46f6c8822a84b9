//! Whether a comparison lets a pipeline go on.

use switchback::compare;
use switchback_report::unanswered;

use crate::exit::say;
use crate::show;

/// Whether something was compared and there are no more flips than allowed, and says why not. With a limit it also says what
/// was not compared: that counts in no flip. `nothing` is why there is no message at all.
pub(super) fn passes(releases: &compare::Report, nothing: &str, flips_max: Option<u64>) -> bool {
    let uncompared = unanswered(releases);
    if releases.flips.messages == 0 {
        say(&format!("no message was compared: {}", uncompared.as_deref().unwrap_or(nothing)));
        return false;
    }
    let Some(max) = flips_max else { return true };
    if let Some(uncompared) = uncompared {
        say(&format!("{} compared; {uncompared}", show::counted(releases.flips.messages, "message")));
    }
    let (flips, failed) = (releases.flips.flips(), releases.newly_failed);
    let is_within = flips.saturating_add(failed) <= max;
    if !is_within {
        let flips = show::counted(flips, "flip");
        let failed = match failed {
            0 => String::new(),
            failed => {
                format!(" and {} that {} alone failed on", show::counted(failed, "message"), releases.after.release)
            }
        };
        say(&format!("{flips}{failed}, more than the {max} that --max-flips allows"));
    }
    is_within
}
