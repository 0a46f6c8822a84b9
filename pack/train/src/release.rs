//! From a trained model to a release file: guest, data, card, self-tests.

use switchback::release::{Manifest, ModelName, Reads, Scale, SelfTest};
use switchback_mailgen::hand_written;
use switchback_pack::pack_new_module;

use crate::card::card;
use crate::error::TrainError;
use crate::trainer::Trained;

/// Memory that the guest asks for, beside the model: what a call takes.
const MEMORY_BYTES: u64 = 16 << 20;

impl Trained {
    /// The release, ready to be loaded: the guest that this program contains, the model, the card that the report makes, and
    /// self-tests. These are hand-written messages that everybody has, with what the model makes of them: no mail that was learned
    /// from is in a release. Takes a few seconds.
    ///
    /// # Errors
    /// If it cannot be packed, which says what is wrong.
    pub fn pack(&self, name: ModelName, version: semver::Version) -> Result<Vec<u8>, TrainError> {
        let module = switchback_guests::TRAINED.module()?;
        let mut manifest = Manifest::new(name, version, Scale::LogOdds, Reads::FEATURES)
            .description("A linear model of words and structure, trained on somebody's own mail")
            .card(card(&self.report));
        manifest.limits = manifest.limits.memory_bytes_max(MEMORY_BYTES + self.model.to_bytes().len() as u64 * 3);
        for (name, message) in hand_written() {
            manifest = manifest.self_test(SelfTest::new(*name, *message, 0.0));
        }
        let (release, _) = pack_new_module(&module, &self.model.to_bytes(), manifest)?;
        Ok(release)
    }
}
