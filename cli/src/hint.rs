//! What to do about an error of the library, with the commands and options of this program.

use std::error::Error;

use switchback::LoadError;
use switchback::backup::BackupError;
use switchback::control::{
    ControlError, LayoutError, LoadReleaseError, PromoteError, Refused, StoreError, TrustRefused, Untrusted,
};
use switchback::runtime::LoadFault;

/// What to do about an error; none if its text says all.
pub(crate) fn of(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(of_cause)
}

fn of_cause(cause: &(dyn Error + 'static)) -> Option<String> {
    let promotion = cause.downcast_ref().and_then(of_promotion);
    let control = || cause.downcast_ref().and_then(of_control);
    let store = || cause.downcast_ref().and_then(of_store);
    let load = || cause.downcast_ref().and_then(of_load);
    let backup = || match cause.downcast_ref()? {
        BackupError::Store(error) => of_store(error),
        _ => None,
    };
    let release = || cause.downcast_ref().and_then(of_release);
    let untrusted = || cause.downcast_ref().and_then(of_untrusted);
    promotion.or_else(control).or_else(store).or_else(load).or_else(release).or_else(untrusted).or_else(backup)
}

fn of_promotion(error: &PromoteError) -> Option<String> {
    Some(match error {
        PromoteError::Control(error) => return of_control(error),
        PromoteError::Unguarded { .. } => "`switchback guard status` says more; use --force to override".to_owned(),
        PromoteError::Harmed { .. } => "`switchback guard status` has the numbers; use --force to override".to_owned(),
        PromoteError::Silent { .. } => "use --force to override".to_owned(),
        _ => return None,
    })
}

fn of_load(error: &LoadError) -> Option<String> {
    let LoadFault::Control(error) = &error.fault else { return None };
    of_release(error)
}

fn of_release(error: &LoadReleaseError) -> Option<String> {
    match error {
        LoadReleaseError::Untrusted(untrusted) => of_untrusted(untrusted),
        LoadReleaseError::Control(error) => of_control(error),
        _ => None,
    }
}

fn of_control(error: &ControlError) -> Option<String> {
    match error {
        ControlError::Refused(refused) => of_refused(refused),
        ControlError::File { .. } => Some("`switchback load` its file again".to_owned()),
        ControlError::Store(error) => of_store(error),
        _ => None,
    }
}

fn of_refused(refused: &Refused) -> Option<String> {
    Some(match refused {
        Refused::NotLoaded(_) => "`switchback load` its file first".to_owned(),
        Refused::Older { .. } => "say --older if you mean it, or revert to it".to_owned(),
        Refused::NotFrozen(None) => "name a slot with --slot".to_owned(),
        Refused::Quarantined(release) => {
            format!("`switchback quarantine {release} --lift` first, if you know why it is safe")
        }
        Refused::Harmful { since, .. } => {
            format!("`switchback guard explain {}` has the numbers; use --force to override", since.sequence)
        }
        Refused::RolloutGoesOn { .. } => "`switchback rollout stop`".to_owned(),
        Refused::Trust(TrustRefused::KeyUnknown { .. }) => "`switchback trust list` shows its keys".to_owned(),
        Refused::Trust(TrustRefused::KeyRevoked { .. }) => "`switchback keygen`".to_owned(),
        _ => return None,
    })
}

fn of_untrusted(untrusted: &Untrusted) -> Option<String> {
    match untrusted {
        Untrusted::Unsigned => Some("`switchback sign`".to_owned()),
        Untrusted::KeyUnknown { .. } => Some("`switchback trust add`".to_owned()),
        _ => None,
    }
}

fn of_store(error: &StoreError) -> Option<String> {
    Some(match error {
        StoreError::Layout(LayoutError::NoStore(_)) => "`switchback load` makes one".to_owned(),
        StoreError::Layout(LayoutError::Gone { .. }) => {
            "`switchback history recover` begins a ledger that says so".to_owned()
        }
        StoreError::Damaged { .. } => {
            "`switchback history recover` sets it aside and starts a new one with the events \
             that can still be read"
                .to_owned()
        }
        StoreError::Unwitnessed { .. } => "put it back from a copy, or, if the ledger has all that you know of \
             (`switchback history`), `switchback history recover --go-back` begins to remember anew"
            .to_owned(),
        _ => return None,
    })
}
