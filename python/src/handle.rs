//! Handles on a runtime.

use std::ops::Deref;
use std::sync::Arc;

use pyo3::Python;
use switchback::{LocalRuntime, Runtime};

/// A handle on a runtime, as an object of Python holds it. The end of the last one waits for what is written in the background: without
/// the interpreter's lock.
#[derive(Clone)]
pub(crate) struct Handle(Arc<Held>);

/// What is let go of.
struct Held(Option<Kind>);

/// A runtime whose slots this process changes, or one that does what a store says.
enum Kind {
    Local(LocalRuntime),
    Following(Runtime),
}

impl From<LocalRuntime> for Handle {
    fn from(runtime: LocalRuntime) -> Self {
        Self(Arc::new(Held(Some(Kind::Local(runtime)))))
    }
}

impl From<Runtime> for Handle {
    fn from(runtime: Runtime) -> Self {
        Self(Arc::new(Held(Some(Kind::Following(runtime)))))
    }
}

impl Handle {
    /// The runtime, if its slots are this process's.
    pub(crate) fn local(&self) -> Option<&LocalRuntime> {
        match self.kind() {
            Kind::Local(runtime) => Some(runtime),
            Kind::Following(_) => None,
        }
    }

    #[expect(clippy::expect_used, reason = "it is taken out where the last handle ends, and nowhere else")]
    fn kind(&self) -> &Kind {
        self.0.0.as_ref().expect("a handle has a runtime")
    }
}

impl Deref for Handle {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        match self.kind() {
            Kind::Local(runtime) => runtime,
            Kind::Following(runtime) => runtime,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let runtime = self.0.take();
        // At the end of the interpreter there is no lock to let go of.
        Python::try_attach(|py| py.detach(|| drop(runtime)));
    }
}
