//! Every limit of a training, with its reason.

/// Tenths of the campaigns that are held out: what 1,000 messages leave of each label then is enough to see gross errors.
pub(crate) const HELD_OUT_TENTHS: u16 = 2;

/// Folds of the training part: each is scored by a model that has not seen it, for calibration and thresholds.
pub(crate) const FOLDS: u8 = 5;

/// The fewest campaigns of each label to learn from. With fewer, each of five folds lacks a fifth of next to nothing, and no
/// figure means anything.
pub(crate) const CAMPAIGNS_MIN: usize = 40;

/// From this ratio of the labels on a warning is given: the rarer one decides little of what is learned.
pub(crate) const RATIO_MAX: f64 = 5.0;

/// Above so many examples one fold stands for all five when the model is calibrated: it has enough messages alone.
pub(crate) const CROSS_FIT_MAX: usize = 100_000;

/// The fewest campaigns that a feature of the structure is in to be known to a model: what fewer have may name one person.
pub(crate) const STRUCTURE_CAMPAIGNS_MIN: u32 = 5;

/// The most features of the structure that a model knows, the commonest first.
pub(crate) const STRUCTURE_MAX: usize = 4_096;

/// Words that a release has names for: what they are shown for is the three that weigh most of each field.
pub(crate) const NAMED: usize = 1_000;

/// Messages whose words are looked at for that.
pub(crate) const NAMED_MESSAGES: usize = 20_000;

/// The fewest messages that a word is in to be named: what fewer have may name one person.
pub(crate) const NAMED_MESSAGES_MIN: u32 = 10;

/// Bytes of each text of a message that are kept until then.
pub(crate) const SAID_BYTES_MAX: usize = 2_048;

/// A header field that so many of one folder have, and so few of the other, tells the folders apart and not the mail.
pub(crate) const TELLING: [f64; 2] = [0.9, 0.01];

/// Bits of a place in the table of weights.
pub(crate) const BITS: u32 = 20;

/// The fewest messages of a segment to be measured by itself.
pub(crate) const SEGMENT_MIN: u64 = 5;

/// The most segments in a report.
pub(crate) const SEGMENTS_MAX: usize = 30;

/// The most messages in each list of a report: more are looked at by nobody at once.
pub(crate) const LISTED_MAX: usize = 20;

/// Words of wanted mail that are appended to spam to see what that does (Lowd and Meek, Good Word Attacks on Statistical Spam
/// Filters, CEAS 2005).
pub(crate) const GOOD_WORDS: usize = 150;

/// Wanted messages whose words are tried for that.
pub(crate) const GOOD_WORDS_MESSAGES: usize = 2_000;
