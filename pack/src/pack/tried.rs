//! Packing a release that is tried, and not handed out.

use super::output::Output;
use super::steps::answered;
use super::{Packed, Packer};
use crate::build::Build;
use crate::error::PackError;
use crate::inspect::Inspection;
use crate::progress::{Progress, Reporter, Step};

impl Packer {
    /// As [`pack`](Self::pack), for a release that is tried and not handed out, as soon as it can be had: what the model answers to its
    /// self-tests now is what the release expects, whatever the manifest says, which stays as it is.
    /// [`Packed::blessed`] has what it answers otherwise, and memory is not measured.
    ///
    /// # Errors
    /// [`PackError`], for the first step that fails.
    pub fn pack_to_try(&self, on_progress: &mut dyn FnMut(Progress<'_>)) -> Result<Packed, PackError> {
        let mut reporter = Reporter::new(on_progress);
        let build = Build::new(&self.cargo_args)?;
        let mut source = self.source()?;
        let made = self.made(build, &source, &mut reporter)?;
        let model = self.model(&made, &mut source, &mut reporter)?;
        let output = Output::create(self.out.as_deref(), &made.releases(), &source)?;
        let (manifest, changed, self_tests) = answered(&model, &source, Step::SelfTest, &mut reporter)?;
        let sealed = model.seal(&manifest)?;
        let inspection = Inspection::read(&sealed);
        let id = inspection.id.clone().ok_or_else(|| PackError::Host { why: inspection.problems.join("; ") })?;
        Ok(Packed {
            path: output.keep(&sealed)?,
            id,
            inspection,
            prepare_log: model.log,
            self_tests,
            measured: None,
            sizes: None,
            blessed: if source.are_tests_made_up() { Vec::new() } else { changed },
            timings: reporter.timings(),
        })
    }
}
