//! The cases, and their names.

use switchback_guest::Error;

/// Declares the cases once: the enumeration, its names and [`CASES`] cannot differ.
macro_rules! cases {
    ($($(#[doc = $doc:literal])+ $name:literal => $case:ident,)+) => {
        /// What a model does wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Case {
            $(#[doc = concat!("`", $name, "`: ")] $(#[doc = $doc])+ $case,)+
        }

        /// The names of all cases.
        pub const CASES: &[&str] = &[$($name),+];

        impl Case {
            /// The case of this name.
            pub(crate) fn named(name: &[u8]) -> Result<Self, Error> {
                match name.trim_ascii() {
                    $(name if name == $name.as_bytes() => Ok(Self::$case),)+
                    _ => {
                        let name = String::from_utf8_lossy(name);
                        Err(format!("{name:?} is no case of the hostile model; there are {}", CASES.join(", ")).into())
                    }
                }
            }
        }
    };
}

cases! {
    /// answers even odds at once and reads nothing. A well-behaved model: what a call costs.
    "empty" => Empty,
    /// answers with log-odds of the number of messages that this instance has scored: 1 / (1 + exp(-1)) for
    /// the first. Well-behaved, as long as every message gets a fresh instance.
    "stateful" => Stateful,
    /// logs the features, structure and facts that the host gives it, and answers with what they add up to. Well-behaved; its manifest has
    /// to declare `features` and `facts`.
    "features" => Features,
    /// abstains. Well-behaved.
    "abstain" => Abstain,
    /// returns an error.
    "error" => Error,

    /// executes `unreachable`.
    "trap" => Trap,
    /// panics, which is reported through the log and then traps.
    "panic" => Panic,
    /// panics with a text of two lines, the second as this project's command says things.
    "forge-panic" => ForgePanic,
    /// returns an error of two lines.
    "forge-error" => ForgeError,
    /// abstains on two lines.
    "forge-abstain" => ForgeAbstain,
    /// a score with a note of two lines.
    "forge-note" => ForgeNote,
    /// never returns.
    "loop" => Loop,
    /// calls itself until the stack of the sandbox is used up.
    "recurse" => Recurse,
    /// calls itself with large local variables until the stack in its own memory is used up.
    "recurse-memory" => RecurseMemory,
    /// allocates until there is no memory left.
    "grow" => Grow,
    /// logs without end.
    "log-flood" => LogFlood,
    /// prints with the SDK's macros, and scores. Well-behaved.
    "print" => Print,
    /// panics after a hundred lines of log.
    "panic-late" => PanicLate,
    /// adds a reason whose weight is not a number.
    "weight-in-sdk" => WeightInSdk,
    /// asks for the weight of a feature that has none.
    "sum-in-sdk" => SumInSdk,
    /// frees, when it is prepared, what a release must not hold. Well-behaved.
    "forget" => Forget,
    /// returns an error of 200,000 bytes.
    "long-error" => LongError,
    /// abstains with 2,000 bytes.
    "long-abstain" => LongAbstain,
    /// logs one line of a megabyte, and scores.
    "log-long" => LogLong,
    /// reads raw bytes, which its manifest should not declare.
    "read-undeclared" => ReadUndeclared,

    /// a score that is not a number.
    "nan" => Nan,
    /// a score without bounds.
    "infinite" => Infinite,
    /// a score of 2.
    "over" => Over,
    /// a score of -1.
    "under" => Under,
    /// a reason whose weight is not a number.
    "nan-weight" => NanWeight,
    /// reasons that do not add up to the score.
    "unexplained" => Unexplained,
    /// one reason more than the contract allows.
    "many-reasons" => ManyReasons,
    /// a million reasons.
    "huge-list" => HugeList,
    /// a note one byte longer than the contract allows.
    "long-note" => LongNote,
    /// a note of 16 MiB.
    "huge-note" => HugeNote,
    /// a reason whose name is one byte longer than the contract allows.
    "long-name" => LongName,
    /// a reason whose name has small letters and a line break.
    "bad-name" => BadName,
    /// a reason without a name.
    "empty-name" => EmptyName,

    /// panics when it is prepared: it cannot be packed.
    "panic-in-prepare" => PanicInPrepare,
    /// refuses to be prepared: it cannot be packed.
    "error-in-prepare" => ErrorInPrepare,
    /// never finishes being prepared: it cannot be packed.
    "loop-in-prepare" => LoopInPrepare,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_one_case() {
        for (i, name) in CASES.iter().enumerate() {
            assert!(Case::named(format!("{name}\n").as_bytes()).is_ok());
            assert!(!CASES[..i].contains(name), "{name} twice");
        }
    }
}
